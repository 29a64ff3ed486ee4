"""The rows of a workbook (.xlsx): what its cells show, not what they hold."""

import re
import warnings
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any

from enrollment.exchange.cells import MOST_DIGITS
from enrollment.exchange.faults import Faults
from enrollment.exchange.source_files import SourceFile
from enrollment.exchange.text import MOST_COLUMNS, Row

# A number that is shown with zeros before it.
PADDED = re.compile(r"0+")
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
        case bool():
            return str(value).lower()
        case datetime() if value.time() == datetime.min.time():
            return value.date().isoformat()
        case datetime() | date():
            return value.isoformat()
        case int() | float() if abs(value) >= 10**MOST_DIGITS:
            return f"{LOST}{value:.0f}"
        case int() | float() if value == int(value):
            width = len(number_format) if PADDED.fullmatch(number_format) else 0
            return f"{int(value):0{width}d}"
        case _:
            return str(value)
