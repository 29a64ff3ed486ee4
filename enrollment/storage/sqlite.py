"""SQLite: how a connection is opened, and which problem each of its failures becomes."""

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from enrollment.problems.errors import CommandError, Problem
from enrollment.storage.connection import BUSY, DISK_FULL, READ_ONLY, Failure, failure
from enrollment.storage.files import SUFFIXES

# Everything that SQLite can raise.
StorageError = sqlite3.Error

SQLITE_NEEDED = (3, 39, 0)
# In bytes. With less space on its disk, the next write may not fit.
MIN_FREE_SPACE = 1024 * 1024
# The problem that a failure of SQLite becomes.
DISK_FAILED = ("disk_failed", "The disk, or a limit of the service, refused a read or write.", 60)
DAMAGED = ("database_damaged", "The database file is damaged.", 60)
PROBLEM_BY_RESULT_CODE: dict[int, Failure] = {
    sqlite3.SQLITE_BUSY: BUSY,
    sqlite3.SQLITE_READONLY: READ_ONLY,
    sqlite3.SQLITE_IOERR: DISK_FAILED,
    # The database itself is open already, so this is a file that SQLite needs for a short time.
    sqlite3.SQLITE_CANTOPEN: DISK_FAILED,
    sqlite3.SQLITE_FULL: DISK_FULL,
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_NOTADB: DAMAGED,
}
# After one of these, the next write will probably fail too.
DISK_CODES = {
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
}


def connect(path: Path, busy_timeout: float, *, create: bool = False) -> sqlite3.Connection:
    """Open a connection in autocommit mode: sqlite3 begins no transaction by itself.

    Raises CommandError if SQLite is too old, and StorageError if the file can't be opened.
    """
    if sqlite3.sqlite_version_info < SQLITE_NEEDED:
        needed = ".".join(map(str, SQLITE_NEEDED))
        raise CommandError(f"SQLite {needed} or newer is needed, this is {sqlite3.sqlite_version}")
    if create:
        # The data is private, so no other user may read the file. SQLite gives the same mode to the
        # files that it adds. If this fails, SQLite raises the reason below.
        with suppress(OSError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    uri = f"{path.absolute().as_uri()}?mode={'rwc' if create else 'rw'}"
    db = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    db.row_factory = sqlite3.Row
    try:
        # The timeout comes first: the next pragma may have to wait for a lock.
        db.execute(f"PRAGMA busy_timeout = {round(busy_timeout * 1000)}")
        (mode,) = db.execute("PRAGMA journal_mode = WAL").fetchone()
        if mode != "wal":
            raise sqlite3.OperationalError(f"the journal mode is {mode}, not wal")
        # FULL: a commit is on disk before it is acknowledged (https://www.sqlite.org/pragma.html#pragma_synchronous).
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("PRAGMA trusted_schema = OFF")
        # A checkpoint waits for the disk twice more. It begins at so many pages in the log (16 MB).
        db.execute("PRAGMA wal_autocheckpoint = 4000")
        # Queries keep their temporary data in memory, and need no space on a disk.
        db.execute("PRAGMA temp_store = MEMORY")
        # In KiB (negative): a large cache, so that a request need not read pages from the file.
        db.execute("PRAGMA cache_size = -16000")
    except BaseException:
        db.close()
        raise
    return db


def split_statements(script: str) -> Iterator[str]:
    """Return each statement of a script. A trigger is one, whatever is in it
    (https://www.sqlite.org/c3ref/complete.html)."""
    start = 0
    for semicolon in re.finditer(";", script):
        if sqlite3.complete_statement(script[start : semicolon.end()]):
            yield script[start : semicolon.end()]
            start = semicolon.end()


def problem_of(code: int) -> Problem:
    """Return the problem that a primary result code becomes, one of PROBLEM_BY_RESULT_CODE."""
    return failure(*PROBLEM_BY_RESULT_CODE[code])


def primary_code(error: BaseException | None) -> int:
    """Return SQLite's primary result code (https://www.sqlite.org/rescode.html), or 0."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF


def is_full(path: Path) -> bool:
    """Whether a write may not fit on the disk of a file that exists."""
    if not path.exists():
        return False
    disk = os.statvfs(path)
    return disk.f_bavail * disk.f_frsize < MIN_FREE_SPACE


def describe(error: Exception, path: Path) -> str:
    """Return what a failure is. SQLite calls a full disk an I/O error if its index does not fit."""
    return "its disk is full" if primary_code(error) in DISK_CODES and is_full(path) else str(error)


def unwritable(path: Path) -> Iterator[Path]:
    """Return which of the files of a database this user may not write to, and its folder, unless
    the log that SQLite would make there exists."""
    real = path.resolve()
    files = [path, *(Path(f"{real}{suffix}") for suffix in SUFFIXES[1:])]
    existing = [file for file in files if os.path.lexists(file)]
    for file in existing if files[1] in existing else (*existing, real.parent):
        if not os.access(file, os.W_OK):
            yield file


def check_readable(path: Path) -> None:
    """Raise CommandError if this user may not read a file that exists."""
    if not os.access(path, os.R_OK):
        raise CommandError(f"{path} may not be read")


def check_writable(path: Path) -> None:
    """Raise CommandError if this user may not write to a database.

    Call it before SQLite opens the file. SQLite would make a log that belongs to this user, and the
    owner of the file could not write to it later. And it would open the file to be read, silently.
    """
    at_fault = next(unwritable(path), None)
    if at_fault:
        which = "" if at_fault == path else f", since this user may not write to {at_fault}"
        raise CommandError(f"{path} can be read, but not written to{which}")
