"""Lists as workbooks."""

import os
import shutil
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, BinaryIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from enrollment.exchange.text import CONTROL, ESCAPE

# A sheet of a workbook has no more rows than this, with its header.
MOST_ROWS = 1_048_576
WIDTH = 20
# A workbook has to say when it was made.
NO_TIME = datetime(1980, 1, 1)


def write_workbook(
    title: str, header: Sequence[str], rows: Iterable[Sequence[str]], target: BinaryIO
) -> None:
    """Write a workbook in which every cell is text: zeros stay, and nothing is a formula. The same
    cells make the same bytes, and so the same ETag."""
    # The library takes 13 MB of memory and half a second, which only workbooks need.
    from openpyxl import Workbook
    from openpyxl.writer.excel import ExcelWriter

    book = Workbook(write_only=True)
    sheet = _sheet(book, title, header)
    for number, row in enumerate(rows):
        if number and number % (MOST_ROWS - 1) == 0:
            sheet = _sheet(book, title, header)
        sheet.append([_text_cell(sheet, value) for value in row])
    book.properties.created = book.properties.modified = NO_TIME
    ExcelWriter(book, _Archive(target, "w", ZIP_DEFLATED)).save()


class _Archive(ZipFile):
    """An archive whose entries have no time."""

    def writestr(self, name: Any, data: Any, *_: Any) -> None:
        super().writestr(_entry(name), data)

    def write(self, file: Any, name: Any = None, *_: Any) -> None:
        entry = _entry(name)
        entry.file_size = os.path.getsize(file)
        with open(file, "rb") as source, self.open(entry, "w") as target:
            shutil.copyfileobj(source, target)


def _entry(name: str) -> ZipInfo:
    entry = ZipInfo(name)
    entry.compress_type = ZIP_DEFLATED
    return entry


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
    value = ESCAPE.sub(r"_x005F\g<0>", CONTROL.sub(" ", value))
    cell = WriteOnlyCell(sheet, value or None)
    if value:
        # A text that begins with = would become a formula.
        cell.data_type = "s"
        cell.number_format = "@"
    return cell
