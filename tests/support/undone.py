"""Writes that are undone, so that many cases can begin with the same records."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from enrollment.storage.database import Database


class _Undone(Exception):
    """Raised to end a transaction without a commit."""


@contextmanager
def undone(database: Database) -> Iterator[None]:
    """Undo what the `with` writes. Requests in it share one transaction, each in a savepoint."""
    with suppress(_Undone), database.write():
        yield
        raise _Undone
