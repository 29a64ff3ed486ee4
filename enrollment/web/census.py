"""/terms/{id}/census: how many students each course of a term has, or had."""

from typing import NamedTuple

from enrollment.data.census import CensusLine, list_census_lines
from enrollment.data.term import get_term
from enrollment.exchange.lists import CENSUS, ListFormat
from enrollment.http.authentication import READERS
from enrollment.http.operation import Operation
from enrollment.http.query import read_texts
from enrollment.http.responses import Result
from enrollment.model.queries import CensusFilter
from enrollment.model.records import Term
from enrollment.model.types import Timestamp
from enrollment.problems.errors import Problem
from enrollment.web.downloads import file_pages, list_file
from enrollment.web.visit import Visit
from enrollment.web.words import link

TIMES = ("as_of", "known_at")
NOW = CensusFilter()


class Count(NamedTuple):
    """A census in lines, the sum of them, and how many different students are enrolled."""

    lines: list[CensusLine]
    total: CensusLine
    students: int


def show_census(visit: Visit, term_id: int) -> Result:
    """Show the census of a term, now or in the past, with the difference to today."""
    term = get_term(visit.db, term_id)
    problem, wanted = None, NOW
    try:
        wanted = _wanted(visit)
    except Problem as refusal:
        problem = refusal
    is_past = wanted != NOW
    census = _count(visit, term, wanted)
    now = str(Timestamp.now())
    # What is recorded later is not known in an address with both times, unless one is to come.
    kept = {name: str(getattr(wanted, name) or now) for name in TIMES}
    is_kept = all(getattr(wanted, name) for name in TIMES) and kept["known_at"] <= now
    return visit.page(
        "census",
        problem,
        term=term,
        wanted=wanted,
        census=census,
        today=_count(visit, term, NOW) if is_past else None,
        typed=visit.query.typed(TIMES),
        errors={reason.parameter: reason.detail for reason in problem.violations}
        if problem
        else {},
        kept="" if is_kept else link(f"/terms/{term_id}/census", **kept),
    )


def download_census(visit: Visit, term_id: int, kind: ListFormat) -> Result:
    """The same lines as a file."""
    census = _count(visit, get_term(visit.db, term_id), _wanted(visit))
    rows = (line._asdict() for line in census.lines)
    return list_file(CENSUS, rows, kind)


def _wanted(visit: Visit) -> CensusFilter:
    """Read the times. Raises invalid_query."""
    return read_texts(visit.query.typed(TIMES), CensusFilter, visit.context.zone)


def _count(visit: Visit, term: Term, wanted: CensusFilter) -> Count:
    """Count the term. The credits are those of all students of a course together."""
    start = visit.words.day_start(term.start_on)
    listed, students = list_census_lines(visit.db, term.id, start, wanted)
    lines = [line._replace(credits=line.credits * line.enrolled) for line in listed]
    total = CensusLine(
        course_id=0,
        label="",
        code="",
        section=None,
        title="",
        credits=sum(line.credits for line in lines),
        enrolled=sum(line.enrolled for line in lines),
        waitlisted=sum(line.waitlisted for line in lines),
        dropped=sum(line.dropped for line in lines),
    )
    return Count(lines, total, students)


ONE = "/terms/<term_id:id>/census"
PAGES = (
    Operation("GET", ONE, READERS, show_census, is_page=True),
    *file_pages(ONE, download_census),
)
