"""What a test does to a database of either engine."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg

from enrollment.model.location import Location, ServerUrl
from enrollment.storage.connection import Connection
from enrollment.storage.database import Database
from enrollment.storage.postgresql import BEGIN_WRITE, WRITE_LOCK
from enrollment.storage.postgresql import connect as connect_to_server
from enrollment.storage.sqlite import connect as connect_to_file

# What an engine raises if the schema refuses a row, and for a statement that it can't run.
REFUSALS = (sqlite3.IntegrityError, psycopg.IntegrityError)
MISTAKES = (sqlite3.OperationalError, psycopg.ProgrammingError)


def is_sqlite(db: Connection) -> bool:
    return isinstance(db, sqlite3.Connection)


def connected(location: Location) -> closing[Connection]:
    """A connection of its own, in autocommit mode: what it does, another process could do."""
    if isinstance(location, Path):
        return closing(connect_to_file(location, 1))
    return closing(connect_to_server(location, 1))


@contextmanager
def locked(location: Location) -> Iterator[None]:
    """Keep everyone else from writing."""
    with connected(location) as db:
        db.execute("BEGIN EXCLUSIVE" if is_sqlite(db) else BEGIN_WRITE)
        yield
        db.execute("ROLLBACK")


def is_being_written(location: Location) -> bool:
    """Whether someone has the lock of all writes."""
    if isinstance(location, ServerUrl):
        with connected(location) as db:
            return not db.execute(f"SELECT pg_try_advisory_lock({WRITE_LOCK})").fetchone()[0]
    with closing(connect_to_file(location, 0)) as db:
        try:
            db.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            return error.sqlite_errorcode == sqlite3.SQLITE_BUSY
        return False


@contextmanager
def read_only(database: Database) -> Iterator[None]:
    """Refuse writes. A transaction that has begun on a server goes on as it was."""
    _set_read_only(database, "ON")
    yield
    _set_read_only(database, "OFF")


def _set_read_only(database: Database, value: str) -> None:
    if database.is_remote:
        with database.write() as db:
            db.execute(f"SET default_transaction_read_only = {value}")
    else:
        with database.read() as db:
            db.execute(f"PRAGMA query_only = {value}")


def table_names(db: Connection) -> list[str]:
    """All tables, also those that are no data of the school."""
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'table'"
        if is_sqlite(db)
        else "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    )
    return [name for (name,) in db.execute(query)]


def stored_in(location: Location) -> bytes:
    """All that is stored: the file and its log as they are, or every row on a server."""
    if isinstance(location, Path):
        return b"".join(file.read_bytes() for file in location.parent.glob(f"{location.name}*"))
    with connected(location) as db:
        return b"".join(
            repr([*map(tuple, db.execute(f"SELECT * FROM {table}"))]).encode()
            for table in table_names(db)
        )


def version_of(db: Connection) -> tuple[str, str]:
    """The name of the engine, and its version in its own words."""
    if is_sqlite(db):
        return "sqlite", db.execute("SELECT sqlite_version()").fetchone()[0]
    return "postgresql", db.execute("SHOW server_version").fetchone()[0]


def drop_trigger(db: Connection, name: str, table: str) -> None:
    db.execute(f"DROP TRIGGER {name}" + ("" if is_sqlite(db) else f" ON {table}"))
