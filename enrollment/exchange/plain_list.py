"""A plain list of people: a CSV file or a workbook with headers in the words of a school."""

from collections.abc import Iterator, Sequence
from itertools import chain, islice

from enrollment.exchange.faults import CODES, Faults
from enrollment.exchange.headers import LIST_COLUMNS, Taken, find_list_header, is_mark
from enrollment.exchange.list_cells import read_list_cell, unguarded, unguarded_number
from enrollment.exchange.list_words import IGNORED, TOTALS
from enrollment.exchange.reading import FileRead, Reading, Record
from enrollment.exchange.source_files import SourceFile, reports_damage
from enrollment.exchange.spelling import fold, spell
from enrollment.exchange.text import MOST_LINES_ABOVE_HEADER, Row, find_encoding, read_rows
from enrollment.exchange.workbook import read_workbook, unmarked


def read_list(file: SourceFile, reading: Reading) -> FileRead:
    """Read a list."""
    read, above = FileRead(file=file.name, kind="list"), list[Row]()
    with reports_damage(file, reading.faults):
        if not file.is_workbook:
            read.encoding = find_encoding(file, reading.options.encoding, reading.faults)
        rows = list_rows(file, read.encoding, reading.faults)
        above += islice(rows, MOST_LINES_ABOVE_HEADER)
        if found := find_list_header(above, reading.options.columns):
            header, taken = found
            _note_columns(header, taken, read, reading)
            below = chain((row for row in above if row.number > header.number), rows)
            _read_people(below, header, taken, read, reading)
    if not read.columns and not reading.faults.refuse:
        text = (
            f"No row of {file.name} is a header: expected two columns such as number,"
            " family name, given name and email. If they have other names, the option columns says"
            " what they hold."
        )
        if file.is_workbook:
            text += " Only the first visible sheet is read: put the list there."
        shown = (", ".join(filter(None, map(unmarked, row.cells))) for row in above)
        reading.faults.add("unknown_format", text, file.name, value=next(filter(None, shown), None))
    return read


def list_rows(file: SourceFile, encoding: str | None, faults: Faults) -> Iterator[Row]:
    """Yield the rows of a list: of a workbook, or of text in this encoding."""
    if file.is_workbook:
        rows, plain = read_workbook(file, faults), unguarded_number
    else:
        rows, plain = read_rows(file, encoding, faults) if encoding else iter(()), unguarded
    for row in rows:
        yield Row(row.number, [*map(plain, row.cells)])


def _note_columns(header: Row, taken: Sequence[Taken], read: FileRead, reading: Reading) -> None:
    read.columns = {column.header: column.column.name for column in taken}
    places = {column.place for column in taken}
    present = {spell(cell) for cell in header.cells}
    for name in reading.options.columns:
        if name not in present:
            text = f"There is no column {name}, which the option columns names."
            reading.faults.add("missing_column", text, read.file, header.number, severity="warning")
    for place, cell in enumerate(header.cells):
        if reading.options.columns.get(spell(cell)) == IGNORED:
            continue
        if cell.strip() and place not in places and not is_mark(cell):
            text = f"The column {cell} {_reason(cell, read)}."
            reading.faults.add("unknown_column", text, read.file, header.number, cell)


def _reason(header: str, read: FileRead) -> str:
    """Return why a column is left out."""
    field = LIST_COLUMNS.get(spell(header))
    if field == "grade" and field not in read.columns.values():
        return "is left out: a grade counts only beside a column Outcome"
    if field:
        return f"is left out: the column {read.header(field)} is read for it"
    return "is not known, and is left out"


def _read_people(
    rows: Iterator[Row], header: Row, taken: Sequence[Taken], read: FileRead, reading: Reading
) -> None:
    faults = reading.faults
    width = max(place + 1 for place, cell in enumerate(header.cells) if cell.strip())
    for row in rows:
        first = next((cell for cell in row.cells if cell.strip()), None)
        if first is None:
            continue
        if fold(first).partition(":")[0] in TOTALS:
            faults.add("not_kept", "The row counts others, and is left out.", read.file, row.number)
            continue
        read.rows += 1
        if any(cell.strip() for cell in row.cells[width:]):
            text = f"The header has {width} cells. What stands beyond is left out: check the row."
            faults.add("ragged_row", text, read.file, row.number, severity="warning")
        content, is_sound = {}, True
        for place, name, column in taken:
            text = row.cells[place] if place < len(row.cells) else ""
            if not text.strip():
                continue
            found, values = read_list_cell(name, column, text)
            content.update(values)
            if found.code:
                severity = found.severity or CODES[found.code]
                is_sound &= severity == "warning"
                value = unmarked(text)
                faults.add(found.code, found.detail, read.file, row.number, name, value, severity)
        reading.take(Record(read.file, row.number, "list", content, is_sound))
