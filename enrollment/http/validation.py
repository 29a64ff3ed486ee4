"""What is wrong with a value: every fault, where msgspec stops at the first."""

from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import chain
from typing import Any, get_args, get_origin

import msgspec
from msgspec.structs import FieldInfo, fields

from enrollment.http.expected import describe_expected, unwrap
from enrollment.model.results import Violation
from enrollment.model.types import decode

MAX_VIOLATIONS = 1000
# What can be wrong with a field, whatever it means; the registry has all other codes.
FIELD_CODES = ("missing", "unknown_name", "duplicate_name", "invalid_value", "not_a_number")


class _Object(dict[str, Any]):
    """A JSON object that remembers the names that it was given twice."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.repeated: set[str] = set()
        if len(self) < len(pairs):
            times = Counter(name for name, _ in pairs)
            self.repeated = {name for name, count in times.items() if count > 1}


class _Constant:
    """NaN or an infinity, which are no JSON and fit no field."""

    def __init__(self, name: str) -> None:
        self.name = name


def _violations(value: Any, wanted: Any, pointer: str) -> Iterator[Violation]:
    """Everything that is wrong with a value, where msgspec stops at the first."""
    inner, meta = unwrap(wanted)
    below: Iterator[Violation] = iter(())
    if isinstance(value, _Object) and isinstance(inner, type) and issubclass(inner, msgspec.Struct):
        below = _field_violations(value, inner, pointer)
    elif (
        isinstance(value, list)
        and get_origin(inner) is list
        and len(value) <= (meta.max_length or len(value))
    ):
        (item,) = get_args(inner)
        below = chain.from_iterable(
            _violations(element, item, f"{pointer}/{index}") for index, element in enumerate(value)
        )
    first = next(below, None)
    if first:
        yield first
        yield from below
    elif isinstance(value, _Constant):
        yield Violation(pointer=pointer, code="not_a_number", detail=f"{value.name} is no JSON")
    else:
        try:
            msgspec.convert(value, wanted, dec_hook=decode)
        except (msgspec.ValidationError, UnicodeEncodeError):
            detail = describe_expected(value, wanted)
            yield Violation(pointer=pointer, code="invalid_value", detail=detail)


def _field_violations(
    value: _Object, wanted: type[msgspec.Struct], pointer: str
) -> Iterator[Violation]:
    known = _fields(wanted)
    for name in sorted(value.keys() | known.keys()):
        # A lone surrogate could not be sent back; "~" and "/" are escaped (RFC 6901, section 3).
        shown = name[:100].encode("utf-8", "replace").decode()
        place = f"{pointer}/{shown.replace('~', '~0').replace('/', '~1')}"
        if name in value.repeated:
            yield Violation(pointer=place, code="duplicate_name", detail="Named more than once")
        elif name not in known:
            expected = f"one of: {', '.join(known)}" if known else "none here"
            yield Violation(pointer=place, code="unknown_name", detail=f"Expected {expected}")
        elif name in value:
            yield from _violations(value[name], known[name].type, place)
        elif known[name].required:
            yield Violation(pointer=place, code="missing", detail="Required")


@cache
def _fields(wanted: type[msgspec.Struct]) -> dict[str, FieldInfo]:
    """By the names that they are sent under."""
    return {field.encode_name: field for field in fields(wanted)}


def _count(violations: list[Violation]) -> str:
    if len(violations) == MAX_VIOLATIONS:
        return f"{MAX_VIOLATIONS} faults or more"
    return "one fault" if len(violations) == 1 else f"{len(violations)} faults"
