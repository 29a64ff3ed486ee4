"""Connections, transactions and named queries: the seam on which another engine would stand."""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import aiosql
import msgspec
from aiosql.adapters.sqlite3 import SQLite3Adapter

from enrollment.errors import Problem
from enrollment.files import Files
from enrollment.sqlite import DISK, TOLD, connect, require_writable, told

Connection = sqlite3.Connection
Row = sqlite3.Row

# With less room on its disk, in bytes, a database may not take the next write.
NO_ROOM = 1024 * 1024
UNDO_SAVEPOINT = "ROLLBACK TO write; RELEASE write"
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
        """Raises CommandError if the file can't be written to."""
        self._main = _Turn(connect(path, busy_timeout))
        self._spare = _Turn(connect(path, busy_timeout))
        self._own = _Own()
        self.is_written_to = False
        # What SQLite said of the disk when the last write failed for it.
        self._failed_for: int | None = None
        require_writable(self._main.db, path)
        self._files = Files(path)

    def close(self) -> None:
        # The last one to be closed empties the write-ahead log.
        self._spare.db.close()
        self._main.db.close()
        self._files.close()

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
        database_moved.

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
            self._require_names()
            own.turn, own.writes, self.is_written_to = self._main, True, True
            changes = db.total_changes
            try:
                with _transaction(db, "BEGIN IMMEDIATE", "COMMIT", "ROLLBACK"):
                    self._files.require_content()
                    yield db
                self._files.note_commit()
                # To commit no change needs no disk.
                if db.total_changes != changes:
                    self._failed_for = None
            except Problem as problem:
                code = _sqlite_code(problem.__cause__)
                if code in DISK:
                    self._failed_for = code
                raise
            finally:
                own.turn, own.writes, self.is_written_to = None, False, False

    def _require_names(self) -> None:
        """Raises database_moved. A log without a name is lost with the process, so what is in it is
        first brought into the database, if that is still there."""
        try:
            self._files.require_names()
        except Problem:
            if self._files.can_take_log():
                with suppress(sqlite3.Error):
                    self._main.db.execute("PRAGMA wal_checkpoint(PASSIVE)")
            raise

    def require_disk(self) -> None:
        """If the last write failed for the disk, raises that failure, until a write succeeds again.
        Unless one is under way, it is tried here: clients may wait until the service is ready."""
        if self._failed_for is None:
            return
        if self.is_written_to:
            raise told(self._failed_for)
        with self.write() as db:
            (version,) = db.execute("PRAGMA user_version").fetchone()
            # Unlike an update, this writes a page even if nothing in it changes.
            db.execute(f"PRAGMA user_version = {version}")
        self._failed_for = None

    def require_room(self) -> None:
        """Raises disk_full where the next write may not fit, before one fails."""
        if self._files.free_space() < NO_ROOM:
            raise told(sqlite3.SQLITE_FULL)

    def write_together(self, acts: Sequence[Callable[[], T]]) -> list[T]:
        """What these return, which may all write: in one transaction, and so with one wait for the
        disk, each in a savepoint of it. If that fails, each is done alone, and fails for its own
        reasons only."""
        if len(acts) > 1:
            with suppress(Problem, sqlite3.Error), self.write() as db:
                results = []
                for act in acts:
                    results.append(act())
                    if not db.in_transaction:
                        raise sqlite3.OperationalError("SQLite has undone the transaction")
                return results
        return [act() for act in acts]


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
        code = _sqlite_code(error)
        if code in TOLD:
            raise told(code) from error
        raise


def _sqlite_code(error: BaseException | None) -> int:
    """SQLite's primary result code (https://www.sqlite.org/rescode.html)."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF
