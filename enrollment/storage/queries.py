"""Named queries: functions that take a connection, made from the files in `sql/`."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import aiosql
import msgspec
from aiosql.adapters.sqlite3 import SQLite3Adapter

from enrollment.storage.connection import Connection

# The values of records and problems that can have decimals.
DECIMALS = {"credits", "max_credits"}


def resource_dir(name: str) -> Path:
    """Return the path of `sql` or `migrations`: in the package if a wheel was installed, beside it
    in a checkout."""
    inside = Path(__file__).parents[1] / name
    return inside if inside.is_dir() else Path(__file__).parents[2] / name


class _Adapter(SQLite3Adapter):
    """Reads all rows of a query at once: a query that is read lazily would stay open unnoticed."""

    def select(self, conn, query_name, sql, parameters, record_class=None):  # type: ignore
        return conn.execute(sql, parameters).fetchall()

    def select_one(self, conn, query_name, sql, parameters, record_class=None):  # type: ignore
        return conn.execute(sql, parameters).fetchone()


def query_text(subject: str) -> str:
    """Return the text of `sql/<subject>.sql`. A line `-- include: FILE` stands for that file, in
    which there can be others."""
    text = (resource_dir("sql") / f"{subject}.sql").read_text("utf-8")
    return re.sub(
        r"^-- include: (\S+)\.sql\n", lambda found: query_text(found[1]), text, flags=re.MULTILINE
    )


class _Queries:
    """Named queries that are read when the first of them is used: a command uses few of all."""

    def __init__(self, subject: str) -> None:
        self._subject = subject

    def __getattr__(self, name: str) -> Any:
        loaded = aiosql.from_str(query_text(self._subject), _Adapter)
        # From now on Python finds the queries without this method.
        vars(self).update(vars(loaded))
        return getattr(loaded, name)


def queries(subject: str) -> Any:
    """Return the named queries of `sql/<subject>.sql`: functions of a connection and parameters."""
    return _Queries(subject)


@cache
def _statements(script: str) -> list[str]:
    return re.findall(r".+?;\n", query_text(script), re.DOTALL)


def create_tables(db: Connection, script: str) -> None:
    """Run `sql/<script>.sql`, which creates temporary tables, with their indexes and views."""
    for statement in _statements(script):
        # With parameters, even none, PostgreSQL gets its words for types.
        db.execute(statement, {})


def drop_tables(db: Connection, script: str) -> None:
    """Drop the tables and views that a script has created, the last one first."""
    for statement in reversed(_statements(script)):
        if made := re.search("^CREATE TEMPORARY ((TABLE|VIEW) \\w+)", statement, re.MULTILINE):
            db.execute(f"DROP {made[1]}")


def count_rows(db: Connection, query: Any, parameters: dict[str, Any]) -> int:
    """Return how many rows a named query with a `limit` has in all, without that limit."""
    sql = query.sql.rstrip().rstrip(";")
    row = db.execute(
        f"SELECT count(*) FROM ({sql}) AS listed", parameters | {"limit": 2**53}
    ).fetchone()
    count: int = row[0]
    return count


def to_json(value: Any) -> str:
    """Encode a value as JSON, for a parameter of a query."""
    return msgspec.json.encode(value, enc_hook=str).decode()


def from_json(text: str) -> dict[str, Any]:
    """Return the figures of a broken rule, or the columns of a record, that the SQL has written.

    Credits are floats, as in records: PostgreSQL writes 7 where SQLite writes 7.0. A trigger leaves
    control characters as they are, which JSON does not allow; only raw SQL can have stored them.
    """
    return {
        name: float(value) if name in DECIMALS and value is not None else value
        for name, value in json.loads(text, strict=False).items()
    }


def as_bool(stored: int | None) -> bool | None:
    """Return a truth value that the database has as a number."""
    return None if stored is None else bool(stored)
