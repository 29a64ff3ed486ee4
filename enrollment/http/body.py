"""The body of a request: read it into a struct, or refuse it with every fault."""

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import tzinfo
from itertools import islice
from typing import Any, TypeVar

import msgspec

from enrollment.http.expected import describe_json_error
from enrollment.http.validation import (
    MAX_VIOLATIONS,
    JsonConstant,
    JsonObject,
    describe_count,
    find_violations,
)
from enrollment.model.decoding import decoder
from enrollment.model.results import Violation
from enrollment.problems.errors import Problem

# In bytes: of a JSON body, and of a file.
BODY_LIMIT = 1024 * 1024
UPLOAD_LIMIT = 32 * 1024 * 1024
MERGE_PATCH = "application/merge-patch+json"
# A Content-Length has at most so many digits: those of the largest signed 64-bit integer.
LENGTH_DIGITS = 19
S = TypeVar("S", bound=msgspec.Struct)


def read_body(
    environ: Mapping[str, Any], wanted: type[S], zone: tzinfo
) -> tuple[S, frozenset[str]]:
    """Read a JSON body as a struct. Return it with the names of the fields that the body has.

    A date in place of a time is a day in this time zone.

    Raises unsupported_media_type, length_required, body_too_large, malformed_request,
    request_timeout, malformed_json, invalid_body.
    """
    check_headers(environ, media_types(environ.get("REQUEST_METHOD", "")))
    value, repeats = _parse(read_content(environ))
    try:
        body = msgspec.convert(value, wanted, dec_hook=decoder(zone))
        if not repeats:
            return body, frozenset(value)
    except (msgspec.ValidationError, UnicodeEncodeError):
        pass
    # A body can have more faults than a client can use, and listing them all takes long.
    violations = list(islice(find_violations(value, wanted, decoder(zone)), MAX_VIOLATIONS))
    unreadable = any(
        violation.code in ("duplicate_name", "not_a_number") for violation in violations
    )
    detail = describe_count(violations, "field")
    raise Problem("malformed_json" if unreadable else "invalid_body", detail, violations)


def read_upload(environ: Mapping[str, Any], expected: Sequence[str]) -> bytes:
    """Return a file that is the body, with one of these media types.

    Raises unsupported_media_type, length_required, body_too_large, malformed_request,
    request_timeout.
    """
    check_headers(environ, expected)
    return read_content(environ, UPLOAD_LIMIT)


def check_headers(environ: Mapping[str, Any], expected: Sequence[str]) -> None:
    """Raise unsupported_media_type or malformed_request if the body is not what is expected."""
    encoding = environ.get("HTTP_CONTENT_ENCODING", "")
    # RFC 9110, section 8.4.1: "identity" is no encoding, and should not be sent.
    if encoding.lower() not in ("", "identity"):
        detail = f'The body has the Content-Encoding "{encoding[:100]}". Send it without one.'
        raise Problem("unsupported_media_type", detail)
    media_type = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    if media_type not in expected:
        names = ", ".join(name for name in expected if name != MERGE_PATCH)
        detail = f'The body is "{media_type}", not {names}.'
        if not media_type:
            detail = f"The request has no body, or no Content-Type: {expected[0]}."
        raise Problem("unsupported_media_type", detail)
    coding = environ.get("HTTP_TRANSFER_ENCODING", "chunked")
    if coding.lower() != "chunked":
        detail = f'The Transfer-Encoding is "{coding[:100]}". Only chunked is supported.'
        raise Problem("malformed_request", detail)


def media_types(method: str) -> Sequence[str]:
    """Return the media types that a body can have. A merge patch (RFC 7396) has its own."""
    return ("application/json", MERGE_PATCH) if method == "PATCH" else ("application/json",)


def read_content(environ: Mapping[str, Any], limit: int = BODY_LIMIT) -> bytes:
    """Return the body. Do not read much more than the limit of one that is too large.

    Raises malformed_request, length_required, request_timeout, body_too_large.
    """
    declared = environ.get("CONTENT_LENGTH", "")
    if declared:
        if not re.fullmatch(f"[0-9]{{1,{LENGTH_DIGITS}}}", declared):
            raise Problem("malformed_request", "The Content-Length is not a number, or too long.")
        length = int(declared)
    # The server ends the input with the body. One byte too many shows a body that is too large.
    elif environ.get("wsgi.input_terminated"):
        length = limit + 1
    else:
        raise Problem("length_required", "The request has no Content-Length.")
    if declared and length > limit:
        raise _too_large(limit)
    try:
        body: bytes = environ["wsgi.input"].read(length)
    except TimeoutError:
        raise Problem("request_timeout", "The body did not arrive in time.") from None
    except ConnectionError:
        detail = "The body broke off, or has trailer fields, which are not supported."
        raise Problem("malformed_request", detail) from None
    if declared and len(body) < length:
        raise Problem("malformed_request", "The body is shorter than its Content-Length.")
    if len(body) > limit:
        raise _too_large(limit)
    return body


def _too_large(limit: int) -> Problem:
    return Problem("body_too_large", f"The body is longer than {limit} bytes.")


def _parse(body: bytes) -> tuple[Any, bool]:
    """Return the JSON value of a body, and whether an object in it repeats a name.

    The parser of msgspec can't be used here: it accepts repeated names, and takes the last of them
    (RFC 8259, section 4). Raises malformed_json.
    """
    repeats = False

    def gather(pairs: list[tuple[str, Any]]) -> JsonObject:
        nonlocal repeats
        made = JsonObject(pairs)
        repeats = repeats or bool(made.repeated)
        return made

    try:
        text = body.decode("utf-8")
        value = json.loads(
            text, object_pairs_hook=gather, parse_constant=JsonConstant, parse_float=_number
        )
        # Only other characters, and escapes that stand for them, can need composing.
        return value if text.isascii() and "\\u" not in text else _composed(value), repeats
    except UnicodeDecodeError as error:
        detail = f"The body is not UTF-8 at byte {error.start}."
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        detail = f"The JSON is invalid at {place}: {describe_json_error(error.msg)}."
        if not body:
            detail = "There is no body."
    except RecursionError:
        detail = "The body is nested too deeply."
    except ValueError:
        detail = "The body has a number with too many digits."
    raise Problem(
        "malformed_json", detail, [Violation(pointer="", code="malformed_json", detail=detail)]
    )


def _composed(value: Any) -> Any:
    """Return a JSON value with its texts in NFC (https://unicode.org/reports/tr15/): a letter is
    stored in one form, however it was sent."""
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, list):
        return [_composed(item) for item in value]
    if isinstance(value, dict):
        value.update({name: _composed(part) for name, part in value.items()})
    return value


def _number(text: str) -> int | float:
    """Return a number, as an int if it is whole: in JSON, 30.0 is the same number as 30
    (https://json-schema.org/draft/2020-12, 4.2.3)."""
    number = float(text)
    return int(number) if number.is_integer() and abs(number) <= 2**53 else number
