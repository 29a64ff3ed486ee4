"""The records of other systems for an export: what came with them, and what stands here."""

from collections.abc import Iterator

from enrollment.data.export import Fields, Scope, read_rows
from enrollment.storage.connection import Connection
from enrollment.storage.queries import queries

SQL = queries("sourced")


def get_own_records(db: Connection, scope: Scope) -> tuple[bool, bool]:
    """Return whether there are students or courses that have no id of another system, and whether
    any record is one of another system."""
    row = SQL.get_own_records(db, source=scope.source)
    return bool(row["found"]), bool(row["has_sources"])


def get_school_updated_at(db: Connection, scope: Scope) -> str | None:
    """Return when a record that has no id of another system last changed since the time of a
    delta, or None: the school of ours is exported with such a record."""
    row = SQL.get_school_updated_at(db, since=scope.since, source=scope.source)
    found: str | None = row["updated_at"]
    return found


def list_own_columns(db: Connection, kind: str, scope: Scope) -> list[str]:
    """List the columns of their own that the records of a kind came with."""
    return [row["name"] for row in SQL.list_own_columns(db, kind=kind, **scope._asdict())]


def list_foreign_ids(db: Connection, scope: Scope) -> set[tuple[str, str, str]]:
    """List the ids of orgs, sessions and courses of the catalog that a system has given to
    something else than what is exported with them, each with its kind and the system."""
    return {tuple(row) for row in SQL.list_foreign_ids(db, source=scope.source)}


def get_left_out(db: Connection, scope: Scope) -> dict[str, int]:
    """Count the users and enrollments that are not exported since another system has their ids.
    Those of students are never left out: they have an id of ours then."""
    return dict(SQL.get_left_out(db, **scope._asdict()))


def list_rows(db: Connection, name: str, scope: Scope, **more: str) -> Iterator[Fields]:
    """List the rows of the query of sql/sourced.sql that has this name."""
    return read_rows(getattr(SQL, f"{name}_cursor")(db, **scope._asdict(), **more))
