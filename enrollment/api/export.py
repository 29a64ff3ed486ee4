"""/v1/oneroster.zip and /v1/students.csv: rosters for other systems, and lists for spreadsheets."""

from collections.abc import Callable
from functools import partial
from typing import Any

from enrollment.data import course, export, term
from enrollment.data.export import Scope
from enrollment.exchange.lists import COURSES, MEDIA_TYPES, ROSTER, STUDENTS, ListFormat, list_file
from enrollment.exchange.package_writer import write_archive
from enrollment.http.context import Context
from enrollment.http.download import download
from enrollment.http.operation import READERS, Operation
from enrollment.http.responses import Result
from enrollment.model.exports import PackageScope, RosterListFilter, StudentListFilter
from enrollment.model.records import Input
from enrollment.storage.connection import Connection

ZIP = "application/zip"


def export_oneroster(context: Context, db: Connection, query: PackageScope) -> Result:
    """Export rosters as a package of OneRoster 1.2."""
    scope = Scope(query.term or None, query.since, query.history, query.source or None)
    return download("oneroster.zip", ZIP, partial(write_archive, db, scope, context.zone))


def _students(
    context: Context, db: Connection, kind: ListFormat, query: StudentListFilter
) -> Result:
    rows = export.list_people(db, query.status)
    return download(*list_file(STUDENTS, rows, kind, context.zone))


def _roster(
    context: Context, db: Connection, kind: ListFormat, course_id: int, query: RosterListFilter
) -> Result:
    found = course.get_course(db, course_id)
    rows = export.list_roster(db, course_id, query.status)
    return download(*list_file(ROSTER, rows, kind, context.zone, found.label, found.term))


def _courses(context: Context, db: Connection, kind: ListFormat, term_id: int) -> Result:
    code = term.get_term(db, term_id).code
    rows = export.list_term_courses(db, term_id)
    return download(*list_file(COURSES, rows, kind, context.zone, code))


STUDENTS_OF_COURSE = "/v1/courses/<course_id:id>/students"
COURSES_OF_TERM = "/v1/terms/<term_id:id>/courses"
# The names of the lists, their paths, and what is on them.
LISTS = (
    ("students", "/v1/students", "students", _students, StudentListFilter),
    ("roster", STUDENTS_OF_COURSE, "the students of a course", _roster, RosterListFilter),
    ("courses", COURSES_OF_TERM, "the courses of a term", _courses, None),
)
FORMS: dict[ListFormat, str] = {"csv": "as CSV, for a spreadsheet", "xlsx": "as a workbook"}


def _operation(
    kind: ListFormat,
    name: str,
    path: str,
    what: str,
    send: Callable[..., Result],
    query: type[Input] | None,
) -> Operation:
    """Return the operation that sends a list, `what`, as a file of this kind."""

    def handler(context: Context, db: Connection, **named: Any) -> Result:
        return send(context, db, kind, **named)

    handler.__name__ = f"export_{name}_{kind}"
    handler.__doc__ = f"List {what} {FORMS[kind]}."
    media_type = MEDIA_TYPES[kind]
    return Operation("GET", f"{path}.{kind}", READERS, handler, query=query, download=media_type)


OPERATIONS = (
    Operation(
        "GET",
        "/v1/oneroster.zip",
        READERS,
        export_oneroster,
        query=PackageScope,
        download=ZIP,
        conflicts=("option_does_not_fit", "unknown_term"),
    ),
    *(_operation(kind, *described) for described in LISTS for kind in FORMS),
)
