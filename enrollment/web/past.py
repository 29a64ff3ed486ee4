"""A view of the past: what was true at a time, by what was known at a time."""

from datetime import timedelta

from msgspec.structs import replace

from enrollment.http.query import read_texts
from enrollment.model.queries import CensusFilter
from enrollment.model.results import Violation
from enrollment.model.types import Timestamp
from enrollment.problems.errors import Problem
from enrollment.web.visit import Visit

TIMES = ("as_of", "known_at")
NOW = CensusFilter()


def read_past(visit: Visit) -> CensusFilter:
    """Return the times in the address of a page. A day that is not over means now.

    Raises invalid_query, also for a time that is to come.
    """
    wanted = read_texts(visit.query.typed(TIMES), CensusFilter, visit.context.zone)
    now, tomorrow = Timestamp.now(), visit.words.today() + timedelta(days=1)
    later = [name for name in TIMES if (getattr(wanted, name) or "") > now]
    to_come = visit.words.day_start(tomorrow.isoformat())
    violations = [
        Violation(
            parameter=name,
            code="invalid_value",
            detail="Expected a day that is not in the future",
        )
        for name in later
        if getattr(wanted, name) >= to_come
    ]
    if violations:
        raise Problem("invalid_query", "The time is in the future.", violations)
    return replace(wanted, **dict.fromkeys(later))
