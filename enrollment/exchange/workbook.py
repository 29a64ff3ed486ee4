"""The rows of a workbook (.xlsx): what its cells show, not what they hold."""

import re
import warnings
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any

from enrollment.exchange.cells import MOST_DIGITS
from enrollment.exchange.faults import Faults
from enrollment.exchange.source_files import SourceFile
from enrollment.exchange.text import CONTROL, ESCAPE, MOST_COLUMNS, Row

# The parts of a format of whole numbers that has only digits and text: "S-"0000, 00000 or 000-000.
# Spreadsheets take no format of more than 255 characters.
PART = r'"[^"]*"|\\.|[-() ]|[0#]'
PLAIN_FORMAT = re.compile(f"(?:{PART}){{1,255}}")
# What stands in place of a number that has lost digits. No cell holds it otherwise.
LOST = "\x00lost"


def read_workbook(file: SourceFile, faults: Faults) -> Iterator[Row]:
    """Read the rows of the first sheet that is visible, one by one; the other sheets are left out,
    and shown."""
    # The library takes 13 MB of memory and half a second, which only workbooks need.
    from openpyxl import load_workbook

    with file.open() as stream:
        try:
            book = _quietly(lambda: load_workbook(stream, read_only=True, data_only=True))
            sheet, *others = sorted(book.worksheets, key=lambda each: each.sheet_state != "visible")
            # What it says of its size can be wrong.
            sheet.reset_dimensions()
            rows = enumerate(sheet.iter_rows(), 1)
            while row := _quietly(lambda: next(rows, None)):
                number, cells = row
                if len(cells) > MOST_COLUMNS:
                    text = f"{file.name} has more than {MOST_COLUMNS} columns."
                    faults.add("unreadable_file", text, file.name, number)
                    return
                yield Row(number, [_shown(cell.value, cell.number_format) for cell in cells])
        except Exception:
            # What the library raises depends on which byte is wrong.
            text = f"{file.name} is no workbook that can be read. Save it again as .xlsx."
            faults.add("unreadable_file", text, file.name)
            return
        for other in others:
            text = f"Only the first visible sheet is read, not {other.title}."
            faults.add("unknown_file", text, file.name, value=other.title)


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
    )


def _unescaped(text: str) -> str:
    """Return a text without escapes such as _x000D_ (ECMA-376, ST_Xstring). Two of them can be the
    halves of one character, and one can be a control character, which is read as a blank."""
    halves = ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), text)
    return CONTROL.sub(" ", halves.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
