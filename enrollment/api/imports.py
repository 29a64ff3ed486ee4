"""/v1/imports: files of other systems, and lists, that are brought in."""

from functools import partial
from typing import NoReturn

from enrollment.data import imports, undo
from enrollment.exchange.importing import bring_in
from enrollment.exchange.lists import MEDIA_TYPES, ListFormat, write_faults
from enrollment.exchange.marking import mark, write_marked
from enrollment.exchange.upload import Upload, reading_options
from enrollment.http.conditional import check_preconditions, check_record
from enrollment.http.context import Context, change_context
from enrollment.http.download import download
from enrollment.http.endpoint import RolledBack
from enrollment.http.operation import READERS, REGISTRARS, Operation
from enrollment.http.query import paged
from enrollment.http.responses import Result, created, ok, render
from enrollment.model.import_options import ImportOptions, UndoOptions
from enrollment.model.imports import Import, ImportReport, Undo
from enrollment.model.queries import Pagination
from enrollment.model.results import Page
from enrollment.storage.connection import Connection

# What the file may be said to be. Its content decides what it is.
UPLOADS = ("application/zip", "text/csv", MEDIA_TYPES["xlsx"], "application/octet-stream")


def read_file(context: Context, content: bytes) -> Upload:
    """Read the file that is to be brought in. Raises unreadable_import."""
    options = context.query
    assert isinstance(options, ImportOptions)
    name = options.file_name or "upload"
    return Upload.of_content(name, content, reading_options(options, context.zone))


def import_file(context: Context, db: Connection, query: ImportOptions, body: Upload) -> Result:
    """Bring in a package of rosters, or a list of students, as a whole or not at all."""

    def check_tag(tag: str) -> bool:
        check_preconditions(context, lambda: tag)
        return context.header("IF_MATCH") not in (None, "*")

    made = bring_in(db, body, query, change_context(context), check_tag=check_tag)
    return created(made.report, f"/v1/imports/{made.report.id}")


def list_imports(context: Context, db: Connection, query: Pagination) -> Result:
    """List imports, also those that are undone."""
    return paged(context, query, imports.list_imports, db)


def read_import(context: Context, db: Connection, import_id: int) -> Result:
    """Read the report of an import."""
    return ok(imports.get_import(db, import_id))


def export_faults_csv(context: Context, db: Connection, import_id: int) -> Result:
    """List the faults of an import as CSV, for a spreadsheet."""
    report = imports.get_import(db, import_id)
    return download("faults.csv", MEDIA_TYPES["csv"], partial(write_faults, report.faults))


def undo_import(context: Context, db: Connection, import_id: int, query: UndoOptions) -> Result:
    """Undo an import (the record is kept)."""
    check_record(context, imports.get_import_head(db, import_id))
    return ok(undo.undo_import(db, import_id, query, change_context(context)))


def _marking(kind: ListFormat, what: str) -> Operation:
    """Return the operation that sends a list back as a file of this kind, `what`."""

    def handler(context: Context, db: Connection, query: ImportOptions, body: Upload) -> NoReturn:
        faults = mark(db, body, query, change_context(context))
        write = partial(write_marked, body, faults, kind)
        raise RolledBack(render(context, download(f"marked.{kind}", MEDIA_TYPES[kind], write)))

    handler.__name__ = f"mark_list_{kind}"
    handler.__doc__ = (
        f"Send a list back as {what} with its faults behind each row, and import nothing."
    )
    return Operation(
        "POST",
        f"/v1/imports/marked.{kind}",
        REGISTRARS,
        handler,
        query=ImportOptions,
        reader=read_file,
        uploads=UPLOADS,
        download=MEDIA_TYPES[kind],
        conflicts=("option_does_not_fit", "unreadable_import", "unknown_course"),
    )


OPERATIONS = (
    Operation("GET", "/v1/imports", READERS, list_imports, query=Pagination, answer=Page[Import]),
    Operation(
        "POST",
        "/v1/imports",
        REGISTRARS,
        import_file,
        query=ImportOptions,
        reader=read_file,
        uploads=UPLOADS,
        answer=ImportReport,
        status=201,
        conflicts=(
            *("option_does_not_fit", "unreadable_import", "import_has_errors", "too_many_removals"),
            "unknown_course",
        ),
        conditional=True,
    ),
    Operation(
        "GET", "/v1/imports/<import_id:id>", READERS, read_import, answer=ImportReport, slow=True
    ),
    Operation(
        "GET",
        "/v1/imports/<import_id:id>/faults.csv",
        READERS,
        export_faults_csv,
        download=MEDIA_TYPES["csv"],
    ),
    _marking("csv", "CSV"),
    _marking("xlsx", "a workbook"),
    Operation(
        "DELETE",
        "/v1/imports/<import_id:id>",
        REGISTRARS,
        undo_import,
        query=UndoOptions,
        answer=Undo,
        conflicts=("import_undone", "undo_conflicts"),
    ),
)
