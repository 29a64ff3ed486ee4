"""/v1/oneroster.zip and /v1/students.csv: rosters for other systems, and lists for spreadsheets."""

from functools import partial

from enrollment.data import course, export, term
from enrollment.data.export import Scope
from enrollment.exchange.lists import COURSES, MEDIA_TYPES, ROSTER, STUDENTS, ListFormat, list_file
from enrollment.exchange.package_writer import write_archive
from enrollment.http.authentication import READERS
from enrollment.http.context import Context
from enrollment.http.download import download
from enrollment.http.operation import Operation
from enrollment.http.responses import Result
from enrollment.model.exports import PackageScope, RosterListFilter, StudentListFilter
from enrollment.storage.connection import Connection

ZIP = "application/zip"


def export_oneroster(context: Context, db: Connection, query: PackageScope) -> Result:
    """Export rosters as a package of OneRoster 1.2."""
    scope = Scope(query.term or None, query.since, query.history, query.source or None)
    return download("oneroster.zip", ZIP, partial(write_archive, db, scope, context.zone))


def export_students_csv(context: Context, db: Connection, query: StudentListFilter) -> Result:
    """List students as CSV, for a spreadsheet."""
    return download(*list_file(STUDENTS, export.list_people(db, query.status), "csv", context.zone))


def export_students_xlsx(context: Context, db: Connection, query: StudentListFilter) -> Result:
    """List students as a workbook."""
    return download(
        *list_file(STUDENTS, export.list_people(db, query.status), "xlsx", context.zone)
    )


def export_roster_csv(
    context: Context, db: Connection, course_id: int, query: RosterListFilter
) -> Result:
    """List the students of a course as CSV, for a spreadsheet."""
    return _roster(context, db, course_id, query, "csv")


def export_roster_xlsx(
    context: Context, db: Connection, course_id: int, query: RosterListFilter
) -> Result:
    """List the students of a course as a workbook."""
    return _roster(context, db, course_id, query, "xlsx")


def export_courses_csv(context: Context, db: Connection, term_id: int) -> Result:
    """List the courses of a term as CSV, for a spreadsheet."""
    code = term.get_term(db, term_id).code
    return download(
        *list_file(COURSES, export.list_term_courses(db, term_id), "csv", context.zone, code)
    )


def export_courses_xlsx(context: Context, db: Connection, term_id: int) -> Result:
    """List the courses of a term as a workbook."""
    code = term.get_term(db, term_id).code
    return download(
        *list_file(COURSES, export.list_term_courses(db, term_id), "xlsx", context.zone, code)
    )


def _roster(
    context: Context, db: Connection, course_id: int, query: RosterListFilter, kind: ListFormat
) -> Result:
    found = course.get_course(db, course_id)
    rows = export.list_roster(db, course_id, query.status)
    return download(*list_file(ROSTER, rows, kind, context.zone, found.label, found.term))


OPERATIONS = (
    Operation(
        "GET",
        "/v1/oneroster.zip",
        READERS,
        export_oneroster,
        query=PackageScope,
        download=ZIP,
        conflicts=("unknown_term",),
    ),
    Operation(
        "GET",
        "/v1/students.csv",
        READERS,
        export_students_csv,
        query=StudentListFilter,
        download=MEDIA_TYPES["csv"],
    ),
    Operation(
        "GET",
        "/v1/students.xlsx",
        READERS,
        export_students_xlsx,
        query=StudentListFilter,
        download=MEDIA_TYPES["xlsx"],
    ),
    Operation(
        "GET",
        "/v1/courses/<course_id:id>/students.csv",
        READERS,
        export_roster_csv,
        query=RosterListFilter,
        download=MEDIA_TYPES["csv"],
    ),
    Operation(
        "GET",
        "/v1/courses/<course_id:id>/students.xlsx",
        READERS,
        export_roster_xlsx,
        query=RosterListFilter,
        download=MEDIA_TYPES["xlsx"],
    ),
    Operation(
        "GET",
        "/v1/terms/<term_id:id>/courses.csv",
        READERS,
        export_courses_csv,
        download=MEDIA_TYPES["csv"],
    ),
    Operation(
        "GET",
        "/v1/terms/<term_id:id>/courses.xlsx",
        READERS,
        export_courses_xlsx,
        download=MEDIA_TYPES["xlsx"],
    ),
)
