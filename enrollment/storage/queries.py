"""Named queries: functions of a connection, made of the files in `sql/`."""

from pathlib import Path
from typing import Any

import aiosql
import msgspec
from aiosql.adapters.sqlite3 import SQLite3Adapter


def resource_dir(name: str) -> Path:
    """Where `sql` or `migrations` lies: inside the package in a wheel, beside it in a checkout."""
    inside = Path(__file__).parents[1] / name
    return inside if inside.is_dir() else Path(__file__).parents[2] / name


class _Adapter(SQLite3Adapter):
    """Reads all rows of a query at once: one that is read lazily lasts longer than is seen."""

    def select(self, conn, query_name, sql, parameters, record_class=None):  # type: ignore
        return conn.execute(sql, parameters).fetchall()

    def select_one(self, conn, query_name, sql, parameters, record_class=None):  # type: ignore
        return conn.execute(sql, parameters).fetchone()


def queries(subject: str) -> Any:
    """The named queries of `sql/<subject>.sql`: functions of a connection and their parameters."""
    return aiosql.from_path(resource_dir("sql") / f"{subject}.sql", _Adapter)


def to_json(value: Any) -> str:
    """How a list is bound, for SQLite's json_each."""
    return msgspec.json.encode(value, enc_hook=str).decode()
