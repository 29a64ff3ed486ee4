"""Lists for people, as they open well in a spreadsheet: CSV and XLSX."""

import codecs
import csv
import io
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, tzinfo
from functools import partial
from typing import Any, BinaryIO, Literal, NamedTuple

from msgspec.structs import asdict

from enrollment.data.export import Fields
from enrollment.exchange.list_cells import FORMULA
from enrollment.exchange.text import CONTROL
from enrollment.exchange.workbook_writer import write_workbook
from enrollment.model.days import local
from enrollment.model.imports import ImportFault

ListFormat = Literal["csv", "xlsx"]
MEDIA_TYPES: dict[ListFormat, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class Layout(NamedTuple):
    """The columns of a list: the names of the fields, and what people read above them."""

    title: str
    columns: dict[str, str]


PERSON = {
    "number": "Number",
    "family_name": "Family name",
    "given_name": "Given name",
    "email": "Email",
}
STUDENTS = Layout("Students", {**PERSON, "status": "Status", "groups": "Groups"})
ROSTER = Layout(
    "Roster",
    {
        **STUDENTS.columns,
        "position": "Place in the waitlist",
        "enrolled_at": "Enrolled",
        "waitlisted_at": "Waitlisted",
        "completed_at": "Completed",
        "dropped_at": "Dropped",
        "outcome": "Outcome",
        "grade": "Grade",
    },
)
COURSES = Layout(
    "Courses",
    {
        "code": "Code",
        "section": "Section",
        "title": "Title",
        "instructor": "Instructor",
        "credits": "Credits",
        "status": "Status",
        "capacity": "Capacity",
        "enrolled": "Enrolled",
        "waitlisted": "Waitlisted",
        "meetings": "Meetings",
    },
)
CENSUS = Layout(
    "Census",
    {
        "code": "Code",
        "section": "Section",
        "title": "Title",
        "enrolled": "Enrolled",
        "waitlisted": "Waiting",
        "completed": "Completed",
        "dropped": "Dropped since the start",
        "credits": "Credits",
    },
)
CHANGES = Layout(
    "Changes",
    {
        "recorded_at": "Recorded",
        "effective_at": "Since",
        "actor": "By",
        "number": "Number",
        "family_name": "Family name",
        "given_name": "Given name",
        "label": "Course",
        "subject": "Record",
        "from_status": "From",
        "to_status": "To",
        "change": "Change",
        "grade": "Grade",
        "reason": "Reason",
        "overridden": "Rules set aside",
        "correction": "Correction",
    },
)
TOKENS = Layout("Tokens", {**PERSON, "token": "Token"})
FAULTS = Layout(
    "Faults",
    {
        "file": "File",
        "row": "Row",
        "column": "Column",
        "value": "Value",
        "severity": "Severity",
        "code": "Code",
        "detail": "What is wrong",
    },
)


def list_file(
    layout: Layout, rows: Iterable[Fields], kind: ListFormat, zone: tzinfo, *about: str | None
) -> tuple[str, str, Callable[[BinaryIO], object]]:
    """Return the name of a file with a list, its media type, and what writes it. The name has the
    day and what the list is about, such as roster-CS101-1-2026-FALL-2026-09-01.csv."""
    parts = [layout.title.lower(), *filter(None, about), f"{datetime.now(zone):%Y-%m-%d}"]
    write = partial(write_list, layout, rows, kind, zone=zone)
    return f"{'-'.join(parts)}.{kind}", MEDIA_TYPES[kind], write


def write_list(
    layout: Layout,
    rows: Iterable[Fields],
    kind: ListFormat,
    target: BinaryIO,
    zone: tzinfo = UTC,
) -> None:
    """Write a list, row by row. Times are those of the zone."""
    cells = ([_text(name, row[name], zone) for name in layout.columns] for row in rows)
    write_rows(layout.title, [*layout.columns.values()], cells, kind, target)


def write_faults(faults: Iterable[ImportFault], target: BinaryIO) -> None:
    """Write the faults of an import as CSV, the worst first."""
    write_list(FAULTS, map(asdict, faults), "csv", target)


def write_rows(
    title: str,
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    kind: ListFormat,
    target: BinaryIO,
    delimiter: str = ",",
) -> None:
    """Write rows of cells. A workbook has a title, and CSV a delimiter."""
    if kind == "csv":
        _write_csv(header, rows, target, delimiter)
    else:
        write_workbook(title, header, rows, target)


def _text(name: str, value: Any, zone: tzinfo) -> str:
    if value is None:
        return ""
    if name.endswith("_at"):
        # As a spreadsheet sorts it, such as 2026-11-03 10:12:05.
        return f"{local(value, zone):%Y-%m-%d %H:%M:%S}"
    if isinstance(value, list):
        return ", ".join(value)
    text = f"{value:.10g}" if isinstance(value, float) else str(value)
    return text if text.isprintable() else CONTROL.sub(" ", text)


def _write_csv(
    header: Sequence[str], rows: Iterable[Sequence[str]], target: BinaryIO, delimiter: str
) -> None:
    """Write CSV with a mark, by which a spreadsheet knows UTF-8, and with guarded formulas."""
    target.write(codecs.BOM_UTF8)
    text = io.TextIOWrapper(target, "utf-8", newline="", write_through=True)
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow([_guarded(cell) for cell in header])
    writer.writerows([_guarded(cell) for cell in row] for row in rows)
    text.flush()
    # The target stays open.
    text.detach()


def _guarded(cell: str) -> str:
    """Put an apostrophe before what a spreadsheet would take for a formula (CWE-1236). A reading
    takes it off again."""
    return f"'{cell}" if FORMULA.match(cell) else cell
