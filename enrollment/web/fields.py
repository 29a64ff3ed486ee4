"""The fields of a form, and what is read of their texts."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from enrollment.model.text import UNSEEN

# An id of 15 digits is a number that JSON keeps exactly.
ID = re.compile("[1-9][0-9]{0,14}")
PAIR = re.compile(f"({ID.pattern})-({ID.pattern})")


class Fields(list[tuple[str, str]]):
    """The fields of a form or a query, in their order. A name can come more than once."""

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        # No one can type a NUL, and PostgreSQL takes none.
        super().__init__((name, value.replace("\0", "")) for name, value in pairs)

    def one(self, name: str) -> str:
        """The last value of a field, without what shows nothing at either end, or ""."""
        return next((value.strip(UNSEEN) for key, value in reversed(self) if key == name), "")

    def all(self, name: str) -> list[str]:
        """The values of a name. A box of a list has its value in its name as well, such as drop-20:
        where the list has changed, a browser that goes back then ticks the box of the same row."""
        return [value for key, value in self if key in (name, f"{name}-{value}")]

    def ids(self, name: str) -> list[int]:
        """The ids that were ticked, each once. What is no id is left out."""
        return [int(text) for text in dict.fromkeys(self.all(name)) if ID.fullmatch(text)]

    def pairs(self, name: str) -> list[tuple[int, int]]:
        """The pairs of ids, such as 3-17, each once. What is no pair is left out."""
        found = map(PAIR.fullmatch, dict.fromkeys(self.all(name)))
        return [(int(pair[1]), int(pair[2])) for pair in found if pair]

    def typed(self, names: Sequence[str]) -> dict[str, str]:
        """What was typed into these fields, with line breaks as they are stored."""
        return {name: self.one(name).replace("\r\n", "\n") for name in names}


def read_codes(text: str) -> list[str]:
    """The codes in a field, with commas between."""
    return [code.strip() for code in text.split(",") if code.strip()]


def filled_lines(text: str) -> list[str]:
    """The lines of a field, without the empty ones."""
    return [line for line in (line.strip(UNSEEN) for line in text.splitlines()) if line]


def decimal(text: str) -> Any:
    """The number in a field, or None if it is empty. What is no number is refused by the API, with
    its reason."""
    if not text:
        return None
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return text


def whole(text: str) -> Any:
    """The whole number in a field, or None if it is empty; see `decimal`."""
    if not text:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else text
