"""/terms/{id}/census: how many students each course of a term has, or had."""

from http import HTTPStatus
from typing import NamedTuple

from enrollment.data.census import get_census, get_census_details
from enrollment.data.term import get_term
from enrollment.exchange.lists import CENSUS, ListFormat
from enrollment.http.authentication import READERS
from enrollment.http.operation import Operation
from enrollment.http.query import read_query
from enrollment.http.responses import Result
from enrollment.model.queries import CensusFilter
from enrollment.model.records import Term
from enrollment.model.types import Timestamp
from enrollment.problems.errors import Problem
from enrollment.web.downloads import file_pages, list_file
from enrollment.web.refusal import codes_of
from enrollment.web.visit import Visit
from enrollment.web.words import Words, link

TIMES = ("as_of", "known_at")
NOW = CensusFilter()


class Line(NamedTuple):
    """One course of a census; or all of them together."""

    course_id: int
    code: str
    section: str | None
    label: str
    title: str
    enrolled: int
    waitlisted: int
    # Since the first day of the term.
    dropped: int
    # Those of the course for each student who is enrolled.
    credits: float


class Count(NamedTuple):
    """A census in lines, the sum of them, and how many different students are enrolled."""

    lines: list[Line]
    total: Line
    students: int


def show_census(visit: Visit, term_id: int) -> Result:
    """Show the census of a term, now or in the past, with the difference to today."""
    term = get_term(visit.db, term_id)
    problem, wanted = None, NOW
    try:
        wanted = _wanted(visit)
    except Problem as refusal:
        problem = refusal
        visit.context.refusals = codes_of(problem)
    is_past = wanted != NOW
    census = count_term(visit, term, wanted)
    now = str(Timestamp.now())
    # What is recorded later is not known in an address with both times, unless one is to come.
    kept = {name: str(getattr(wanted, name) or now) for name in TIMES}
    is_kept = all(getattr(wanted, name) for name in TIMES) and kept["known_at"] <= now
    return visit.page(
        "census",
        HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK,
        term=term,
        wanted=wanted,
        census=census,
        today=count_term(visit, term, NOW) if is_past else None,
        typed={name: visit.query.one(name) for name in TIMES},
        errors={reason.parameter: reason.detail for reason in problem.violations}
        if problem
        else {},
        kept="" if is_kept else link(f"/terms/{term_id}/census", **kept),
    )


def download_census(visit: Visit, term_id: int, kind: ListFormat) -> Result:
    """The same lines as a file."""
    census = count_term(visit, get_term(visit.db, term_id), _wanted(visit))
    rows = (line._asdict() for line in census.lines)
    return list_file(CENSUS, rows, kind)


def _wanted(visit: Visit) -> CensusFilter:
    """Read the times. Raises invalid_query."""
    given = {name: visit.query.one(name) for name in TIMES}
    query = {"QUERY_STRING": link("", **given).removeprefix("?")}
    return read_query(query, CensusFilter, visit.context.zone)


def count_term(visit: Visit, term: Term, wanted: CensusFilter) -> Count:
    """Count with the function that the API counts with."""
    census = get_census(visit.db, term.id, wanted)
    start = Words(visit.site.config.time_zone).day_start(term.start_on)
    details = get_census_details(visit.db, term.id, start, wanted)
    lines = []
    for course in census.items:
        about = details.courses[course.course_id]
        if not about.added_later:
            lines.append(
                Line(
                    course_id=course.course_id,
                    code=course.code,
                    section=course.section,
                    label=course.label,
                    title=course.title,
                    enrolled=course.enrolled,
                    waitlisted=course.waitlisted,
                    dropped=about.dropped,
                    credits=about.credits * course.enrolled,
                )
            )
    total = Line(
        course_id=0,
        code="",
        section=None,
        label="",
        title="",
        enrolled=census.totals.enrolled,
        waitlisted=census.totals.waitlisted,
        dropped=sum(line.dropped for line in lines),
        credits=sum(line.credits for line in lines),
    )
    return Count(lines, total, details.students)


ONE = "/terms/<term_id:id>/census"
PAGES = (
    Operation("GET", ONE, READERS, show_census, is_page=True),
    *file_pages(ONE, download_census),
)
