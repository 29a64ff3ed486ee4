"""Numbers of the whole school, for the metrics."""

from enrollment.storage.connection import Connection, Row
from enrollment.storage.queries import queries

SQL = queries("metrics")


def get_seats(db: Connection, today: str) -> dict[str, int]:
    """Return the seats (capacity, taken, waitlisted) of open courses whose term has not ended.

    `today` is the date at the school.
    """
    return dict(SQL.get_seats(db, today=today))


def list_changes(db: Connection, after: int) -> list[Row]:
    """Count the changes after this event by the status before and after."""
    rows: list[Row] = SQL.list_changes(db, after_id=after)
    return rows
