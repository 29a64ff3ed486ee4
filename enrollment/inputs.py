"""What comes in: bodies and queries become typed structs, or a refusal that names every fault."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import chain, islice
from typing import Any, TypeVar, get_args, get_origin
from urllib.parse import parse_qsl

import msgspec
from msgspec.structs import FieldInfo, fields

from enrollment.errors import Fault, Problem
from enrollment.expected import expectation, json_fault, unwrapped
from enrollment.values import decode

BODY_LIMIT = 1024 * 1024
FAULTS_SHOWN = 1000

S = TypeVar("S", bound=msgspec.Struct)


def read_body(environ: Mapping[str, Any], wanted: type[S]) -> S:
    """Raises unsupported_media_type, length_required, body_too_large, malformed_request,
    malformed_json, invalid_body."""
    if encoding := environ.get("HTTP_CONTENT_ENCODING"):
        detail = f'The body is sent as "{encoding[:100]}"; send it without Content-Encoding.'
        raise Problem("unsupported_media_type", detail)
    media_type = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        detail = f'The body is "{media_type}", not application/json.'
        if not media_type:
            detail = "There is no body, or it is not said to be application/json."
        raise Problem("unsupported_media_type", detail)
    coding = environ.get("HTTP_TRANSFER_ENCODING", "chunked")
    if coding.lower() != "chunked":
        detail = (
            f'The body is sent as "{coding[:100]}"; of Transfer-Encoding, only chunked is read.'
        )
        raise Problem("malformed_request", detail)
    value, repeats = _parse(_read(environ))
    try:
        body = msgspec.convert(value, wanted, dec_hook=decode)
        if not repeats:
            return body
    except (msgspec.ValidationError, UnicodeEncodeError):
        pass
    # A body can hold more faults than anyone wants to be told, or to wait for.
    faults = list(islice(_faults(value, wanted, ""), FAULTS_SHOWN))
    unreadable = any(fault.code in ("duplicate_name", "not_a_number") for fault in faults)
    detail = f"The body has {_count(faults)}."
    raise Problem("malformed_json" if unreadable else "invalid_body", detail, faults)


def read_query(environ: Mapping[str, Any], wanted: type[S]) -> S:
    """Raises malformed_request, invalid_query."""
    text = environ.get("QUERY_STRING", "")
    # Nothing that may stand in a query must.
    return _query(text, wanted) if text else wanted()


def _query(text: str, wanted: type[S]) -> S:
    value = _Object(_pairs(text))
    for name, field in _fields(wanted).items():
        part = value.get(name, "")
        kind, _ = unwrapped(field.type)
        if kind is int and re.fullmatch("-?[0-9]{1,18}", part):
            value[name] = int(part)
        if kind is bool and part in ("true", "false"):
            value[name] = part == "true"
    faults = [
        msgspec.structs.replace(fault, pointer=None, parameter=(fault.pointer or "")[1:])
        for fault in _faults(value, wanted, "")
    ]
    if faults:
        raise Problem("invalid_query", f"The address has {_count(faults)}.", faults)
    return msgspec.convert(value, wanted, dec_hook=decode)


def _read(environ: Mapping[str, Any]) -> bytes:
    """The body, as far as the limit: a longer one is not read to its end."""
    declared = environ.get("CONTENT_LENGTH", "")
    if declared:
        if not re.fullmatch("[0-9]{1,19}", declared):
            raise Problem("malformed_request", "The Content-Length is not a number, or too long.")
        length = int(declared)
    elif environ.get("wsgi.input_terminated"):
        length = BODY_LIMIT + 1
    else:
        raise Problem("length_required", "The request has no Content-Length.")
    if length <= BODY_LIMIT or not declared:
        try:
            body: bytes = environ["wsgi.input"].read(length)
        except TimeoutError:
            detail = "The body did not arrive in time."
            raise Problem("request_timeout", detail) from None
        except ConnectionError:
            raise Problem("malformed_request", "The body broke off.") from None
        if declared and len(body) < length:
            raise Problem("malformed_request", "The body is shorter than its Content-Length.")
        if len(body) <= BODY_LIMIT:
            return body
    raise Problem("body_too_large", f"The body is longer than {BODY_LIMIT} bytes.")


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


def _parse(body: bytes) -> tuple[Any, bool]:
    """The value, and whether a name is repeated in it.

    msgspec's own parser would take the last of two equal names (RFC 8259, section 4).
    """
    repeats = False

    def gather(pairs: list[tuple[str, Any]]) -> _Object:
        nonlocal repeats
        made = _Object(pairs)
        repeats = repeats or bool(made.repeated)
        return made

    try:
        text = body.decode("utf-8")
        value = json.loads(
            text, object_pairs_hook=gather, parse_constant=_Constant, parse_float=_number
        )
        return value, repeats
    except UnicodeDecodeError as error:
        detail = f"The body is not UTF-8 at byte {error.start}."
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        detail = f"There is {json_fault(error.msg)} at {place}." if body else "There is no body."
    except RecursionError:
        detail = "The body is nested too deeply."
    except ValueError:
        detail = "The body has a number with too many digits."
    raise Problem(
        "malformed_json", detail, [Fault(pointer="", code="malformed_json", detail=detail)]
    )


def _number(text: str) -> int | float:
    """In JSON, 30.0 is the same number as 30 (https://json-schema.org/draft/2020-12, 4.2.3)."""
    number = float(text)
    return int(number) if number.is_integer() and abs(number) <= 2**53 else number


def _pairs(query: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=50)
    except ValueError:
        detail = "The query string is not percent-encoded UTF-8, or has over 50 parameters."
        raise Problem("malformed_request", detail) from None


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
