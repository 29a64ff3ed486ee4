"""One file of a package: its rows, cell by cell."""

from collections.abc import Sequence

from enrollment.exchange.cells import read_cell
from enrollment.exchange.columns import Table
from enrollment.exchange.dates import in_zone, order_shown_by, parse_date
from enrollment.exchange.faults import CODES, Faults
from enrollment.exchange.headers import Taken, match_header
from enrollment.exchange.reading import FileRead, Reading, Record
from enrollment.exchange.source_files import SourceFile, reports_damage
from enrollment.exchange.text import Row, find_encoding, read_rows
from enrollment.model.imports import Severity

# Days that begin and end something: the end must come after the start.
SPANS = (("startDate", "endDate", False), ("beginDate", "endDate", True))
DAYS = ("date", "local_date")
DATES = (*DAYS, "moment")


def read_table(file: SourceFile, table: Table, mode: str, reading: Reading) -> FileRead:
    """Read a file of a package, and return what it was taken for."""
    read = FileRead(file=file.name, kind=table.name, mode=mode)
    with reports_damage(file, reading.faults):
        _read(file, table, read, reading)
    return read


def _read(file: SourceFile, table: Table, read: FileRead, reading: Reading) -> None:
    faults = reading.faults
    read.encoding = find_encoding(file, reading.options.encoding, faults)
    if read.encoding is None:
        return
    rows = read_rows(file, read.encoding, faults)
    header = next((row for row in rows if any(row.cells)), None)
    if header is None:
        faults.add("empty_file", f"{file.name} is empty.", file.name)
        return
    taken = match_header(table, header.cells, file.name, header.number, faults)
    read.columns = {column.header: column.column.name for column in taken}
    needed = {column.name for column in table.columns.values() if column.needed == "here"}
    if needed.difference(read.columns.values()):
        # Every row would be at fault.
        return
    read.date_order = reading.options.date_order
    reader = _RowReader(file, read, taken, len(header.cells), reading)
    for row in rows:
        if any(cell and not cell.isspace() for cell in row.cells):
            read.rows += 1
            reader.read(row)
    if read.rows == 0:
        faults.add("empty_file", f"{file.name} has a header and no rows.", file.name)


class _RowReader:
    """Reads the rows of one file."""

    def __init__(
        self,
        file: SourceFile,
        read: FileRead,
        taken: Sequence[Taken],
        width: int,
        reading: Reading,
    ) -> None:
        self._file, self._read, self._taken, self._reading = file, read, taken, reading
        self._width = width
        self._knows_order = read.date_order is not None
        # What is shown once for each file: (code, column).
        self._shown: set[tuple[str, str | None]] = set()
        # The number of the row that is being read, and whether it has no error so far.
        self._row, self._is_sound = 0, True

    def read(self, row: Row) -> None:
        """Read a row, and pass it on."""
        self._row, self._is_sound = row.number, True
        self._check_width(row.cells)
        cells = row.cells + [""] * (self._width - len(row.cells))
        content, zone = {}, self._reading.options.zone
        for place, header, column in self._taken:
            text = cells[place]
            if not text or text.isspace():
                continue
            if column.kind in DATES and not self._knows_order and parse_date(text, None) is None:
                self._find_order()
            day = in_zone(text, zone) if zone and column.kind in DAYS else text
            found = read_cell(column, day, self._read.date_order)
            if found.code == "not_kept":
                # Never with its value: this is a password.
                self._once(found.code, found.detail, self._row, header)
            elif found.code:
                self._note(found.code, found.detail, header, text, found.severity)
            if found.value:
                content[column.name] = found.value
        self._check_status(content)
        self._check_needed(content)
        self._check_spans(content)
        record = Record(self._read.file, self._row, self._read.kind, content, self._is_sound)
        self._reading.take(record)

    def _note(
        self,
        code: str,
        detail: str,
        column: str | None = None,
        value: str | None = None,
        severity: Severity | None = None,
    ) -> None:
        severity = severity or CODES[code]
        self._is_sound &= severity == "warning"
        faults = self._reading.faults
        faults.add(code, detail, self._read.file, self._row, column, value, severity)

    def _once(self, code: str, detail: str, row: int | None, column: str) -> None:
        if (code, column) not in self._shown:
            self._shown.add((code, column))
            self._reading.faults.add(code, detail, self._read.file, row, column)

    def _check_width(self, cells: Sequence[str]) -> None:
        is_short = len(cells) < self._width
        if is_short or any(cells[self._width :]):
            text = f"The row has {len(cells)} cells, and the header {self._width}."
            self._note("ragged_row", text, severity="warning" if is_short else None)

    def _check_status(self, content: dict[str, str]) -> None:
        """A bulk file says nothing of changes, and a delta file does in every row."""
        status = content.get("status")
        if self._read.mode == "delta":
            if status is None:
                self._note("missing_value", "A row of a delta needs a status.", "status")
        elif status == "tobedeleted":
            text = "A bulk file holds what is there, and this row is to be deleted."
            self._note("status_in_bulk", text, "status")
        elif status:
            text = "A bulk file has no status: it is read all the same."
            self._once("status_in_bulk", text, None, "status")

    def _check_needed(self, content: dict[str, str]) -> None:
        # A value that can't be read has its fault already. Of a row to be deleted, who it was is
        # enough.
        if not self._is_sound or content.get("status") == "tobedeleted":
            return
        for _, header, column in self._taken:
            if column.needed and column.name not in content:
                severity: Severity = "error" if column.needed == "here" else "warning"
                self._note("missing_value", f"{column.name} is blank.", header, severity=severity)

    def _check_spans(self, content: dict[str, str]) -> None:
        for start, end, may_be_equal in SPANS:
            first, last = content.get(start), content.get(end)
            if first and last and (last < first or (last == first and not may_be_equal)):
                text = f"It ends on {last}, and starts on {first}."
                self._note("ends_before_start", text, self._read.header(end))

    def _find_order(self) -> None:
        """Find a day in this file that can be read in one way only, which settles the others."""
        self._knows_order = True
        assert self._read.encoding
        places = [place for place, _, column in self._taken if column.kind in DATES]
        # What is wrong with the rows is noted when they are read.
        for row in read_rows(self._file, self._read.encoding, Faults()):
            for place in places:
                if place < len(row.cells) and (order := order_shown_by(row.cells[place])):
                    self._read.date_order = order
                    return
