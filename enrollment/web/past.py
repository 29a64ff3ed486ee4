"""A view of the past: what was true at a time, by what was known at a time."""

from msgspec.structs import replace

from enrollment.http.query import read_texts
from enrollment.model.queries import CensusFilter
from enrollment.model.types import Timestamp
from enrollment.web.visit import Visit

TIMES = ("as_of", "known_at")
NOW = CensusFilter()


def read_past(visit: Visit) -> CensusFilter:
    """Return the times in the address of a page. A day that is not over means now.

    Raises invalid_query, time_in_future.
    """
    wanted = read_texts(visit.query.typed(TIMES), CensusFilter, visit.context.zone)
    now = Timestamp.now()
    later = [name for name in TIMES if (getattr(wanted, name) or "") > now]
    return replace(wanted, **dict.fromkeys(later))
