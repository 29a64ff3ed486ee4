"""Cells of lists: statuses, outcomes, grades and groups, in the words of schools."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC
from functools import partial

import msgspec

from enrollment.exchange.cells import Read, read_cell
from enrollment.exchange.columns import Column
from enrollment.exchange.list_words import OUTCOME_WORDS, SOME_STATUSES, STATUS_WORDS
from enrollment.exchange.spelling import by_spelling, spell
from enrollment.model.decoding import decoder
from enrollment.model.types import Grade, Groups
from enrollment.storage.queries import to_json


def read_list_cell(column: Column, text: str) -> Read:
    """Read a cell of a list that is not blank."""
    read = read_cell(column, text, None)
    # Blanks around a cell of a list are no fault.
    if column.name not in READERS or read.code not in (None, "mended_value"):
        return read
    try:
        return Read(READERS[column.name](read.value))
    except ValueError as error:
        return Read("", "invalid_value", f"{read.value} is not understood. Expected {error}.")


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
