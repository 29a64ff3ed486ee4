"""Copies of a whole school, from a file of SQLite to a PostgreSQL server and back."""

from enrollment.data.integrity import get_counts
from enrollment.maintenance import migrations
from enrollment.model.location import Location
from enrollment.problems.errors import CommandError
from enrollment.storage.engine import fill_tables, open_to_read, read_tables
from enrollment.storage.tables import copy_rows


def check_source(source: Location) -> None:
    """Raise CommandError if there is no school of this release, which could be copied."""
    migrations.last_applied(source)
    if missing := migrations.pending(source):
        raise CommandError(f"{source} has pending migrations: {', '.join(missing)}")


def copy_school(source: Location, target: Location) -> dict[str, int]:
    """Copy every row, and return the number of rows by table. The source may be served meanwhile.

    Call it with the target locked, and with a source that check_source accepts. Raises CommandError
    if the target has rows. On any other failure, the target has no rows.
    """
    migrations.ensure_current(target)
    with read_tables(source) as rows, fill_tables(target) as tables:
        if filled := tables.first_filled():
            raise CommandError(f"{target} is not empty: there are rows in the table {filled}")
        copy_rows(rows, tables)
    with open_to_read(target) as db:
        return get_counts(db)
