"""A file that this process does not serve: how to read it, check it, copy it, and empty its log."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from itertools import islice
from pathlib import Path

from enrollment.problems.errors import CommandError
from enrollment.storage.connection import Connection
from enrollment.storage.lock import Purpose, lock_file
from enrollment.storage.sqlite import describe, is_full, primary_code

MOST_CORRUPTIONS = 10


@contextmanager
def open_plainly(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a connection with the defaults of SQLite."""
    with _uri(path, "rw") as uri, closing(sqlite3.connect(uri, uri=True, timeout=1)) as db:
        yield db


@contextmanager
def open_to_read(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a connection that can only read, and read what is there at the first query. Raises
    CommandError if the file can't be read."""
    try:
        with _uri(path, "ro") as uri, closing(sqlite3.connect(uri, uri=True)) as db:
            db.row_factory = sqlite3.Row
            db.execute("PRAGMA query_only = ON")
            db.execute("BEGIN")
            yield db
    except sqlite3.DatabaseError as error:
        raise CommandError(f"{path} can't be read: {describe(error, path)}") from error


def list_corruptions(db: Connection) -> list[str]:
    """Return a sentence for each corruption of the file, at most so many of each kind
    (https://www.sqlite.org/pragma.html#pragma_integrity_check)."""
    reports = db.execute(f"PRAGMA integrity_check({MOST_CORRUPTIONS})").fetchall()
    damages = [report for (report,) in reports if report != "ok"]
    return [*damages, *islice(missing_references(db), MOST_CORRUPTIONS)]


def missing_references(db: Connection) -> Iterator[str]:
    """Return a sentence for each reference to a row that does not exist
    (https://www.sqlite.org/pragma.html#pragma_foreign_key_check)."""
    for table, _, parent, _ in db.execute("PRAGMA foreign_key_check"):
        yield f"a row of {table} refers to a row of {parent} that is missing"


@contextmanager
def _uri(path: Path, mode: str) -> Iterator[str]:
    """Return the URI of a file to be opened by SQLite, in this mode if the file has a log.

    Without one, SQLite makes a log and an index, and removes them if it may write. If it may not,
    they would stay, with the mode of the file, and no one could write to them later. So it makes
    none then (https://www.sqlite.org/wal.html#read_only_databases). On a full disk there is no room
    for them, so it makes none either, if no one can begin to write meanwhile.
    """
    real = path.resolve()
    log = Path(f"{real}-wal")
    if not log.exists():
        may_write = os.access(real, os.W_OK) and os.access(real.parent, os.W_OK)
        mode = "rw" if may_write else "ro&immutable=1"
    with ExitStack() as stack:
        if is_full(path) and not (log.exists() and log.stat().st_size):
            with suppress(CommandError):
                stack.enter_context(lock_file(path, Purpose.FREEZE))
                mode = "ro&immutable=1"
        yield f"{path.absolute().as_uri()}?mode={mode}"


def copy(source: Path, target: Path) -> None:
    """Copy a database, even while it is served, to one consistent file
    (https://www.sqlite.org/backup.html).

    Raises CommandError if the source does not exist or can't be copied.
    """
    if not source.exists():
        raise CommandError(f"{source} does not exist")
    with open_to_read(source) as db:
        try:
            with closing(sqlite3.connect(target.absolute())) as to:
                db.backup(to)
                # Otherwise a -wal and a -shm would appear beside the copy when it is read.
                to.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.Error as error:
            raise CommandError(f"{source} can't be copied: {error}") from error


def bring_in_log(database: Path) -> None:
    """Copy the write-ahead log that a crash has left into its database. If SQLite can't, print why.

    Raises CommandError if another program has the database open.
    """
    try:
        with closing(sqlite3.connect(database, timeout=1)) as db:
            # Leaving WAL mode copies the log. It fails if another program has the database open.
            db.execute("PRAGMA journal_mode = DELETE").fetchone()
    except sqlite3.DatabaseError as error:
        if primary_code(error) == sqlite3.SQLITE_BUSY:
            raise CommandError(f"{database} is in use by another program") from error
        print(f"{database} is kept as it is: {error}")
