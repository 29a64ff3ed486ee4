"""What a server, a database and a role must have to be served."""

from typing import Any

import psycopg

from enrollment.model.location import ServerUrl
from enrollment.problems.errors import CommandError

SERVER_NEEDED = 140000
# What to do if the role lacks a right.
ADVICE = "Let the role of the service own the database and its tables: docs/postgresql.md"
# The tables to which the role has not all of the rights that the service needs.
TABLES_WITHOUT_RIGHTS = """
    SELECT relname
      FROM pg_class
     WHERE relnamespace = current_schema::regnamespace AND relkind = 'r'
       AND relname NOT LIKE '%yoyo%'
       AND NOT (has_table_privilege(oid, 'SELECT') AND has_table_privilege(oid, 'INSERT')
                AND has_table_privilege(oid, 'UPDATE') AND has_table_privilege(oid, 'DELETE'))
     ORDER BY relname
"""


def check_server(db: psycopg.Connection[Any], url: ServerUrl) -> None:
    """Raise CommandError if the server or the database does not keep what the service promises."""
    if db.info.server_version < SERVER_NEEDED:
        needed = SERVER_NEEDED // 10000
        raise CommandError(
            f"{url}: PostgreSQL {needed} or newer is needed,"
            f" this is {db.info.parameter_status('server_version')}"
        )
    encoding, collation, is_standby = _row(
        db,
        "SELECT pg_encoding_to_char(encoding), datcollate, pg_is_in_recovery()"
        " FROM pg_database WHERE datname = current_database()",
    )
    if is_standby:
        raise CommandError(f"{url}: the server is a standby, which can't be written to")
    # Names sort by code points, as in SQLite, and no update of the system changes their order.
    if encoding != "UTF8" or collation not in ("C", "POSIX"):
        raise CommandError(
            f"{url}: the database has the encoding {encoding} and the locale {collation}; create"
            f" one with: CREATE DATABASE {db.info.dbname} TEMPLATE template0 ENCODING 'UTF8'"
            " LOCALE 'C'"
        )


def check_schema(db: psycopg.Connection[Any], url: ServerUrl) -> None:
    """Raise CommandError if there is no schema in which the tables could be."""
    schema, path = _row(db, "SELECT current_schema, current_setting('search_path')")
    if schema is None:
        raise CommandError(
            f"{url}: the search_path of the role {db.info.user} is {path}, and the role has no such"
            f" schema; take the setting back with: ALTER ROLE {db.info.user} RESET search_path"
        )


def check_rights(db: psycopg.Connection[Any], url: ServerUrl) -> None:
    """Raise CommandError if the role may not read and write all tables."""
    if missing := [name for (name,) in db.execute(TABLES_WITHOUT_RIGHTS)]:
        more = ", ..." if len(missing) > 3 else ""
        raise CommandError(
            f"{url}: the role {db.info.user} may not read and write {', '.join(missing[:3])}{more}."
            f" {ADVICE}"
        )


def _row(db: psycopg.Connection[Any], query: str) -> Any:
    return db.execute(query).fetchone()
