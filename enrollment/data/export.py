"""What an export holds: the records of the school one by one, as there may be millions."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from msgspec.json import decode

from enrollment.model.courses import Meeting
from enrollment.model.meetings import write_meetings
from enrollment.model.results import Violation
from enrollment.problems.errors import Problem
from enrollment.storage.connection import Connection, Row
from enrollment.storage.queries import queries

SQL = queries("export")
# A row of an export, by the names of its columns.
Fields = dict[str, Any]


class School(NamedTuple):
    """What the school is called, and what the ids of its records begin with."""

    key: str
    name: str

    @property
    def is_named(self) -> bool:
        """Whether it has a name of its own, and not that of a new database."""
        return self.name != "School"


class Scope(NamedTuple):
    """What is exported: the courses of one term, or all; what has changed since a time, or all;
    whether enrollments that ended with a drop are in it; and the system whose ids count where two
    know a record, else the first that had it."""

    term: str | None = None
    since: str | None = None
    with_history: bool = False
    source: str | None = None


def get_school(db: Connection) -> School:
    """Return the school."""
    return School(**SQL.get_school(db))


def update_school(db: Connection, name: str) -> None:
    """Give the school a name."""
    SQL.update_school(db, name=name)


def check_scope(db: Connection, scope: Scope) -> None:
    """Raise unknown_term if there is no such term: a system that takes an empty package as complete
    would drop every student. Raise option_does_not_fit for the history of a delta, and for a
    system from which nothing has come."""
    wrong = []
    if scope.since is not None and scope.with_history:
        detail = "A delta has no history: leave out history, or since."
        wrong.append(Violation(parameter="history", code="option_does_not_fit", detail=detail))
    if scope.source is not None and not SQL.get_source_of_export(db, source=scope.source):
        detail = f"No import has come from the system {scope.source}."
        wrong.append(Violation(parameter="source", code="option_does_not_fit", detail=detail))
    if scope.term is not None and not SQL.get_term_of_export(db, code=scope.term):
        detail = f"There is no term with the code {scope.term}."
        details = {"term": scope.term}
        wrong.append(
            Violation(parameter="term", code="unknown_term", detail=detail, details=details)
        )
    if wrong:
        raise Problem.from_violations(wrong)


def get_outcomes(db: Connection, scope: Scope) -> tuple[bool, bool]:
    """Return whether an enrollment that is exported has ended here, and whether one has a grade."""
    row = SQL.get_outcomes(db, **scope._asdict())
    return bool(row["has_outcomes"]), bool(row["has_grades"])


def list_rows(db: Connection, name: str, scope: Scope) -> Iterator[Fields]:
    """List the rows of the query of sql/export.sql that has this name."""
    return read_rows(getattr(SQL, f"{name}_cursor")(db, **scope._asdict()))


def list_people(db: Connection, status: str | None) -> Iterator[Fields]:
    """List the students by name."""
    return read_rows(SQL.list_people_cursor(db, status=status))


def list_roster(db: Connection, course_id: int, status: str | None) -> Iterator[Fields]:
    """List the students of a course by name."""
    return read_rows(SQL.list_roster_cursor(db, course_id=course_id, status=status))


def list_term_courses(db: Connection, term_id: int) -> Iterator[Fields]:
    """List the courses of a term by code, with their seats, and their meetings as lines."""
    for row in read_rows(SQL.list_term_courses_cursor(db, term_id=term_id)):
        meetings = [Meeting(**meeting) for meeting in row["meetings"]]
        yield row | {"meetings": write_meetings(meetings)}


def read_rows(query: Any) -> Iterator[Fields]:
    """Return the rows of a query that was opened with a cursor, one by one."""
    with query as cursor:
        for row in cursor:
            yield fields_of(row)


def fields_of(row: Row) -> Fields:
    """Return a row by the names of its columns. What is JSON is decoded."""
    fields = dict(row)
    for name in ("content", "taken", "groups", "meetings"):
        if fields.get(name):
            fields[name] = decode(fields[name])
    return fields
