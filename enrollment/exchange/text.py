"""Bytes as text: which encoding a file has, and where each row of its CSV ends.

Both are rules of a few lines: the detectors that exist do worse on short lists of names.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple, Self

from enrollment.exchange.faults import Faults
from enrollment.exchange.source_files import ZIP, SourceFile

CHUNK = 64 * 1024
MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# What spreadsheets write in the west, unless they are asked for UTF-8.
FALLBACK = "cp1252"
DELIMITERS = ",;\t|"
# How long a line may be, how many lines a cell may have and how many columns a file.
LONGEST_LINE = 1024 * 1024
MOST_LINES_IN_A_ROW = 10
MOST_COLUMNS = 500
# How many rows of a list may stand above its header.
MOST_LINES_ABOVE_HEADER = 20
# No cell that is written has line breaks or other control characters.
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# How a workbook writes a character that XML can't hold, and an underscore where that would be read.
ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
OPEN_QUOTE = "a quotation mark is opened and not closed"


class Row(NamedTuple):
    """One row: its number as a spreadsheet shows it, from 1, and its cells."""

    number: int
    cells: list[str]


def is_encoding(name: str) -> bool:
    """Whether text can be in this encoding. Python also has codecs that are none, such as hex."""
    try:
        "".encode(name)
    except (LookupError, ValueError):
        return False
    return True


def find_encoding(file: SourceFile, asked: str | None, faults: Faults) -> str | None:
    """Return the encoding of a file, or None, with a fault, if it has none that is known.

    A mark at the start decides; then NULs mean UTF-16; then UTF-8, if all of it is valid; or else
    the encoding that was asked for, or Windows-1252, which is shown with a line to check.
    """
    with file.open() as stream:
        is_archive = stream.read(len(ZIP)) == ZIP
    if is_archive:
        text = (
            f"{file.name} is a zip or a workbook inside of a zip or a folder. Take it out, and"
            " bring it in by itself."
        )
        faults.add("unreadable_file", text, file.name)
        return None
    encoding = _shown_encoding(file)
    is_guess = encoding is None and not _decodes(file, "utf-8")
    encoding = encoding or (asked or FALLBACK if is_guess else "utf-8")
    if not _decodes(file, encoding):
        text = f"{file.name} is not text in {encoding}. Save it as CSV in UTF-8."
        faults.add("unreadable_file", text, file.name)
        return None
    if is_guess and not asked:
        line = _first_line_beyond_ascii(file)
        text = f"{file.name} is not UTF-8, and was read as Windows-1252. Check the letters."
        faults.add("decoded_as", text, file.name, value=line)
    return encoding


def _shown_encoding(file: SourceFile) -> str | None:
    """Return the encoding that the first bytes show, if they do."""
    with file.open() as stream:
        start = stream.read(4)
    encoding = next((name for mark, name in MARKS.items() if start.startswith(mark)), None)
    if encoding is None and b"\0" in start:
        encoding = "utf-16-be" if start[:1] == b"\0" else "utf-16-le"
    return encoding


def peek_header(file: SourceFile) -> list[str]:
    """Return the names of the columns of a CSV file, before it is read. What is wrong with it is
    noted then. Raises Damaged."""
    try:
        rows = read_rows(file, _shown_encoding(file) or "latin-1", Faults())
        return next((row.cells for row in rows if any(row.cells)), [])
    except UnicodeError:
        return []


def _decodes(file: SourceFile, encoding: str) -> bool:
    try:
        with file.open() as stream:
            decoder = codecs.getincrementaldecoder(encoding)()
            while chunk := stream.read(CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _first_line_beyond_ascii(file: SourceFile) -> str | None:
    """Return the first line with a letter to check, in the encoding that was guessed."""
    with file.open() as stream:
        while line := stream.readline(LONGEST_LINE):
            if not line.isascii():
                return line.decode(FALLBACK, "replace").strip()
    return None


def read_rows(file: SourceFile, encoding: str, faults: Faults) -> Iterator[Row]:
    """Read the rows of a CSV file one by one, blank ones too.

    Where the end of a row cannot be found, the file ends with a fault: a quotation mark that is
    never closed would swallow what follows, NULs are no text, and a line without an end is no row.
    """
    delimiter = find_delimiter(file, encoding)
    with file.open() as stream, io.TextIOWrapper(stream, encoding, newline="") as text:
        lines, number = _Lines(text), 0
        try:
            for number, cells in enumerate(csv.reader(lines, delimiter=delimiter), 1):
                if (lines.ended or len(lines.current) > 1) and _is_open(lines.current, delimiter):
                    raise _Broken("unclosed_quote", OPEN_QUOTE, number)
                if len(cells) > MOST_COLUMNS:
                    reason = f"it has more than {MOST_COLUMNS} columns"
                    raise _Broken("unreadable_file", reason, number)
                lines.current.clear()
                yield Row(number, cells)
        except _Broken as broken:
            row = broken.row or number + 1
            detail = f"{file.name} can't be read from row {row} on: {broken.reason}."
            faults.add(broken.code, detail, file.name, row)
        except csv.Error:
            # A cell of more than 128 KiB.
            detail = f"{file.name} can't be read from row {number + 1} on: {OPEN_QUOTE}."
            faults.add("unclosed_quote", detail, file.name, number + 1)


class _Broken(Exception):
    """A file can't be read any further; the row is the next one, unless it is given."""

    def __init__(self, code: str, reason: str, row: int | None = None) -> None:
        super().__init__(reason)
        self.code, self.reason, self.row = code, reason, row


class _Lines:
    """The lines of a text, within limits. `current` are those of the row that is being read."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self.current: list[str] = []
        self.ended = False

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        line = self._text.readline(LONGEST_LINE)
        if not line:
            self.ended = True
            raise StopIteration
        if len(line) >= LONGEST_LINE:
            raise _Broken("unreadable_file", "a line has more than a million characters")
        if "\0" in line:
            raise _Broken("unreadable_file", "it has NUL characters, which are no text")
        self.current.append(line)
        if len(self.current) > MOST_LINES_IN_A_ROW:
            raise _Broken("unclosed_quote", OPEN_QUOTE)
        return line


def _is_open(lines: list[str], delimiter: str) -> bool:
    """Whether a quotation mark of a row of several lines, or of the last row, is not closed where
    its cell ends. The lenient reader does not say so, and the strict one refuses more than that."""
    try:
        list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error:
        return len(lines) > 1 or lines[0].count('"') % 2 == 1
    return False


def find_delimiter(file: SourceFile, encoding: str) -> str:
    """Return the delimiter that stands in most of the first lines, and most often, outside of
    quotation marks."""
    with file.open() as stream, io.TextIOWrapper(stream, encoding, newline="") as text:
        lines = list(islice(iter(lambda: text.readline(LONGEST_LINE), ""), MOST_LINES_ABOVE_HEADER))
    outside = ["".join(line.split('"')[::2]) for line in lines]

    def frequency(delimiter: str) -> tuple[int, int]:
        counts = [line.count(delimiter) for line in outside]
        return sum(map(bool, counts)), sum(counts)

    return max(DELIMITERS, key=frequency)
