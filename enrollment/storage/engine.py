"""Which engine a database has: SQLite if it is a file, PostgreSQL if it is on a server.

Few need the driver for PostgreSQL. What imports it is imported only for a database on a server, and
raises ModuleNotFoundError if the driver is not installed.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from enrollment.model.location import Location
from enrollment.storage.connection import Connection, Finding
from enrollment.storage.database import Database
from enrollment.storage.lock import Purpose, lock_file
from enrollment.storage.offline import open_to_read as open_file_to_read
from enrollment.storage.sqlite_check import check_content, check_file
from enrollment.storage.sqlite_database import SQLiteDatabase
from enrollment.storage.sqlite_tables import SQLiteTables, fill_file
from enrollment.storage.tables import Tables


def open_database(location: Location, busy_timeout: float) -> Database:
    """Open a database that has been migrated, and wait so many seconds for a locked one.

    Raises CommandError if it can't be opened to be written.
    """
    if isinstance(location, Path):
        return SQLiteDatabase(location, busy_timeout)
    from enrollment.storage.postgresql_database import PostgreSQLDatabase

    return PostgreSQLDatabase(location, busy_timeout)


def lock_database(location: Location, purpose: Purpose) -> AbstractContextManager[None]:
    """Lock a database during the `with`. The lock also ends with its process.

    Raises CommandError if another process has a lock that excludes this one.
    """
    if isinstance(location, Path):
        return lock_file(location, purpose)
    from enrollment.storage.postgresql_lock import lock_server_database

    return lock_server_database(location, purpose)


def open_to_read(location: Location) -> AbstractContextManager[Connection]:
    """Open a connection that can only read. Raises CommandError if the database can't be read."""
    if isinstance(location, Path):
        return open_file_to_read(location)
    from enrollment.storage.postgresql import open_server_to_read

    return open_server_to_read(location)


def check_place(location: Location) -> Iterator[Finding]:
    """Check where a database is: its server, or its file and the disk. Raises CommandError if the
    server can't be reached."""
    if isinstance(location, Path):
        return check_file(location)
    from enrollment.storage.postgresql_check import check_server_settings

    return check_server_settings(location)


def check_pages(location: Location, db: Connection) -> Iterator[Finding]:
    """Check that an open database is stored intact. A server checks its own pages."""
    return check_content(db) if isinstance(location, Path) else iter(())


@contextmanager
def read_tables(location: Location) -> Iterator[Tables]:
    """Open all rows to be read, as they are at the beginning of the `with`. Raises CommandError."""
    with open_to_read(location) as db:
        if isinstance(location, Path):
            yield SQLiteTables(db)
        else:
            from enrollment.storage.postgresql_tables import PostgreSQLTables

            yield PostgreSQLTables(db)


def fill_tables(location: Location) -> AbstractContextManager[Tables]:
    """Open a database that has been migrated, to be filled. Raises CommandError."""
    if isinstance(location, Path):
        return fill_file(location)
    from enrollment.storage.postgresql_tables import fill_server

    return fill_server(location)
