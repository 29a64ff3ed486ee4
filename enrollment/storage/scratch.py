"""A scratch database: it is empty, only this process can read it, and it is gone when closed."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from enrollment.storage.connection import Connection


@contextmanager
def scratch() -> Iterator[Connection]:
    """Open a scratch database in a transaction. What does not fit in its cache is in a file without
    a name (https://www.sqlite.org/inmemorydb.html#temp_db). Threads may use it in turns."""
    with closing(sqlite3.connect("", isolation_level=None, check_same_thread=False)) as db:
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA temp_store = FILE")
        db.execute("BEGIN")
        yield db
