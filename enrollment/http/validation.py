"""What is wrong with a value: every fault, where msgspec stops at the first."""

from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import chain
from typing import Any, get_args, get_origin

import msgspec
from msgspec.structs import FieldInfo, fields

from enrollment.http.expected import expectation, unwrapped
from enrollment.model.results import Fault
from enrollment.model.types import decode

FAULTS_SHOWN = 1000


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


def _faults(value: Any, wanted: Any, pointer: str) -> Iterator[Fault]:
    """Everything that is wrong with a value, where msgspec stops at the first."""
    inner, meta = unwrapped(wanted)
    below: Iterator[Fault] = iter(())
    if isinstance(value, _Object) and isinstance(inner, type) and issubclass(inner, msgspec.Struct):
        below = _faults_of_fields(value, inner, pointer)
    elif (
        isinstance(value, list)
        and get_origin(inner) is list
        and len(value) <= (meta.max_length or len(value))
    ):
        (item,) = get_args(inner)
        below = chain.from_iterable(
            _faults(element, item, f"{pointer}/{index}") for index, element in enumerate(value)
        )
    first = next(below, None)
    if first:
        yield first
        yield from below
    elif isinstance(value, _Constant):
        yield Fault(pointer=pointer, code="not_a_number", detail=f"{value.name} is no JSON")
    else:
        try:
            msgspec.convert(value, wanted, dec_hook=decode)
        except (msgspec.ValidationError, UnicodeEncodeError):
            detail = expectation(value, wanted)
            yield Fault(pointer=pointer, code="invalid_value", detail=detail)


def _faults_of_fields(
    value: _Object, wanted: type[msgspec.Struct], pointer: str
) -> Iterator[Fault]:
    known = _fields(wanted)
    for name in sorted(value.keys() | known.keys()):
        # A lone surrogate could not be sent back; "~" and "/" are escaped (RFC 6901, section 3).
        shown = name[:100].encode("utf-8", "replace").decode()
        place = f"{pointer}/{shown.replace('~', '~0').replace('/', '~1')}"
        if name in value.repeated:
            yield Fault(pointer=place, code="duplicate_name", detail="Named more than once")
        elif name not in known:
            expected = f"one of: {', '.join(known)}" if known else "none here"
            yield Fault(pointer=place, code="unknown_name", detail=f"Expected {expected}")
        elif name in value:
            yield from _faults(value[name], known[name].type, place)
        elif known[name].required:
            yield Fault(pointer=place, code="missing", detail="Required")


@cache
def _fields(wanted: type[msgspec.Struct]) -> dict[str, FieldInfo]:
    """By the names that they are sent under."""
    return {field.encode_name: field for field in fields(wanted)}


def _count(faults: list[Fault]) -> str:
    if len(faults) == FAULTS_SHOWN:
        return f"{FAULTS_SHOWN} faults or more"
    return "one fault" if len(faults) == 1 else f"{len(faults)} faults"
