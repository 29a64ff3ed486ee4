"""Connections, transactions and named queries: the seam on which another engine would stand."""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from enrollment.problems.errors import Problem
from enrollment.storage.files import Files
from enrollment.storage.sqlite import (
    DISK_CODES,
    PROBLEM_BY_RESULT_CODE,
    Connection,
    check_writable,
    connect,
    primary_code,
    problem_of,
)

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
        """Open a database. Raises CommandError if the file can't be written."""
        self._path = path
        self._busy_timeout = busy_timeout
        self._writer = connect(path, busy_timeout)
        self._writer_lock = threading.Lock()
        self._idle_readers = [connect(path, busy_timeout) for _ in range(READERS)]
        self._thread = _ThreadState()
        self.is_writing = False
        # The result code of the last write, if that failed for the disk.
        self._disk_failure: int | None = None
        check_writable(self._writer, path)
        self._files = Files(path)

    def close(self) -> None:
        """Close every connection; no transaction may be open."""
        for reader in self._idle_readers:
            reader.close()
        # The last one to be closed empties the write-ahead log.
        self._writer.close()
        self._files.close()

    def disable_busy_wait(self) -> None:
        """From now on, fail at once where another process has locked the file."""
        self._busy_timeout = 0
        for db in (self._writer, *self._idle_readers):
            db.execute("PRAGMA busy_timeout = 0")

    def disable_checkpoints(self) -> None:
        """Leave checkpoints to another process, which has the database open too. In SQLite before
        3.51.3, two that write and checkpoint at once can lose a commit
        (https://www.sqlite.org/wal.html#walresetbug)."""
        self._writer.execute("PRAGMA wal_autocheckpoint = 0")

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
            self._check_names()
            own.db, own.writes, self.is_writing = db, True, True
            changes = db.total_changes
            try:
                with _transaction(db, "BEGIN IMMEDIATE", "COMMIT", "ROLLBACK"):
                    self._files.check_content()
                    yield db
                self._files.note_commit()
                # To commit no change needs no disk.
                if db.total_changes != changes:
                    self._disk_failure = None
            except Problem as problem:
                code = primary_code(problem.__cause__)
                if code in DISK_CODES:
                    self._disk_failure = code
                raise
            finally:
                own.db, own.writes, self.is_writing = None, False, False

    def _check_names(self) -> None:
        """Raise database_moved if a file is no longer at its path. A log without a name is lost
        with the process: what is in it is first brought into the database, if that is still there.
        """
        try:
            self._files.check_names()
        except Problem:
            if self._files.can_take_log():
                with suppress(sqlite3.Error):
                    self._writer.execute("PRAGMA wal_checkpoint(PASSIVE)")
            raise

    def check_disk(self) -> None:
        """Raise the failure of the last write, if it failed for the disk, until a write succeeds.
        Unless a write is under way, one is tried: clients may wait until the service is ready."""
        if self._disk_failure is None:
            return
        if self.is_writing:
            raise problem_of(self._disk_failure)
        with self.write() as db:
            (version,) = db.execute("PRAGMA user_version").fetchone()
            # Unlike an update, this writes a page even if nothing in it changes.
            db.execute(f"PRAGMA user_version = {version}")
        self._disk_failure = None

    def check_disk_space(self) -> None:
        """Raise disk_full if the next write may not fit, before one fails."""
        if self._files.free_space() < NO_ROOM:
            raise problem_of(sqlite3.SQLITE_FULL)

    def group_commit(self, acts: Sequence[Callable[[], T]]) -> list[T | Exception]:
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
        code = primary_code(error)
        if code in PROBLEM_BY_RESULT_CODE:
            raise problem_of(code) from error
        raise
