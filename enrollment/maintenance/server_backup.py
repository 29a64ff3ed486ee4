"""A backup of a database on a server: a file of SQLite, like every backup."""

from collections.abc import Collection
from pathlib import Path

from enrollment.maintenance.snapshot import publish, sync, temporary_file
from enrollment.maintenance.sqlite_schema import SQLiteSchema
from enrollment.model.location import ServerUrl
from enrollment.storage.engine import fill_tables, read_tables
from enrollment.storage.tables import copy_rows


def write_file(source: ServerUrl, applied: Collection[str], target: Path) -> None:
    """Write a backup with its digest beside it, while the database may be served. `applied` are the
    ids of its migrations: those of the file have the same numbers. Raises CommandError."""
    last = max(_number(id) for id in applied)
    with temporary_file(target) as partial:
        schema = SQLiteSchema(partial)
        with schema.run() as run:
            schema.apply(run, [m for m in schema.read() if _number(m.id) <= last])
        with read_tables(source) as rows, fill_tables(partial) as tables:
            copy_rows(rows, tables)
        sync(partial)
        publish(partial, target)


def _number(id: str) -> str:
    return id.partition(".")[0]
