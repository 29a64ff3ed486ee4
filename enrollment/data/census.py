"""The census of a term: how many students have each status in each of its courses."""

from enrollment.data.roster import ALWAYS
from enrollment.data.term import get_term
from enrollment.model.history import Census, CensusCounts, CourseCensus
from enrollment.model.queries import CensusFilter
from enrollment.storage.queries import queries
from enrollment.storage.sqlite import Connection

SQL = queries("census")


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
