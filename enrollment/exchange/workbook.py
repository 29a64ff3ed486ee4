"""The rows of a workbook (.xlsx): what its cells show, not what they hold."""

import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from functools import partial
from itertools import groupby
from typing import Any, BinaryIO
from xml.parsers.expat import ParserCreate

from enrollment.exchange.cells import MOST_DIGITS
from enrollment.exchange.faults import Faults
from enrollment.exchange.source_files import SourceFile
from enrollment.exchange.text import CONTROL, ESCAPE, MOST_COLUMNS, Row

# The parts of a format of whole numbers that has only digits and text: "S-"0000, 00000 or 000-000.
# The last two show nothing: a language such as [$-407], and _) for a blank as wide as a bracket.
# Spreadsheets take no format of more than 255 characters.
PART = r'"[^"]*"|\\.|[-() ]|[0#]|\[\$-[0-9A-Fa-f,]+\]|_.'
PLAIN_FORMAT = re.compile(f"(?:{PART}){{1,255}}")
# What stands before a number that has lost digits, and before a formula without a stored value. No
# cell holds it otherwise.
LOST, UNCALCULATED = "\x00lost", "\x00formula"
# The row of a sheet, as the parser of XML names it.
ROW = "http://schemas.openxmlformats.org/spreadsheetml/2006/main row"
# How many stretches of hidden rows are named.
MOST_STRETCHES = 5


def read_workbook(file: SourceFile, faults: Faults) -> Iterator[Row]:
    """Read the rows of the first sheet that is visible, one by one; the other sheets are left out,
    and shown. Rows that are hidden are read, as a filter deletes nothing, and are shown."""
    with file.open() as stream, file.open() as again:
        try:
            sheet, *others = _quietly(lambda: _sheets(stream, data_only=True))
            rows, formulas = enumerate(sheet.iter_rows(), 1), _formulas(again)
            hidden, hidden_read = _hidden_rows(sheet), list[int]()
            while row := _quietly(lambda: next(rows, None)):
                number, cells = row
                if len(cells) > MOST_COLUMNS:
                    text = f"{file.name} has more than {MOST_COLUMNS} columns."
                    faults.add("unreadable_file", text, file.name, number)
                    return
                shown = [_shown(cell.value, cell.number_format) for cell in cells]
                if any(map(_may_be_formula, cells)):
                    found = _quietly(partial(_row, formulas, number))
                    for place, formula in enumerate(found):
                        if formula.data_type == "f" and _may_be_formula(cells[place]):
                            shown[place] = f"{UNCALCULATED}{formula.value}"
                if number in hidden and any(shown):
                    hidden_read.append(number)
                yield Row(number, shown)
        except Exception:
            # What the library raises depends on which byte is wrong.
            text = f"{file.name} is no workbook that can be read. Save it again as .xlsx."
            faults.add("unreadable_file", text, file.name)
            return
        if hidden_read:
            faults.add("hidden_rows", _hidden_text(hidden_read), file.name)
        for other in others:
            text = f"Only the first visible sheet is read, not {other.title}."
            faults.add("unknown_file", text, file.name, value=other.title)


def _sheets(stream: BinaryIO, *, data_only: bool) -> list[Any]:
    """Return the sheets of a workbook, the first visible one first: with the values of formulas, or
    with the formulas."""
    # The library takes 13 MB of memory and half a second, which only workbooks need.
    from openpyxl import load_workbook

    book = load_workbook(stream, read_only=True, data_only=data_only)
    for sheet in book.worksheets:
        # What it says of its size can be wrong.
        sheet.reset_dimensions()
    return sorted(book.worksheets, key=lambda each: each.sheet_state != "visible")


def _hidden_rows(sheet: Any) -> set[int]:
    """Return the numbers of the rows that a person or a filter has hidden. The library leaves that
    out where it reads row by row."""
    hidden, number = set[int](), 0

    def note(tag: str, attributes: dict[str, str]) -> None:
        nonlocal number
        if tag == ROW:
            # Some programs write 3.0.
            number = int(float(attributes.get("r", number + 1)))
            if attributes.get("hidden") in ("1", "true"):
                hidden.add(number)

    parser = ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = note
    with sheet._get_source() as source:
        parser.ParseFile(source)
    return hidden


def _hidden_text(rows: Sequence[int]) -> str:
    """Return what a report says of hidden rows, with the numbers of the first of them."""
    stretches = []
    for _, stretch in groupby(enumerate(rows), lambda each: each[1] - each[0]):
        first, *rest = [number for _, number in stretch]
        stretches.append(f"{first}-{rest[-1]}" if rest else f"{first}")
    which = ", ".join(stretches[:MOST_STRETCHES])
    if len(stretches) > MOST_STRETCHES:
        which += " and others"
    is_one = len(rows) == 1
    count = "1 hidden row was read: row" if is_one else f"{len(rows)} hidden rows were read: rows"
    return f"{count} {which}. If a filter hides rows that do not belong to the list, delete them."


def _formulas(stream: BinaryIO) -> Iterator[tuple[int, Any]]:
    """Yield the rows of the sheet with its formulas: the library reads these or their values."""
    yield from enumerate(_sheets(stream, data_only=False)[0].iter_rows(), 1)


def _row(rows: Iterator[tuple[int, Any]], number: int) -> Any:
    """Return the row with this number, which is still to come."""
    return next(cells for at, cells in rows if at == number)


def _may_be_formula(cell: Any) -> bool:
    """Whether a cell stands in the file without a value. The value of an empty text is one."""
    return cell.value is None and cell.data_type == "n" and hasattr(cell, "row")


def _quietly(act: Callable[[], Any]) -> Any:
    """Do something without the warnings of the library: of styles, which hold no cells, and of
    dates that are none, which are read as numbers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return act()


def _shown(value: Any, number_format: str) -> str:
    """Return a cell as it is shown: 412 of the format 00000 is 00412."""
    match value:
        case None:
            return ""
        case str():
            return _unescaped(value)
        case bool():
            return str(value).lower()
        case datetime() if value.time() == datetime.min.time():
            return value.date().isoformat()
        case datetime() | date():
            return value.isoformat()
        case int() | float() if abs(value) >= 10**MOST_DIGITS:
            return f"{LOST}{value:.0f}"
        case int() | float() if value == int(value):
            return _formatted(int(value), number_format.partition(";")[0])
        case _:
            return str(value)


def _formatted(number: int, number_format: str) -> str:
    """Return a whole number as it is shown if its format is plain, else its digits."""
    is_plain = number >= 0 and PLAIN_FORMAT.fullmatch(number_format)
    parts = re.findall(PART, number_format) if is_plain else []
    places = [part for part in parts if part in "0#"]
    if not places:
        return str(number)
    digits = str(number).zfill(places.count("0")).rjust(len(places))
    # The first place shows all digits for which there are no other places.
    first = len(digits) - len(places) + 1
    shown = iter([digits[:first], *digits[first:]])
    return "".join(
        next(shown).strip() if part in "0#" else part.strip('"').removeprefix("\\")
        for part in parts
        if part[0] not in "[_"
    )


def resent(cell: str) -> str:
    """Return a cell for a list that is sent back. One that has lost something shows that it has no
    value, as a spreadsheet does: it is refused again until it is corrected."""
    return "#VALUE!" if cell.startswith((LOST, UNCALCULATED)) else cell


def unmarked(cell: str) -> str:
    """Return a cell without what says that it has lost something."""
    return cell.removeprefix(LOST).removeprefix(UNCALCULATED)


def _unescaped(text: str) -> str:
    """Return a text without escapes such as _x000D_ (ECMA-376, ST_Xstring). Two of them can be the
    halves of one character, and one can be a control character, which is read as a blank."""
    halves = ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), text)
    return CONTROL.sub(" ", halves.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
