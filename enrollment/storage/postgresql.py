"""PostgreSQL: how a connection is opened, and which problem each of its failures becomes."""

import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import ExecStatus, TransactionStatus

from enrollment.model.location import ServerUrl
from enrollment.problems.errors import CommandError, Problem
from enrollment.storage.connection import BUSY, DISK_FULL, READ_ONLY, Failure, failure
from enrollment.storage.dialect import to_postgresql
from enrollment.storage.postgresql_requirements import ADVICE, check_schema, check_server
from enrollment.storage.postgresql_values import ServerRow, adapt, make_rows

# Every write has this lock, of the service or by hand: triggers take it too.
WRITE_LOCK = 1701734764
# Services share this lock; who changes the schema has it alone. The server frees it when the
# connection ends (https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS).
SERVICE_LOCK = 1701734765
# READ COMMITTED: a transaction that is stricter takes its snapshot before it has the lock, and so
# does not see the write before it.
BEGIN_WRITE = f"BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock({WRITE_LOCK})"
# All queries of a read see the same state.
BEGIN_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
# A parameter with more characters is a list of many items, which deserves a plan of its own.
LONG_TEXT = 2000
# One plan for all values of the parameters, made once. As in SQLite, it walks indexes: it must not
# depend on how large the tables were when it was made.
SHARED_PLAN = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}
# A plan for these values. One that walks an index for each of thousands of items takes minutes.
OWN_PLAN = dict.fromkeys(SHARED_PLAN, "on") | {"plan_cache_mode": "force_custom_plan"}
# In seconds: how long a server may take to accept a connection.
CONNECT_TIMEOUT = 2
# In seconds: how long a command, or the listener, waits for a lock.
LOCK_TIMEOUT = 2
# What the texts of the service and of its migrations need, whatever the role or the database has.
NEEDED_SETTINGS = {"standard_conforming_strings": "on", "statement_timeout": "0"}
# The problem that a failure becomes, by its SQLSTATE or the class of it
# (https://www.postgresql.org/docs/current/errcodes-appendix.html).
UNREACHABLE = ("database_unreachable", "The server of the database cannot be reached.", 1)
DAMAGED = ("database_damaged", "The database is damaged.", 60)
PROBLEM_BY_STATE: dict[str, Failure] = {
    "08": UNREACHABLE,  # connection exception
    "0A000": ("database_outdated", "The database schema does not match this release.", 60),
    "25006": READ_ONLY,  # read-only transaction
    "40001": BUSY,  # serialization failure
    "42501": READ_ONLY,  # insufficient privilege
    "40P01": BUSY,  # deadlock detected
    "53100": DISK_FULL,
    "53300": BUSY,  # too many connections
    "55P03": BUSY,  # lock not available
    "57014": BUSY,  # query canceled
    "57P01": UNREACHABLE,  # admin shutdown
    "57P02": UNREACHABLE,  # crash shutdown
    "57P03": UNREACHABLE,  # cannot connect now
    "58030": ("disk_failed", "The disk of the server refused a read or write.", 60),
    "XX001": DAMAGED,
    "XX002": DAMAGED,
}


class _Cursor(psycopg.Cursor[ServerRow]):
    """Runs the text of a named query."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        if params is None:
            # Several statements in one text can't be prepared.
            return super().execute(query, prepare=False)
        values = params.values()
        is_long = any(type(value) is str and len(value) > LONG_TEXT for value in values)
        if not is_long or _writes(query):
            return super().execute(to_postgresql(query), params, prepare=True)
        super().execute(_set_local(OWN_PLAN), prepare=False)
        super().execute(to_postgresql(query), params, prepare=False)
        with psycopg.Cursor(self.connection) as other:
            other.execute(_set_local(SHARED_PLAN), prepare=False)
        return self


@cache
def _writes(query: str) -> bool:
    """Whether a query writes. Its triggers would get plans of their own, again for each row."""
    return re.search(r"\b(INSERT|UPDATE|DELETE)\b", query) is not None


class ServerConnection(psycopg.Connection[ServerRow]):
    """A connection that runs the named queries, like one of sqlite3."""

    # Whether a commit was made on this server alone, though it was to wait for a standby.
    is_alone = False

    def execute(self, query: Any, params: Any = None, **options: Any) -> Any:
        return self.cursor().execute(query, params)

    @property
    def in_transaction(self) -> bool:
        return self.info.transaction_status != TransactionStatus.IDLE

    def undo(self, statements: bytes) -> None:
        """Roll back. Raises OperationalError.

        After a ROLLBACK, psycopg forgets all prepared queries, since they could depend on what was
        undone. None of the service does, and to plan the rules takes longer than all else. So the
        statements go to libpq.
        """
        result = self.pgconn.exec_(statements)
        if result.status != ExecStatus.COMMAND_OK:
            raise psycopg.OperationalError(result.get_error_message())

    def notice(self, diagnostic: psycopg.errors.Diagnostic) -> None:
        """Note a warning of the server."""
        # Its text is translated, its code is that of any warning. Only this one comes at a commit.
        if diagnostic.severity_nonlocalized == "WARNING":
            self.is_alone = True


def connect(url: ServerUrl, busy_timeout: float) -> ServerConnection:
    """Open a connection in autocommit mode. Raises psycopg.Error."""
    given = conninfo_to_dict(url.text)
    settings = {
        "lock_timeout": str(round(busy_timeout * 1000)),
        "idle_in_transaction_session_timeout": "0",
        "jit": "off",
        # To start a process takes longer than most queries.
        "max_parallel_workers_per_gather": "0",
        "timezone": "UTC",
        **NEEDED_SETTINGS,
        **SHARED_PLAN,
    }
    defaults: dict[str, Any] = {
        # The message to a process that waits for a lock names the holder by this.
        "application_name": f"enrollment, process {os.getpid()} on {socket.gethostname()}",
        "connect_timeout": CONNECT_TIMEOUT,
        # Of several hosts, the one that can be written to.
        "target_session_attrs": "read-write",
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": 10_000,
    }
    db = ServerConnection.connect(
        **(defaults | given | _forced(given, settings)),
        autocommit=True,
        row_factory=make_rows,
        cursor_factory=_Cursor,
    )
    adapt(db.adapters)
    db.add_notice_handler(db.notice)
    db.prepare_threshold = 0
    db.prepared_max = 1000
    return db


def _forced(given: dict[str, Any], settings: dict[str, str]) -> dict[str, str]:
    """Return parameters of a connection that count more than those which are given, and than the
    settings of the role and of the database."""
    flags = " ".join(f"-c {name}={value}" for name, value in settings.items())
    # As a flag, it would count less than PGCLIENTENCODING.
    return {"client_encoding": "UTF8", "options": f"{given.get('options', '')} {flags}".strip()}


def connect_plainly(url: ServerUrl) -> psycopg.Connection[Any]:
    """Open a connection of psycopg to change the schema, in autocommit mode. Raises CommandError if
    the database can't be served."""
    given = conninfo_to_dict(url.text)
    defaults: dict[str, Any] = {"connect_timeout": CONNECT_TIMEOUT}
    with command_errors(url):
        db = psycopg.connect(
            **(defaults | given | _forced(given, NEEDED_SETTINGS)), autocommit=True
        )
        try:
            check_server(db, url)
        except BaseException:
            db.close()
            raise
    return db


def _set_local(settings: dict[str, str]) -> str:
    """Return statements that change settings until the end of the transaction."""
    return "; ".join(f"SET LOCAL {name} = {value}" for name, value in settings.items())


@contextmanager
def command_errors(url: ServerUrl) -> Iterator[None]:
    """Turn a failure of the server into a CommandError."""
    try:
        yield
    except psycopg.Error as error:
        message = " ".join(str(error).split())
        if isinstance(error, psycopg.errors.InsufficientPrivilege):
            message = f"{error.diag.message_primary}. {ADVICE}"
        raise CommandError(f"{url}: {message}") from error


@contextmanager
def open_server_to_read(url: ServerUrl) -> Iterator[ServerConnection]:
    """Open a connection in a transaction that can only read. Raises CommandError."""
    with command_errors(url), connect(url, LOCK_TIMEOUT) as db:
        db.execute(BEGIN_READ)
        check_schema(db, url)
        yield db


def problem_of(error: psycopg.Error) -> Problem | None:
    """Return the problem that a failure becomes, or None if it is a mistake of a query."""
    # A connection that was lost has no SQLSTATE.
    state = error.sqlstate or ("08" if isinstance(error, psycopg.OperationalError) else "")
    found = PROBLEM_BY_STATE.get(state) or PROBLEM_BY_STATE.get(state[:2])
    return failure(*found) if found else None
