"""A database in a file of SQLite: its connections and its transactions."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from enrollment.problems.errors import Problem
from enrollment.storage.connection import Connection
from enrollment.storage.database import Database
from enrollment.storage.files import Files
from enrollment.storage.sqlite import (
    DISK_CODES,
    MIN_FREE_SPACE,
    PROBLEM_BY_RESULT_CODE,
    check_writable,
    connect,
    primary_code,
    problem_of,
)

# How many connections for reads are opened at the start: a server reads on two threads, one for
# quick reads and one for slow ones.
READERS = 2
# Rolling back to a savepoint keeps it open.
UNDO_SAVEPOINT = "ROLLBACK TO write; RELEASE write"


class SQLiteDatabase(Database):
    """One SQLite file, for any number of threads.

    One connection, the writer, does all writes. A quick read takes the writer if it is free, since
    its cache has the pages that were written last. Any other read takes an idle reader, and a new
    one is opened if there is none. So no read waits for a write or for another read.
    """

    def __init__(self, path: Path, busy_timeout: float) -> None:
        """Open a database that exists, and wait so many seconds for a locked one.

        Raises CommandError if the file can't be written.
        """
        super().__init__()
        self.engine = ("sqlite", sqlite3.sqlite_version)
        self._path = path
        self._busy_timeout = busy_timeout
        check_writable(path)
        self._writer = connect(path, busy_timeout)
        self._idle_readers: list[sqlite3.Connection] = []
        self._notify: Callable[[], None] = lambda: None
        # The result code of the last write, if the disk made it fail.
        self._disk_failure: int | None = None
        try:
            for _ in range(READERS):
                self._idle_readers.append(connect(path, busy_timeout))
            self._files = Files(path)
        except BaseException:
            self._close_connections()
            raise

    def close(self) -> None:
        self._close_connections()
        self._files.close()

    def _close_connections(self) -> None:
        # Closing the last one, the writer, empties the write-ahead log.
        for db in (*self._idle_readers, self._writer):
            db.close()

    def disable_busy_wait(self) -> None:
        self._busy_timeout = 0
        for db in (self._writer, *self._idle_readers):
            db.execute("PRAGMA busy_timeout = 0")

    def disable_checkpoints(self) -> None:
        # In SQLite before 3.51.3, two that write and checkpoint at once can lose a commit
        # (https://www.sqlite.org/wal.html#walresetbug).
        self._writer.execute("PRAGMA wal_autocheckpoint = 0")

    @contextmanager
    def read(self, *, is_slow: bool = False) -> Iterator[Connection]:
        """Begin a read. A slow one leaves the writer free."""
        own = self.thread
        if own.db:
            yield own.db
            return
        has_writer = not is_slow and self._writer_lock.acquire(blocking=False)
        own.db = db = self._writer if has_writer else self._take_reader()
        # Every request reads, and a context manager within this one would cost as much as a query.
        try:
            db.execute("BEGIN")
            yield db
            db.execute("COMMIT")
        except sqlite3.DatabaseError as error:
            _raise_problem(error)
            raise
        finally:
            if db.in_transaction:
                db.execute("ROLLBACK")
            own.db = None
            if has_writer:
                self._writer_lock.release()
            else:
                self._idle_readers.append(db)

    def _take_reader(self) -> sqlite3.Connection:
        """Return a connection that no other thread uses. Raises disk_failed and database_moved if
        it has none."""
        with suppress(IndexError):
            return self._idle_readers.pop()
        # What is at the path now may be another database.
        self._files.check_names()
        try:
            return connect(self._path, self._busy_timeout)
        except sqlite3.DatabaseError as error:
            _raise_problem(error)
            raise

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Begin a write. Raises database_moved, since what is written to a file without a name is
        lost when the process ends.

        IMMEDIATE takes the write lock at once: a transaction that begins as a read can't wait for
        it (https://www.sqlite.org/rescode.html#busy_snapshot). So a write never begins inside a
        read.
        """
        own, db = self.thread, self._writer
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
                # A commit without changes does not prove that the disk works.
                if db.total_changes != changes:
                    self._disk_failure = None
            except Problem as problem:
                code = primary_code(problem.__cause__)
                if code in DISK_CODES:
                    self._disk_failure = code
                raise
            finally:
                own.db, own.writes, self.is_writing = None, False, False
        if db.total_changes != changes:
            self._notify()

    def _check_names(self) -> None:
        """Raise database_moved if a file is no longer at its path.

        A write-ahead log without a name is lost when the process ends. So it is first copied into
        the database, if that is still there.
        """
        try:
            self._files.check_names()
        except Problem:
            if self._files.can_checkpoint():
                with suppress(sqlite3.Error):
                    self._writer.execute("PRAGMA wal_checkpoint(PASSIVE)")
            raise

    @contextmanager
    def pause_writes(self) -> Iterator[None]:
        with super().pause_writes():
            self._check_names()
            try:
                with _transaction(self._writer, "BEGIN IMMEDIATE", "COMMIT", "ROLLBACK"):
                    self._files.check_content()
            except Problem as problem:
                # The process for which this pauses waits for another one, and looks itself then.
                if problem.code != "database_busy":
                    raise
            yield
        self._notify()

    def on_commit(self, notify: Callable[[], None]) -> None:
        self._notify = notify

    def sizes(self, db: Connection) -> dict[str, int]:
        # SQLite follows a link to the database, and puts the log beside the real file.
        real = self._path.resolve()
        files = {"database": real, "wal": real.with_name(f"{real.name}-wal")}
        return {name: file.stat().st_size if file.exists() else 0 for name, file in files.items()}

    def check_disk(self) -> None:
        """Raise the problem of the last write, if the disk made it fail, or disk_full if the next
        write may not fit.

        Unless a write is in progress, try one first: clients may send none until the service is
        ready again.
        """
        if self._disk_failure is not None:
            if self.is_writing:
                raise problem_of(self._disk_failure)
            self._write_page()
        if self._files.free_space() < MIN_FREE_SPACE:
            raise problem_of(sqlite3.SQLITE_FULL)

    def _write_page(self) -> None:
        """Write to the disk, without a change of the data."""
        with self.write() as db:
            (version,) = db.execute("PRAGMA user_version").fetchone()
            # Unlike an update, this writes a page even if nothing in it changes.
            db.execute(f"PRAGMA user_version = {version}")
        self._disk_failure = None


@contextmanager
def _transaction(db: sqlite3.Connection, begin: str, commit: str, undo: str) -> Iterator[None]:
    """Run the `with` between these statements. Raises a Problem for a failure of SQLite that the
    registry has."""
    try:
        db.execute(begin)
        try:
            yield
            db.execute(commit)
        except BaseException:
            # SQLite itself undoes some transactions that fail, for example on a full disk.
            if db.in_transaction:
                for statement in undo.split(";"):
                    db.execute(statement)
            raise
    except sqlite3.DatabaseError as error:
        _raise_problem(error)
        raise


def _raise_problem(error: sqlite3.DatabaseError) -> None:
    """Raise the problem that a failure of SQLite becomes, if it becomes one."""
    code = primary_code(error)
    if code in PROBLEM_BY_RESULT_CODE:
        raise problem_of(code) from error
