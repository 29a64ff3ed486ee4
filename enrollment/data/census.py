"""The census of a term: how many students have each status in each of its courses."""

from typing import NamedTuple

from enrollment.data.roster import ALWAYS
from enrollment.data.term import get_term
from enrollment.model.history import Census, CensusCounts, CourseCensus
from enrollment.model.queries import CensusFilter
from enrollment.storage.queries import queries
from enrollment.storage.sqlite import Connection

SQL = queries("census")


class CourseDetails(NamedTuple):
    """What a census shows of a course beside the counts."""

    credits: float
    # Whether the course was added only after what the census knows.
    added_later: bool
    # How many students dropped it since a time.
    dropped: int


class CensusDetails(NamedTuple):
    """What a census shows beside the counts: how many students are enrolled in any course of the
    term, and the courses by id."""

    students: int
    courses: dict[int, CourseDetails]


def get_census(db: Connection, term_id: int, wanted: CensusFilter) -> Census:
    """Count the students of each course of a term, now or in the past. Raises term_not_found."""
    get_term(db, term_id)
    if wanted.as_of or wanted.known_at:
        as_of, known_at = wanted.as_of or ALWAYS, wanted.known_at or ALWAYS
        rows = SQL.list_census_as_of(db, term_id=term_id, as_of=as_of, known_at=known_at)
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


def get_census_details(
    db: Connection, term_id: int, start: str, wanted: CensusFilter
) -> CensusDetails:
    """Return the details of the same census. `start` is the time since which drops are counted."""
    if wanted.as_of or wanted.known_at:
        as_of, known_at = wanted.as_of or ALWAYS, wanted.known_at or ALWAYS
        rows = SQL.list_census_details_as_of(
            db, term_id=term_id, start=start, as_of=as_of, known_at=known_at
        )
    else:
        rows = SQL.list_census_details(db, term_id=term_id, start=start)
    courses = {
        row["course_id"]: CourseDetails(row["credits"], bool(row["added_later"]), row["dropped"])
        for row in rows
    }
    return CensusDetails(rows[0]["students"] if rows else 0, courses)
