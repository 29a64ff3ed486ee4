"""What was expected instead of a wrong value, in words for a person."""

import re
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from msgspec import Meta

from enrollment.model.types import SURROGATES, AsOf, Date, Timestamp

_DATE = "a date of the calendar, YYYY-MM-DD"
_TIMESTAMP = "a time of the years 1 to 9999 with its offset, such as 2026-09-01T09:00:00Z"
WORDS: dict[Any, str] = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list",
    Date: _DATE,
    Timestamp: _TIMESTAMP,
    AsOf: f"{_DATE}, or {_TIMESTAMP}",
}
# How Python's parser begins to say it, and how it is told.
JSON_ERRORS = {
    "Unexpected UTF-8 BOM": "a byte order mark, which is no JSON,",
    "Expecting value": "no value",
    "Expecting property name": "no name in double quotes",
    "Expecting ':'": "no colon",
    "Expecting ','": "neither a comma nor the end",
    "Illegal trailing comma": "a comma too many",
    "Extra data": "more after the end",
    "Unterminated string": "a text without an end",
    "Invalid control character": "a control character in a text",
    "Invalid \\": "a backslash that escapes nothing",
}


@cache
def unwrap(wanted: Any) -> tuple[Any, Meta]:
    """The type itself and what is asked of it, without `| None`."""
    if get_origin(wanted) in (Union, UnionType):
        wanted = next(part for part in get_args(wanted) if part is not NoneType)
    if get_origin(wanted) is Annotated:
        inner, meta = get_args(wanted)
        return inner, meta
    return wanted, Meta()


def describe_expected(value: Any, wanted: Any) -> str:
    """What a value of this type must be: msgspec would tell it in Python and patterns."""
    inner, meta = unwrap(wanted)
    if get_origin(inner) is Literal:
        return "Expected one of: " + ", ".join(get_args(inner))
    if inner is str and isinstance(value, str):
        if re.search(f"[{SURROGATES}]", value):
            return "Expected whole characters, and no half of a surrogate pair"
        fits = (meta.min_length or 0) <= len(value) <= (meta.max_length or len(value))
        if fits and meta.pattern:
            return str(meta.description)
    words = WORDS.get(get_origin(inner) or inner, "an object")
    words += _range(" from ", meta.ge, meta.le, "")
    unit = " characters" if inner is str else " items"
    words += _range(" of ", meta.min_length, meta.max_length, unit)
    return f"Expected {words}" + (f" in steps of {meta.multiple_of}" if meta.multiple_of else "")


def _range(lead: str, low: float | None, high: float | None, unit: str) -> str:
    if high is None:
        return ""
    return f"{lead}at most {high:,}{unit}" if low is None else f"{lead}{low:,} to {high:,}{unit}"


def describe_json_error(message: str) -> str:
    """What there is where the JSON breaks, or is not."""
    told = (words for start, words in JSON_ERRORS.items() if message.startswith(start))
    return next(told, "no JSON")
