"""Numbers of the whole school, for those who watch over the service."""

from enrollment.model.types import Timestamp
from enrollment.storage.queries import queries
from enrollment.storage.sqlite import Connection, Row

SQL = queries("metrics")


def get_seats(db: Connection, at: Timestamp) -> dict[str, int]:
    """Capacity, taken and waitlisted, of the open courses whose term has not ended."""
    return dict(SQL.get_seats(db, at=at))


def list_changes(db: Connection, after: int) -> list[Row]:
    """How many enrolments went from which status to which, after this event."""
    rows: list[Row] = SQL.list_changes(db, after_id=after)
    return rows
