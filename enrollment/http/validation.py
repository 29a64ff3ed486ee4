"""Validation: find everything that is wrong with a value. (msgspec stops at the first fault.)"""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from itertools import chain
from typing import Any, get_args, get_origin

import msgspec
from msgspec.structs import FieldInfo, fields

from enrollment.http.expected import describe_expected, unwrap
from enrollment.model.results import Violation

MAX_VIOLATIONS = 1000
# Decodes values of types that msgspec does not know.
Decode = Callable[[type, Any], Any]


class JsonObject(dict[str, Any]):
    """A JSON object that also holds the names that were sent more than once."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.repeated: set[str] = set()
        if len(self) < len(pairs):
            times = Counter(name for name, _ in pairs)
            self.repeated = {name for name, count in times.items() if count > 1}


class JsonConstant:
    """NaN or an infinity. Neither is JSON, and neither fits a field."""

    def __init__(self, name: str) -> None:
        self.name = name


def find_violations(
    value: Any, wanted: Any, decode: Decode, pointer: str = ""
) -> Iterator[Violation]:
    """Yield every reason why a parsed JSON value does not fit a type: for what is inside the value,
    or, if nothing inside is wrong, for the value itself."""
    inner, meta = unwrap(wanted)
    below: Iterator[Violation] = iter(())
    is_struct = isinstance(inner, type) and issubclass(inner, msgspec.Struct)
    if isinstance(value, JsonObject) and is_struct:
        below = _field_violations(value, inner, decode, pointer)
    elif (
        isinstance(value, list)
        and get_origin(inner) is list
        and len(value) <= (meta.max_length or len(value))
    ):
        (item,) = get_args(inner)
        below = chain.from_iterable(
            find_violations(element, item, decode, f"{pointer}/{index}")
            for index, element in enumerate(value)
        )
    first = next(below, None)
    if first:
        yield first
        yield from below
    elif isinstance(value, JsonConstant):
        yield Violation(pointer=pointer, code="not_a_number", detail=f"{value.name} is not JSON")
    else:
        try:
            msgspec.convert(value, wanted, dec_hook=decode)
        except (msgspec.ValidationError, UnicodeEncodeError):
            detail = describe_expected(value, wanted)
            yield Violation(pointer=pointer, code="invalid_value", detail=detail)


def _field_violations(
    value: JsonObject, wanted: type[msgspec.Struct], decode: Decode, pointer: str
) -> Iterator[Violation]:
    """Yield every reason why the fields of an object do not fit a struct."""
    known = fields_by_name(wanted)
    for name in sorted(value.keys() | known.keys()):
        # A lone surrogate cannot be encoded in the response.
        shown = name[:100].encode("utf-8", "replace").decode()
        # "~" and "/" are escaped in a pointer (RFC 6901, section 3).
        place = f"{pointer}/{shown.replace('~', '~0').replace('/', '~1')}"
        if name in value.repeated:
            yield Violation(pointer=place, code="duplicate_name", detail="Sent more than once")
        elif name not in known:
            expected = f"one of: {', '.join(known)}" if known else "none here"
            yield Violation(pointer=place, code="unknown_name", detail=f"Expected {expected}")
        elif name in value:
            yield from find_violations(value[name], known[name].type, decode, place)
        elif known[name].required:
            yield Violation(pointer=place, code="missing", detail="Required")


@cache
def fields_by_name(wanted: type[msgspec.Struct]) -> dict[str, FieldInfo]:
    """Map the name of each field in JSON to the field."""
    return {field.encode_name: field for field in fields(wanted)}


def describe_count(violations: list[Violation], noun: str) -> str:
    """Return a sentence such as "2 fields are invalid."; noun is "field" or "parameter"."""
    count = len(violations)
    if count == 1:
        return f"1 {noun} is invalid."
    more = " or more" if count == MAX_VIOLATIONS else ""
    return f"{count}{more} {noun}s are invalid."
