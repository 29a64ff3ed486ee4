"""/terms/{id}/census: how many students each course of a term has, or had."""

from typing import NamedTuple

from enrollment.data.census import CensusLine, list_census_lines
from enrollment.data.term import get_term
from enrollment.exchange.lists import CENSUS, ListFormat, list_file
from enrollment.http.download import download
from enrollment.http.operation import READERS, Operation
from enrollment.http.responses import Result
from enrollment.model.queries import CensusFilter
from enrollment.model.records import Term
from enrollment.model.types import Timestamp
from enrollment.problems.errors import Problem
from enrollment.web.downloads import file_pages
from enrollment.web.past import NOW, TIMES, read_past
from enrollment.web.visit import Visit
from enrollment.web.words import link


class Count(NamedTuple):
    """A census in lines, the sum of them, and how many different students are enrolled or have
    completed a course."""

    lines: list[CensusLine]
    total: CensusLine
    students: int


def show_census(visit: Visit, term_id: int) -> Result:
    """Show the census of a term, now or in the past, with the difference to today."""
    term = get_term(visit.db, term_id)
    problem, wanted = None, NOW
    try:
        wanted = read_past(visit)
    except Problem as refusal:
        problem = refusal
    is_past = wanted != NOW
    census = _count(visit, term, wanted)
    now = str(Timestamp.now())
    # What is recorded later is not known in an address with both times.
    kept = {name: str(getattr(wanted, name) or now) for name in TIMES}
    is_kept = all(getattr(wanted, name) for name in TIMES)
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
    term = get_term(visit.db, term_id)
    census = _count(visit, term, read_past(visit))
    rows = (line._asdict() for line in census.lines)
    return download(*list_file(CENSUS, rows, kind, visit.context.zone, term.code))


def _count(visit: Visit, term: Term, wanted: CensusFilter) -> Count:
    """Count the term."""
    start = visit.words.day_start(term.start_on)
    lines, students = list_census_lines(visit.db, term.id, start, wanted)
    total = CensusLine(
        course_id=0,
        label="",
        code="",
        section=None,
        title="",
        credits=sum(line.credits for line in lines),
        enrolled=sum(line.enrolled for line in lines),
        waitlisted=sum(line.waitlisted for line in lines),
        completed=sum(line.completed for line in lines),
        dropped=sum(line.dropped for line in lines),
    )
    return Count(lines, total, students)


ONE = "/terms/<term_id:id>/census"
PAGES = (
    Operation("GET", ONE, READERS, show_census),
    *file_pages(ONE, download_census),
)
