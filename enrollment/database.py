"""Connections, transactions and named queries: the seam on which another engine would stand."""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import aiosql
import msgspec
from aiosql.adapters.sqlite3 import SQLite3Adapter

from enrollment.errors import CommandError, Problem

Connection = sqlite3.Connection
Row = sqlite3.Row

SQLITE_NEEDED = (3, 39, 0)
# With less room on its disk, in bytes, a database may not take the next write.
NO_ROOM = 1024 * 1024
UNDO_SAVEPOINT = "ROLLBACK TO write; RELEASE write"
# What a client is told of a failure of SQLite, and after how many seconds it may ask again.
DISK_FAILED = (
    "disk_failed",
    "The disk, or a limit of the service on it, refuses what the database needs.",
    60,
)
DAMAGED = ("database_damaged", "The file of the database is damaged.", 60)
TOLD: dict[int, tuple[str, str, int | None]] = {
    sqlite3.SQLITE_BUSY: (
        "database_busy",
        "The database was locked for too long by another process.",
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
    sqlite3.SQLITE_FULL: ("disk_full", "There is no room left to write to.", None),
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_NOTADB: DAMAGED,
}

T = TypeVar("T")


def folder(name: str) -> Path:
    """Where `sql` or `migrations` lies: inside the package in a wheel, beside it in a checkout."""
    inside = Path(__file__).parent / name
    return inside if inside.is_dir() else Path(__file__).parents[1] / name


class _Adapter(SQLite3Adapter):
    """Reads all rows of a query at once: one that is read lazily lasts longer than is seen."""

    def select(self, conn, query_name, sql, parameters, record_class=None):  # type: ignore
        return conn.execute(sql, parameters).fetchall()

    def select_one(self, conn, query_name, sql, parameters, record_class=None):  # type: ignore
        return conn.execute(sql, parameters).fetchone()


def queries(subject: str) -> Any:
    """The named queries of `sql/<subject>.sql`: functions of a connection and their parameters."""
    return aiosql.from_path(folder("sql") / f"{subject}.sql", _Adapter)


def as_json(value: Any) -> str:
    """How a list is bound, for SQLite's json_each."""
    return msgspec.json.encode(value, enc_hook=str).decode()


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


class _Turn:
    """A connection that threads take in turn."""

    def __init__(self, db: Connection) -> None:
        self.db = db
        self.lock = threading.Lock()


class _Own(threading.local):
    """What a thread has now: a turn, and whether it writes."""

    turn: _Turn | None = None
    writes = False


class Database:
    """One SQLite file, for any number of threads. Who writes takes the main connection; who reads
    takes it too while it is free, and else a spare one: so no read waits for a write."""

    def __init__(self, path: Path, busy_timeout: float) -> None:
        self._main = _Turn(connect(path, busy_timeout))
        self._spare = _Turn(connect(path, busy_timeout))
        self._own = _Own()
        self.is_written_to = False
        self._path = path
        self._identity = _identity(path)

    def close(self) -> None:
        # The last one to be closed empties the write-ahead log.
        self._spare.db.close()
        self._main.db.close()

    def wait_no_more(self) -> None:
        """From now on, fail at once where another process has locked the file."""
        for turn in (self._main, self._spare):
            turn.db.execute("PRAGMA busy_timeout = 0")

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """All queries of one `with` see one state of the data; in a write, that of the write."""
        if self._own.turn:
            yield self._own.turn.db
            return
        turn = self._main
        if not turn.lock.acquire(blocking=False):
            turn = self._spare
            turn.lock.acquire()
        self._own.turn = turn
        try:
            with _transaction(turn.db, "BEGIN", "COMMIT", "ROLLBACK"):
                yield turn.db
        finally:
            self._own.turn = None
            turn.lock.release()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Commit on return, undo on any exception; inside another write, a savepoint of it. Raises
        database_moved: what is written to a file without its name is lost with the process.

        IMMEDIATE takes the write lock at once: a transaction that begins as a reader can't wait
        for it (https://www.sqlite.org/rescode.html#busy_snapshot). So a write never begins inside
        a read.
        """
        own, db = self._own, self._main.db
        if own.writes:
            with _transaction(db, "SAVEPOINT write", "RELEASE write", UNDO_SAVEPOINT):
                yield db
            return
        if own.turn:
            raise RuntimeError("a write can't begin inside a read")
        with self._main.lock:
            self._require_file()
            own.turn, own.writes, self.is_written_to = self._main, True, True
            try:
                with _transaction(db, "BEGIN IMMEDIATE", "COMMIT", "ROLLBACK"):
                    yield db
            finally:
                own.turn, own.writes, self.is_written_to = None, False, False

    def _require_file(self) -> None:
        if _identity(self._path) != self._identity:
            detail = "The file of the database has been moved, replaced or removed."
            raise Problem("database_moved", detail, headers={"Retry-After": "60"})

    def require_room(self) -> None:
        """Raises database_moved; disk_full where the next write may not fit, before one fails."""
        self._require_file()
        disk = os.statvfs(self._path)
        if disk.f_bavail * disk.f_frsize < NO_ROOM:
            raise _told(sqlite3.SQLITE_FULL)

    def write_together(self, acts: Sequence[Callable[[], T]]) -> list[T | Exception]:
        """What each act returns, or the exception that it raised. The acts may all write: they do
        it in one transaction, and so with one wait for the disk, each in a savepoint of it.

        If an act raises, or the transaction fails, all of it is undone, and each act is done again
        alone, in a transaction of its own: then one that fails, fails alone.
        """
        if len(acts) > 1:
            with suppress(Exception), self.write() as db:
                results: list[T | Exception] = []
                for act in acts:
                    results.append(act())
                    if not db.in_transaction:
                        raise sqlite3.OperationalError("SQLite has undone the transaction")
                return results
        return [_outcome(act) for act in acts]


def _outcome(act: Callable[[], T]) -> T | Exception:
    try:
        return act()
    except Exception as error:
        return error


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file it is, whatever its name."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


@contextmanager
def _transaction(db: Connection, begin: str, commit: str, undo: str) -> Iterator[None]:
    try:
        db.execute(begin)
        try:
            yield
            db.execute(commit)
        except BaseException:
            # SQLite undoes some failed transactions by itself, a full disk's for one.
            if db.in_transaction:
                for statement in undo.split(";"):
                    db.execute(statement)
            raise
    except sqlite3.DatabaseError as error:
        primary_code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if primary_code in TOLD:
            raise _told(primary_code) from error
        raise


def _told(code: int) -> Problem:
    name, detail, seconds = TOLD[code]
    return Problem(name, detail, headers={"Retry-After": str(seconds)} if seconds else None)
