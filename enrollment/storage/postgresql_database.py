"""A database on a PostgreSQL server: its connections and its transactions."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import psycopg

from enrollment.model.location import ServerUrl
from enrollment.problems.errors import Problem
from enrollment.storage.connection import Connection
from enrollment.storage.database import Database
from enrollment.storage.listener import Listener
from enrollment.storage.postgresql import (
    BEGIN_READ,
    BEGIN_WRITE,
    ServerConnection,
    command_errors,
    connect,
    problem_of,
)
from enrollment.storage.postgresql_requirements import check_rights, check_server
from enrollment.storage.watchdog import Watchdog

# In seconds: how long a quick read may take, how much longer than for a lock a write waits for the
# server, and how long a slow read or a write may take.
QUICK, GRACE, LONGEST = 4.0, 1.0, 600.0
# In seconds: for how long no connection is tried after one that failed.
PAUSE = 0.1
LOST = "The connection was lost during the commit: the change may have been made, or not."
ALONE = "The change was made, but its server did not wait until a standby had it too."


class PostgreSQLDatabase(Database):
    """One connection, the writer, does all writes. A read takes an idle reader, and a new one is
    opened if there is none. A connection that was lost is opened again when it is needed."""

    is_remote = True

    def __init__(self, url: ServerUrl, busy_timeout: float) -> None:
        """Open a database that exists. Raises CommandError if it can't be served."""
        super().__init__()
        self._url = url
        self._busy_timeout = busy_timeout
        self._listener: Listener | None = None
        self._idle_readers: list[ServerConnection] = []
        # What the server did to the last write, if it made that fail.
        self._failure: Problem | None = None
        # Until when no connection is tried, in seconds of `time.monotonic`.
        self._unreachable_until = -math.inf
        with command_errors(url):
            self._writer = connect(url, busy_timeout)
            try:
                check_server(self._writer, url)
                check_rights(self._writer, url)
            except BaseException:
                self._writer.close()
                raise
        self._watchdog = Watchdog()
        version = self._writer.info.parameter_status("server_version") or ""
        self.engine = ("postgresql", version)

    def close(self) -> None:
        if self._listener:
            self._listener.close()
        self._watchdog.close()
        for db in (self._writer, *self._idle_readers):
            db.close()

    @contextmanager
    def read(self, *, is_slow: bool = False) -> Iterator[Connection]:
        own = self.thread
        if own.db:
            yield own.db
            return
        seconds = LONGEST if is_slow else QUICK
        with _problems(), self._reader(seconds) as db:
            own.db = db
            try:
                yield db
                db.execute("COMMIT")
            finally:
                own.db = None

    @contextmanager
    def _reader(self, seconds: float) -> Iterator[ServerConnection]:
        """Begin a read of so many seconds at most, on a connection that no other thread uses."""
        try:
            idle = self._idle_readers.pop()
        except IndexError:
            idle = None
        db = self._begin(idle, BEGIN_READ, QUICK)
        with self._watchdog.watch(db, seconds):
            try:
                yield db
            finally:
                if _roll_back(db):
                    self._idle_readers.append(db)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Begin a write. Raises outcome_unknown if the connection is lost in the commit."""
        own = self.thread
        if own.writes:
            with _savepoint(self._writer):
                yield self._writer
            return
        if own.db:
            raise RuntimeError("a write can't begin inside a read")
        with self._writer_lock, _problems():
            own.writes, self.is_writing = True, True
            try:
                self._writer = own.db = db = self._begin(
                    self._writer, BEGIN_WRITE, self._busy_timeout + GRACE
                )
                with self._watchdog.watch(db, LONGEST):
                    yield db
                self._commit(db)
                self._failure = None
            except psycopg.Error as error:
                self._failure = problem_of(error)
                raise
            finally:
                own.db, own.writes, self.is_writing = None, False, False
                with self._watchdog.watch(self._writer, QUICK):
                    _roll_back(self._writer)

    def _begin(self, db: ServerConnection | None, begin: str, seconds: float) -> ServerConnection:
        """Begin a transaction within so many seconds, and return its connection: a new one if this
        one was lost."""
        if db and not db.closed:
            try:
                with self._watchdog.watch(db, seconds):
                    db.execute(begin)
                return db
            except psycopg.OperationalError:
                if not db.closed:
                    _roll_back(db)
                    raise
        db = self._connect()
        try:
            with self._watchdog.watch(db, seconds):
                db.execute(begin)
            return db
        except BaseException:
            db.close()
            raise

    def _connect(self) -> ServerConnection:
        """Open a connection. If that has just failed, it fails at once: those that wait for this
        thread do not all wait for the server too."""
        if time.monotonic() < self._unreachable_until:
            raise psycopg.OperationalError("the server could not be reached a moment ago")
        try:
            return connect(self._url, self._busy_timeout)
        except psycopg.OperationalError:
            self._unreachable_until = time.monotonic() + PAUSE
            raise

    def _commit(self, db: ServerConnection) -> None:
        """Commit, which may wait for a standby. Raises outcome_unknown."""
        if db.closed:
            raise psycopg.OperationalError("the connection was lost before the commit")
        db.is_alone = False
        try:
            with self._watchdog.watch(db, self._busy_timeout + GRACE):
                db.execute("COMMIT")
        except psycopg.OperationalError as error:
            if db.closed:
                raise self._unknown(LOST) from error
            raise
        if db.is_alone:
            raise self._unknown(ALONE)

    def _unknown(self, detail: str) -> Problem:
        self._failure = Problem("outcome_unknown", detail)
        return self._failure

    def disable_busy_wait(self) -> None:
        """The server ends the wait for a lock (lock_timeout), and reads do not wait for any."""

    def disable_checkpoints(self) -> None:
        """The server makes its own checkpoints."""

    def check_disk(self) -> None:
        """Raise the problem of the last write, if the server made it fail and the next one is still
        in progress. The server watches its own disk."""
        last = self._failure
        if last and self.is_writing:
            # A problem that is raised again would keep each request by which it was raised.
            raise Problem(last.code, last.detail, headers=last.headers)

    def on_commit(self, notify: Callable[[], None]) -> None:
        self._listener = Listener(self._url, notify)

    def sizes(self, db: Connection) -> dict[str, int]:
        (size,) = db.execute("SELECT pg_database_size(current_database())").fetchone()
        return {"database": size, "wal": 0}


def _roll_back(db: ServerConnection) -> bool:
    """Undo what was not committed. Return whether the connection can be used again."""
    with suppress(psycopg.Error):
        if db.in_transaction:
            db.undo(b"ROLLBACK")
    return not db.closed


@contextmanager
def _savepoint(db: ServerConnection) -> Iterator[None]:
    """Keep or undo a part of a transaction."""
    with _problems():
        db.execute("SAVEPOINT write")
        try:
            yield
            db.execute("RELEASE write")
        except BaseException:
            if not db.closed:
                db.undo(b"ROLLBACK TO write; RELEASE write")
            raise


@contextmanager
def _problems() -> Iterator[None]:
    """Raise the problem that a failure of the server becomes."""
    try:
        yield
    except psycopg.Error as error:
        if problem := problem_of(error):
            raise problem from error
        raise
