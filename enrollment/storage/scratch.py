"""A scratch database: it is empty, only this process can read it, and it is gone when closed."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from enrollment.storage.connection import Connection, failure
from enrollment.storage.sqlite import DISK_CODES, PROBLEM_BY_RESULT_CODE, primary_code


@contextmanager
def scratch() -> Iterator[Connection]:
    """Open a scratch database in a transaction. What does not fit in its cache is in a file without
    a name (https://www.sqlite.org/inmemorydb.html#temp_db). Threads may use it in turns.

    Raises disk_full and disk_failed, with the folder of that file: the disk of the database may
    have room.
    """
    with closing(sqlite3.connect("", isolation_level=None, check_same_thread=False)) as db:
        db.row_factory = sqlite3.Row
        try:
            db.execute("PRAGMA temp_store = FILE")
            db.execute("BEGIN")
            yield db
        except sqlite3.Error as error:
            result = primary_code(error)
            if result not in DISK_CODES:
                raise
            is_full = result == sqlite3.SQLITE_FULL
            reason = "is full" if is_full else "can't be written to"
            code, _, seconds = PROBLEM_BY_RESULT_CODE[result]
            detail = f"The folder of temporary files, {_folder()}, {reason} (TMPDIR names another)."
            raise failure(code, detail, seconds) from error


def _folder() -> str:
    """Return where SQLite puts temporary files (https://www.sqlite.org/tempfiles.html)."""
    variables = (os.environ.get(name) for name in ("SQLITE_TMPDIR", "TMPDIR"))
    folders = (*variables, "/var/tmp", "/usr/tmp", "/tmp")
    usable = (name for name in folders if name and os.access(name, os.W_OK | os.X_OK))
    return next(usable, ".")
