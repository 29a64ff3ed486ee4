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


def list_own_columns(db: Connection, kind: str, scope: Scope) -> list[str]:
    """List the columns of their own that the records of a kind came with."""
    return [row["name"] for row in SQL.list_own_columns(db, kind=kind, source=scope.source)]


def list_sourced(db: Connection, kind: str, scope: Scope) -> Iterator[Fields]:
    """List the records of a kind by their ids there."""
    return read_rows(SQL.list_sourced_cursor(db, kind=kind, source=scope.source))


def list_foreign_ids(db: Connection, scope: Scope) -> set[tuple[str, str, str]]:
    """List the ids of orgs, sessions and courses of the catalog that a system has given to
    something else than what is exported with them, each with its kind and the system."""
    return {tuple(row) for row in SQL.list_foreign_ids(db, source=scope.source)}


def list_terms(db: Connection, scope: Scope) -> Iterator[Fields]:
    """List the terms that are sessions of another system."""
    return read_rows(SQL.list_sourced_terms_cursor(db, source=scope.source))


def list_courses(db: Connection, scope: Scope) -> Iterator[Fields]:
    """List the courses that are classes of another system."""
    return read_rows(SQL.list_sourced_courses_cursor(db, source=scope.source))


def list_students(db: Connection, scope: Scope) -> Iterator[Fields]:
    """List the students who are users of another system."""
    return read_rows(SQL.list_sourced_students_cursor(db, **scope._asdict()))


def list_people(db: Connection, scope: Scope) -> Iterator[Fields]:
    """List the users of another system who are none of our students."""
    return read_rows(SQL.list_kept_people_cursor(db, source=scope.source))


def list_roles(db: Connection, scope: Scope) -> Iterator[Fields]:
    """List the roles of users of another system."""
    return read_rows(SQL.list_kept_roles_cursor(db, source=scope.source))


def list_people_without_role(db: Connection, scope: Scope) -> Iterator[Fields]:
    """List the users of another system whose role is not in a file of roles."""
    return read_rows(SQL.list_people_without_role_cursor(db, source=scope.source))


def list_stretches(db: Connection, scope: Scope) -> Iterator[Fields]:
    """List the enrollments of students that another system has."""
    return read_rows(SQL.list_sourced_stretches_cursor(db, **scope._asdict()))


def list_kept_enrollments(db: Connection, scope: Scope) -> Iterator[Fields]:
    """List the enrollments of teachers and others that another system has."""
    return read_rows(SQL.list_kept_enrollments_cursor(db, **scope._asdict()))


def get_left_out(db: Connection, scope: Scope) -> dict[str, int]:
    """Count the users and enrollments that are not exported since another system has their ids.
    Those of students are never left out: they have an id of ours then."""
    return dict(SQL.get_left_out(db, **scope._asdict()))
