"""Copies of a whole school, from a file of SQLite to a PostgreSQL server and back."""

from pathlib import Path

from enrollment.data.integrity import get_counts
from enrollment.maintenance import migrations
from enrollment.maintenance.snapshot import publish_copy, sync, temporary_file
from enrollment.model.location import Location, ServerUrl
from enrollment.problems.errors import CommandError
from enrollment.storage.engine import fill_tables, open_to_read, read_tables
from enrollment.storage.tables import copy_rows


def copy_school(source: Location, target: Location) -> dict[str, int]:
    """Copy every row, and return the number of rows by table. The source may be served meanwhile.

    Raises CommandError if the source has pending migrations or the target has rows. Then, and on
    any other failure, the target has no rows.
    """
    if missing := migrations.pending(source):
        raise CommandError(f"{source} has pending migrations: {', '.join(missing)}")
    migrations.ensure_current(target, may_migrate=False)
    with read_tables(source) as rows, fill_tables(target) as tables:
        if filled := tables.first_filled():
            raise CommandError(f"{target} is not empty: there are rows in the table {filled}")
        copy_rows(rows, tables)
    with open_to_read(target) as db:
        return get_counts(db)


def write_file(source: ServerUrl, target: Path) -> Path:
    """Write a backup of a database on a server: a file of SQLite with its digest beside it. Return
    the file. Raises CommandError."""
    with temporary_file(target) as partial:
        copy_school(source, partial)
        sync(partial)
        publish_copy(partial, target)
    return target
