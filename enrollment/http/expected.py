"""The words for what was expected instead of an invalid value."""

import re
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from msgspec import Meta

from enrollment.model.text import CODE_LENGTH, CODE_RULE, NAME_LENGTH, SURROGATES, TEXT, TEXT_RULE
from enrollment.model.types import (
    CREDIT_DECIMALS,
    MAX_CREDITS,
    AsOf,
    Code,
    Credits,
    Date,
    PersonName,
    Since,
    Timestamp,
    Until,
)

_DATE = "a calendar date, YYYY-MM-DD"
_TIMESTAMP = "a time with its offset, such as 2026-09-01T09:00:00Z, in the years 1 to 9999"
WORDS: dict[Any, str] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    PersonName: f"text of 1 to {NAME_LENGTH} characters",
    Code: f"text of 1 to {CODE_LENGTH} characters: {CODE_RULE}",
    Credits: f"a number from 0 to {MAX_CREDITS:,} with at most {CREDIT_DECIMALS} decimals",
    Date: _DATE,
    Timestamp: _TIMESTAMP,
    **dict.fromkeys((AsOf, Since, Until), f"{_DATE}, or {_TIMESTAMP}"),
}
# The start of each message of Python's JSON parser, and the words that replace it.
JSON_ERRORS = {
    "Unexpected UTF-8 BOM": "unexpected byte order mark",
    "Expecting value": "expected a value",
    "Expecting property name": "expected a name in double quotes",
    "Expecting ':'": "expected a colon",
    "Expecting ','": "expected a comma or the end",
    "Illegal trailing comma": "unexpected comma before the end",
    "Extra data": "unexpected text after the end",
    "Unterminated string": "string without an end",
    "Invalid control character": "control character in a string",
    "Invalid \\": "invalid escape",
}


@cache
def unwrap(wanted: Any) -> tuple[Any, Meta]:
    """Return the type without `| None`, and its constraints."""
    meta = Meta()
    while True:
        if get_origin(wanted) in (Union, UnionType):
            wanted = next(part for part in get_args(wanted) if part is not NoneType)
        elif get_origin(wanted) is Annotated:
            # The constraints of a type come first; a field may add marks to them.
            wanted, meta, *_ = get_args(wanted)
        else:
            return wanted, meta


def describe_expected(value: Any, wanted: Any) -> str:
    """Describe a type. The messages of msgspec name Python types and patterns instead."""
    inner, meta = unwrap(wanted)
    if get_origin(inner) is Literal:
        return "Expected one of: " + ", ".join(map(str, get_args(inner)))
    if inner in (str, PersonName) and isinstance(value, str):
        if re.search(f"[{SURROGATES}]", value):
            return "Expected no lone surrogates"
        if inner is PersonName and value and not re.match(TEXT, value):
            return TEXT_RULE
        fits = (meta.min_length or 0) <= len(value) <= (meta.max_length or len(value))
        if fits and meta.pattern:
            return str(meta.description)
    words = WORDS.get(get_origin(inner) or inner, "an object")
    words += _range(" from ", meta.ge, meta.le, "")
    unit = " characters" if inner is str else " items"
    words += _range(" of ", meta.min_length, meta.max_length, unit)
    return f"Expected {words}" + (f" in steps of {meta.multiple_of}" if meta.multiple_of else "")


def _range(lead: str, low: float | None, high: float | None, unit: str) -> str:
    """Describe limits after the word `lead`. They are not described without an upper one."""
    if high is None:
        return ""
    return f"{lead}at most {high:,}{unit}" if low is None else f"{lead}{low:,} to {high:,}{unit}"


def describe_json_error(message: str) -> str:
    """Describe an error of Python's JSON parser."""
    words = (words for start, words in JSON_ERRORS.items() if message.startswith(start))
    return next(words, "this is not JSON")
