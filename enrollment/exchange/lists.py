"""Lists for people, as they open well in a spreadsheet: CSV and XLSX."""

import codecs
import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any, BinaryIO, Literal, NamedTuple

from enrollment.data.export import Fields
from enrollment.exchange.oneroster import CONTROL
from enrollment.exchange.plain_list import FORMULA

ListFormat = Literal["csv", "xlsx"]
MEDIA_TYPES: dict[ListFormat, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# A sheet of a workbook has no more rows than this, with its header.
MOST_ROWS = 1_048_576
WIDTH = 20


class Layout(NamedTuple):
    """The columns of a list: the names of the fields, and what people read above them."""

    title: str
    columns: dict[str, str]


STUDENTS = Layout(
    "Students",
    {
        "number": "Number",
        "family_name": "Family name",
        "given_name": "Given name",
        "email": "Email",
        "status": "Status",
    },
)
ROSTER = Layout(
    "Roster",
    {
        **STUDENTS.columns,
        "position": "Place in the waitlist",
        "enrolled_at": "Enrolled",
        "waitlisted_at": "Waitlisted",
        "completed_at": "Completed",
        "dropped_at": "Dropped",
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


def write_list(layout: Layout, rows: Iterable[Fields], kind: ListFormat, target: BinaryIO) -> None:
    """Write a list, row by row."""
    cells = ([_text(row[name]) for name in layout.columns] for row in rows)
    write_rows(layout.title, [*layout.columns.values()], cells, kind, target)


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
        _write_workbook(title, header, rows, target)


def _text(value: Any) -> str:
    if value is None:
        return ""
    text = f"{value:g}" if isinstance(value, float) else str(value)
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


def _write_workbook(
    title: str, header: Sequence[str], rows: Iterable[Sequence[str]], target: BinaryIO
) -> None:
    """Write a workbook in which every cell is text: zeros stay, and nothing is a formula."""
    # The library takes 13 MB of memory and half a second, which only workbooks need.
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = _sheet(book, title, header)
    for number, row in enumerate(rows):
        if number and number % (MOST_ROWS - 1) == 0:
            sheet = _sheet(book, title, header)
        sheet.append([_text_cell(sheet, value) for value in row])
    book.save(target)


def _sheet(book: Any, title: str, header: Sequence[str]) -> Any:
    """Add a sheet with its header to a workbook. A title that is taken gets a number."""
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    for place in range(len(header)):
        sheet.column_dimensions[get_column_letter(place + 1)].width = WIDTH
    cells = [_text_cell(sheet, name) for name in header]
    for cell in cells:
        cell.font = Font(bold=True)
    sheet.append(cells)
    return sheet


def _text_cell(sheet: Any, value: str) -> Any:
    from openpyxl.cell import WriteOnlyCell

    # No cell of a workbook has control characters.
    value = CONTROL.sub(" ", value)
    cell = WriteOnlyCell(sheet, value or None)
    if value:
        # A text that begins with = would become a formula.
        cell.data_type = "s"
        cell.number_format = "@"
    return cell
