"""Validation: find everything that is wrong with a value, or that a student may not send in it.

msgspec stops at the first fault.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from itertools import chain
from typing import Any, get_args, get_origin

import msgspec
from msgspec.structs import FieldInfo, fields

from enrollment.http.context import Context
from enrollment.http.expected import describe_expected, unwrap
from enrollment.model.patches import default_of
from enrollment.model.requests import FOR_STUDENTS
from enrollment.model.results import Violation
from enrollment.problems.errors import Problem

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


def forbid_staff_fields(context: Context, body: msgspec.Struct) -> None:
    """Refuse a student who sends a field that is not marked `for_students`. Raises forbidden."""
    if context.caller.role != "student":
        return
    violations = list(_staff_fields(body, ""))
    if violations:
        roles = ", ".join(sorted(context.operation.allowed - {"student"}))
        detail = f"Students may not send the fields in `errors`. These roles may: {roles}."
        raise Problem("forbidden", detail, violations)


def _staff_fields(struct: msgspec.Struct, pointer: str) -> Iterator[Violation]:
    """Yield a violation for each field that a student may not send; its default is allowed."""
    for name, field in fields_by_name(type(struct)).items():
        value, place = getattr(struct, field.name), f"{pointer}/{name}"
        values = values_for_students(field.type)
        if values is None:
            if value != default_of(field):
                detail = "Students may not send this field"
                yield Violation(pointer=place, code="forbidden", detail=detail)
        elif values and value not in values:
            detail = f"Students may send only: {', '.join(values)}"
            yield Violation(pointer=place, code="forbidden", detail=detail)
        else:
            yield from _staff_fields_below(value, place)


def _staff_fields_below(value: Any, pointer: str) -> Iterator[Violation]:
    if isinstance(value, msgspec.Struct):
        yield from _staff_fields(value, pointer)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _staff_fields_below(item, f"{pointer}/{index}")


@cache
def values_for_students(wanted: Any) -> tuple[str, ...] | None:
    """Return the values that students may send in a field of this type: () for every value, or
    None if they may not send it."""
    marks = (part.extra or {} for part in get_args(wanted) if isinstance(part, msgspec.Meta))
    return next((mark[FOR_STUDENTS] for mark in marks if FOR_STUDENTS in mark), None)
