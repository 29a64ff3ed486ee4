"""SQLite: how a connection is opened, and what its failures mean."""

import os
import sqlite3
from contextlib import suppress
from pathlib import Path

from enrollment.problems.errors import CommandError, Problem

Connection = sqlite3.Connection


Row = sqlite3.Row
# Everything that SQLite can raise.
StorageError = sqlite3.Error


SQLITE_NEEDED = (3, 39, 0)
# What a client is told of a failure of SQLite, and after how many seconds it may ask again.
DISK_FAILED = (
    "disk_failed",
    "The disk, or a limit of the service, refused a read or write.",
    60,
)


DAMAGED = ("database_damaged", "The database file is damaged.", 60)


PROBLEM_BY_RESULT_CODE: dict[int, tuple[str, str, int | None]] = {
    sqlite3.SQLITE_BUSY: (
        "database_busy",
        "Another process has locked the database for too long.",
        1,
    ),
    sqlite3.SQLITE_READONLY: (
        "database_read_only",
        "The service may not write to its database.",
        60,
    ),
    sqlite3.SQLITE_IOERR: DISK_FAILED,
    # What SQLite can't open while it works is a file for the moment.
    sqlite3.SQLITE_CANTOPEN: DISK_FAILED,
    sqlite3.SQLITE_FULL: ("disk_full", "There is no space left on the disk.", None),
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_NOTADB: DAMAGED,
}


# After these, the next write will hardly fare better.
DISK_CODES = frozenset(
    {
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY,
    }
)


def connect(path: Path, busy_timeout: float, *, create: bool = False) -> Connection:
    """A connection in autocommit mode: transactions are begun and ended by name, by us alone."""
    if sqlite3.sqlite_version_info < SQLITE_NEEDED:
        needed = ".".join(map(str, SQLITE_NEEDED))
        raise CommandError(f"SQLite {needed} or newer is needed, this is {sqlite3.sqlite_version}")
    if create:
        # Whoever is in what is no one else's business; what SQLite adds has the same mode. Where
        # this fails, SQLite says why.
        with suppress(OSError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    uri = f"{path.absolute().as_uri()}?mode={'rwc' if create else 'rw'}"
    db = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    db.row_factory = Row
    try:
        # The timeout stands first, so that it holds for the pragmas that take locks themselves.
        db.execute(f"PRAGMA busy_timeout = {round(busy_timeout * 1000)}")
        (mode,) = db.execute("PRAGMA journal_mode = WAL").fetchone()
        if mode != "wal":
            raise sqlite3.OperationalError(f"the journal mode is {mode}, not wal")
        # FULL: a commit is on disk before it is acknowledged (https://www.sqlite.org/pragma.html#pragma_synchronous).
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("PRAGMA trusted_schema = OFF")
        # So many pages (16 MB) gather in the log before they are brought into the file, which takes
        # two more waits for the disk.
        db.execute("PRAGMA wal_autocheckpoint = 4000")
        # What a query holds for itself is held in memory, and needs no room on a disk.
        db.execute("PRAGMA temp_store = MEMORY")
        # So many KiB of pages are kept: else each request reads its own from the file.
        db.execute("PRAGMA cache_size = -16000")
    except BaseException:
        db.close()
        raise
    return db


def problem_of(code: int) -> Problem:
    """Return the problem that a primary result code of SQLite becomes."""
    name, detail, seconds = PROBLEM_BY_RESULT_CODE[code]
    return Problem(name, detail, headers={"Retry-After": str(seconds)} if seconds else None)


def sqlite_version() -> str:
    """Return the version of SQLite that runs here."""
    return sqlite3.sqlite_version


def may_lose_commits() -> bool:
    """Whether this SQLite can lose a commit when several connections write and checkpoint at once
    (https://www.sqlite.org/wal.html#walresetbug)."""
    version = sqlite3.sqlite_version_info
    return version < (3, 51, 3) and version not in ((3, 50, 7), (3, 44, 6))


def primary_code(error: BaseException | None) -> int:
    """Return SQLite's primary result code (https://www.sqlite.org/rescode.html), or 0."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF


def check_writable(db: Connection, path: Path) -> None:
    """Raise CommandError if SQLite could open the file, or its log, only to read: it does so
    silently, and never tries again."""
    try:
        db.execute("BEGIN IMMEDIATE")
        try:
            (version,) = db.execute("PRAGMA user_version").fetchone()
            db.execute(f"PRAGMA user_version = {version}")
        finally:
            if db.in_transaction:
                db.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        if primary_code(error) == sqlite3.SQLITE_READONLY:
            raise CommandError(f"{path} can be read, but not written to") from error
        # Only a file that can be written to is locked by another process.
        if primary_code(error) != sqlite3.SQLITE_BUSY:
            raise
