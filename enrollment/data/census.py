"""The census of a term: how many students have each status in each of its courses."""

from typing import NamedTuple

from enrollment.data.roster import is_past, times
from enrollment.data.term import get_term
from enrollment.model.history import Census, CensusCounts, CourseCensus
from enrollment.model.queries import CensusFilter
from enrollment.storage.connection import Connection
from enrollment.storage.queries import queries

SQL = queries("census")


class CensusLine(NamedTuple):
    """What the page of a census shows of a course."""

    course_id: int
    label: str
    code: str
    section: str | None
    title: str
    # Those of all students together who are enrolled or have completed it.
    credits: float
    enrolled: int
    waitlisted: int
    completed: int
    # How many students dropped it since a time.
    dropped: int


def get_census(db: Connection, term_id: int, wanted: CensusFilter) -> Census:
    """Count the students of each course of a term, now or in the past. A course that was added
    after `known_at` is left out. Raises term_not_found."""
    get_term(db, term_id)
    if is_past(wanted):
        rows = SQL.list_census_as_of(db, term_id=term_id, **times(wanted))
    else:
        rows = SQL.list_census(db, term_id=term_id)
    items = [CourseCensus(**row) for row in rows]
    totals = CensusCounts(
        enrolled=sum(course.enrolled for course in items),
        waitlisted=sum(course.waitlisted for course in items),
        completed=sum(course.completed for course in items),
        dropped=sum(course.dropped for course in items),
    )
    return Census(
        term_id=term_id,
        as_of=wanted.as_of and str(wanted.as_of),
        known_at=wanted.known_at and str(wanted.known_at),
        items=items,
        totals=totals,
    )


def list_census_lines(
    db: Connection, term_id: int, start: str, wanted: CensusFilter
) -> tuple[list[CensusLine], int]:
    """Return the lines of the same census, and how many students are enrolled in any course or have
    completed one. `start` is the time since which drops are counted."""
    if is_past(wanted):
        rows = SQL.list_census_lines_as_of(db, term_id=term_id, start=start, **times(wanted))
    else:
        rows = SQL.list_census_lines(db, term_id=term_id, start=start)
    return [CensusLine(*line) for *line, _ in rows], rows[0]["students"] if rows else 0
