"""Cells of lists: as spreadsheets leave them, and in the words of schools."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC
from functools import partial

import msgspec

from enrollment.exchange.cells import MOST_DIGITS, SCIENTIFIC, Read, read_cell
from enrollment.exchange.columns import Column
from enrollment.exchange.list_words import (
    CODED_STATUS,
    OUTCOME_WORDS,
    SOME_STATUSES,
    STATUS_WORDS,
)
from enrollment.exchange.spelling import by_spelling, spell
from enrollment.exchange.workbook import LOST, UNCALCULATED
from enrollment.model.decoding import decoder
from enrollment.model.types import Grade, Groups
from enrollment.storage.queries import to_json

# A spreadsheet takes a cell that begins with one of these for a formula. An apostrophe prevents it,
# and keeps the zeros of a number. A cell that is guarded itself gets one more.
FORMULA = re.compile(r"'*[=+\-@\t\r]|'+\d")
GUARDED = re.compile(r"'+[=+\-@\t\r\d]")
GUARDED_NUMBER = re.compile(r"'\d")
FIGURE = re.compile(r"-?\d+")
# A formula that keeps a text as it is, and so the zeros of a number.
QUOTED = re.compile(r'="((?:[^"]|"")*)"')
# What a spreadsheet shows in place of a value: #N/A, #REF!, #NAME?, the same in other languages, or
# #### where the column is too narrow.
NO_VALUE = re.compile(r"#N/[AD]|#NV|#[¡¿]?[\w/]+[!?]|#{2,}")


def read_list_cell(header: str, column: Column, text: str) -> tuple[Read, dict[str, str]]:
    """Return a cell that is not blank, below this header, as it was read, and the values that it
    has."""
    if text.startswith(LOST):
        detail = f"A number of more than {MOST_DIGITS} digits has lost some. Make the column text."
        return Read("", "precision_lost", detail), {}
    if text.startswith(UNCALCULATED):
        detail = (
            "The workbook has a formula here, but not its value."
            " Open it in the spreadsheet program, and save it there."
        )
        return Read("", "invalid_value", detail), {}
    if NO_VALUE.fullmatch(text.strip()):
        detail = f"The spreadsheet has no value here, but {text.strip()}. Correct the cell there."
        return Read("", "invalid_value", detail), {}
    if column.name == "number" and text.strip().lower() in ("true", "false"):
        detail = "The cell is true or false, and no number. Correct the cell in the spreadsheet."
        return Read("", "invalid_value", detail), {}
    if column.name == "number" and SCIENTIFIC.fullmatch(text.strip()):
        detail = "A spreadsheet has changed the number: several people may hide behind it."
        return Read("", "mangled_id", detail), {}
    if column.name == "status" and spell(header) == CODED_STATUS and FIGURE.fullmatch(text.strip()):
        detail = (
            f"Systems differ in what {text.strip()} means: write a word such as {SOME_STATUSES}."
        )
        return Read("", "invalid_value", detail), {}
    found = read_cell(column, text, None)
    if found.code == "mended_value":
        # Blanks around a cell of a list are no fault.
        found = Read(found.value)
    if found.code is None and column.name in READERS:
        try:
            found = Read(READERS[column.name](found.value))
        except ValueError as error:
            detail = f"{found.value} is not understood. Expected {error}."
            return Read("", "invalid_value", detail), {}
    if column.name == "name" and (names := _split(found.value)):
        return found, names
    return found, {column.name: found.value} if found.value else {}


def unguarded(cell: str) -> str:
    """Return a cell of CSV without what guards it from a spreadsheet: an apostrophe, or
    ="00412"."""
    if quoted := QUOTED.fullmatch(cell.strip()):
        return quoted[1].replace('""', '"')
    return cell[1:] if GUARDED.match(cell) else cell


def unguarded_number(cell: str) -> str:
    """Return a cell of a workbook without an apostrophe before a number. The workbook was made of a
    CSV that has it; our own guard nothing."""
    return cell[1:] if GUARDED_NUMBER.match(cell) else cell


def _split(name: str) -> dict[str, str]:
    """Split a name at its comma, or where capitals end. Another one is left whole: a student who is
    here already is known without it."""
    family, comma, given = (part.strip() for part in name.partition(","))
    words = name.split()
    capitals = [word for word in words if word.isupper() and len(word) > 1]
    others = [word for word in words if word not in capitals]
    if not comma and words in (capitals + others, others + capitals):
        family, given = " ".join(capitals), " ".join(others)
    if not family or not (given or comma):
        return {}
    return {"family_name": family} | ({"given_name": given} if given else {})


def _word(meanings: Mapping[str, str], expected: str, text: str) -> str:
    """Return what a word means. Raises ValueError."""
    if meaning := meanings.get(spell(text)):
        return meaning
    raise ValueError(f"a word such as {expected}")


def _grade(text: str) -> str:
    """Return a grade. Raises ValueError."""
    try:
        return msgspec.convert(text, Grade)
    except msgspec.ValidationError:
        raise ValueError("at most 10 characters") from None


def _groups(text: str) -> str:
    """Return groups as JSON, each once. Raises ValueError."""
    groups = {group.lower(): group for group in map(str.strip, re.split("[,;|]", text)) if group}
    try:
        return to_json(msgspec.convert([*groups.values()], Groups, dec_hook=decoder(UTC)))
    except msgspec.ValidationError:
        raise ValueError("at most 50 groups of at most 32 characters") from None


READERS: dict[str, Callable[[str], str]] = {
    "status": partial(_word, by_spelling(STATUS_WORDS), SOME_STATUSES),
    "outcome": partial(_word, by_spelling(OUTCOME_WORDS), "passed or failed"),
    "grade": _grade,
    "groups": _groups,
}
