"""What a database is asked, so that a test can count it."""

from collections.abc import Iterator
from contextlib import contextmanager

from enrollment.storage.sqlite_database import SQLiteDatabase


@contextmanager
def traced(database: SQLiteDatabase) -> Iterator[list[str]]:
    """The statements that the open connections run in the `with`. A statement is there again for
    each statement of the triggers that it sets off."""
    statements: list[str] = []
    connections = [database._writer, *database._idle_readers]
    for db in connections:
        db.set_trace_callback(statements.append)
    yield statements
    for db in connections:
        db.set_trace_callback(None)
