"""Connections, transactions and named queries: the seam on which another engine would stand."""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from enrollment.problems.errors import Problem
from enrollment.storage.sqlite import PROBLEM_BY_RESULT_CODE, Connection, _problem, connect

# With less room on its disk, in bytes, a database may not take the next write.
NO_ROOM = 1024 * 1024


# A server reads on two threads: one for what is quick, one for what is not.
READERS = 2


UNDO_SAVEPOINT = "ROLLBACK TO write; RELEASE write"


T = TypeVar("T")


class _ThreadState(threading.local):
    """What a thread has now: a connection in a transaction, and whether that one writes."""

    db: Connection | None = None
    writes = False


class Database:
    """One SQLite file, for any number of threads. One connection writes. A read takes it too while
    it is free, since its pages are those that were written last; or else another one, of which
    there are as many as are in use at once. So no read waits for a write or for another read."""

    def __init__(self, path: Path, busy_timeout: float) -> None:
        self._path = path
        self._busy_timeout = busy_timeout
        self._writer = connect(path, busy_timeout)
        self._writer_lock = threading.Lock()
        self._idle_readers = [connect(path, busy_timeout) for _ in range(READERS)]
        self._thread = _ThreadState()
        self.is_writing = False
        self._identity = _identity(path)

    def close(self) -> None:
        """Close every connection; no transaction may be open."""
        for reader in self._idle_readers:
            reader.close()
        # The last one to be closed empties the write-ahead log.
        self._writer.close()

    def disable_busy_wait(self) -> None:
        """From now on, fail at once where another process has locked the file."""
        self._busy_timeout = 0
        for db in (self._writer, *self._idle_readers):
            db.execute("PRAGMA busy_timeout = 0")

    @contextmanager
    def read(self, *, is_slow: bool = False) -> Iterator[Connection]:
        """All queries of one `with` see one state of the data; in a write, that of the write. A
        read that is long leaves the connection that writes free for who writes."""
        own = self._thread
        if own.db:
            yield own.db
            return
        with self._borrow(is_slow) as db:
            own.db = db
            try:
                with _transaction(db, "BEGIN", "COMMIT", "ROLLBACK"):
                    yield db
            finally:
                own.db = None

    @contextmanager
    def _borrow(self, is_slow: bool) -> Iterator[Connection]:
        """A connection to read with."""
        if not is_slow and self._writer_lock.acquire(blocking=False):
            try:
                yield self._writer
            finally:
                self._writer_lock.release()
            return
        try:
            reader = self._idle_readers.pop()
        except IndexError:
            reader = connect(self._path, self._busy_timeout)
        try:
            yield reader
        finally:
            self._idle_readers.append(reader)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Commit on return, undo on any exception; inside another write, a savepoint of it. Raises
        database_moved: what is written to a file without its name is lost with the process.

        IMMEDIATE takes the write lock at once: a transaction that begins as a reader can't wait
        for it (https://www.sqlite.org/rescode.html#busy_snapshot). So a write never begins inside
        a read.
        """
        own, db = self._thread, self._writer
        if own.writes:
            with _transaction(db, "SAVEPOINT write", "RELEASE write", UNDO_SAVEPOINT):
                yield db
            return
        if own.db:
            raise RuntimeError("a write can't begin inside a read")
        with self._writer_lock:
            self._require_file()
            own.db, own.writes, self.is_writing = db, True, True
            try:
                with _transaction(db, "BEGIN IMMEDIATE", "COMMIT", "ROLLBACK"):
                    yield db
            finally:
                own.db, own.writes, self.is_writing = None, False, False

    def _require_file(self) -> None:
        if _identity(self._path) != self._identity:
            detail = "The database file has been moved, replaced or removed."
            raise Problem("database_moved", detail, headers={"Retry-After": "60"})

    def check_disk_space(self) -> None:
        """Raises database_moved; disk_full where the next write may not fit, before one fails."""
        self._require_file()
        disk = os.statvfs(self._path)
        if disk.f_bavail * disk.f_frsize < NO_ROOM:
            raise _problem(sqlite3.SQLITE_FULL)

    def group_commit(self, acts: Sequence[Callable[[], T]]) -> list[T]:
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
        if primary_code in PROBLEM_BY_RESULT_CODE:
            raise _problem(primary_code) from error
        raise
