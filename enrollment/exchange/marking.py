"""A list as it was sent, with what is wrong behind each row: people correct it in a spreadsheet and
send it again."""

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from msgspec.structs import replace

from enrollment.exchange.headers import MARK, find_list_header, is_mark
from enrollment.exchange.importing import bring_in, violations_of
from enrollment.exchange.lists import ListFormat, write_rows
from enrollment.exchange.text import Row, find_delimiter
from enrollment.exchange.upload import Upload
from enrollment.exchange.workbook import resent
from enrollment.model.import_options import ImportOptions
from enrollment.model.imports import ImportFault
from enrollment.model.records import Change
from enrollment.problems.errors import Problem
from enrollment.storage.connection import Connection

TITLE = "List"
# Who is who is lost, but all rows were read.
STILL_READ = "mangled_id"


def can_be_marked(upload: Upload) -> bool:
    """Whether it is a list, and all of its rows were read."""
    refusals = {kind.code for kind in upload.faults.summary() if kind.severity == "refusal"}
    return upload.list is not None and refusals <= {STILL_READ}


def mark(
    db: Connection, upload: Upload, options: ImportOptions, change: Change
) -> Iterable[ImportFault]:
    """Return the faults of a list, those in view of the records too. The caller rolls back what
    this does. Raises unreadable_import if it is no list that can be marked, and unknown_course."""
    if not can_be_marked(upload):
        detail = "It is no list, or not all of its rows can be read."
        raise Problem("unreadable_import", detail, violations_of(upload.faults))
    if upload.faults.refuse:
        return upload.faults
    asked = replace(options, dry_run=True)
    return bring_in(db, upload, asked, change, check_tag=lambda tag: False).report.faults


def write_marked(
    upload: Upload, faults: Iterable[ImportFault], kind: ListFormat, target: BinaryIO
) -> None:
    """Write the list that was sent, with the faults of each row in a column behind it. Those of the
    whole file stand in the header. A list that was marked before is marked again."""
    assert upload.list
    marks: dict[int | None, list[str]] = {}
    for fault in faults:
        where = f"{fault.column}: " if fault.column else ""
        marks.setdefault(fault.row, []).append(f"{fault.severity}: {where}{fault.detail}")
    rows = _marked(upload, marks)
    first = next(rows, [])
    encoding = upload.understood.files[0].encoding
    delimiter = find_delimiter(upload.list, encoding) if encoding else ","
    write_rows(TITLE, first, rows, kind, target, delimiter)


def _marked(upload: Upload, marks: dict[int | None, list[str]]) -> Iterator[list[str]]:
    """Yield the rows with their marks, all in one column."""
    header = _header(upload)
    places = [place for place, cell in enumerate(header.cells) if is_mark(cell)]
    place = places[0] if places else max(len(row.cells) for row in upload.list_rows())
    for row in upload.list_rows():
        cells = [*map(resent, row.cells)]
        found = marks.get(row.number, [])
        if row.number == header.number:
            found = [": ".join([MARK, *marks.get(None, []), *found])]
        if found or places:
            cells += [""] * (place + 1 - len(cells))
            cells[place] = " / ".join(found)
        yield cells


def _header(upload: Upload) -> Row:
    found = find_list_header(upload.list_rows(), upload.options.columns)
    assert found
    return found[0]
