"""The query of a request: read it into a struct, or refuse it with every fault."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import tzinfo
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from enrollment.http.body import S, check_headers, read_content
from enrollment.http.expected import unwrap
from enrollment.http.validation import (
    Decode,
    JsonObject,
    describe_count,
    fields_by_name,
    find_violations,
)
from enrollment.model.decoding import decoder
from enrollment.problems.errors import Problem

FORM = "application/x-www-form-urlencoded"
# How many parameters a query or a form of the API can have.
MAX_PARAMETERS = 50


def read_query(environ: Mapping[str, Any], wanted: type[S], zone: tzinfo) -> S:
    """Read the query as a struct. A date in place of a time is a day in this time zone.

    Raises malformed_request, invalid_query.
    """
    text = environ.get("QUERY_STRING", "")
    return _query(parse_pairs(text, MAX_PARAMETERS) if text else [], wanted, zone)


def read_texts(texts: Mapping[str, str], wanted: type[S], zone: tzinfo) -> S:
    """Read texts as `read_query` reads parameters, without the blank ones. Raises invalid_query."""
    return _query(_composed((name, text) for name, text in texts.items() if text), wanted, zone)


def _query(pairs: list[tuple[str, str]], wanted: type[S], zone: tzinfo) -> S:
    # Every parameter is optional, so a request without a query needs no check.
    if not pairs:
        return wanted()
    value = JsonObject(pairs)
    for name, field in fields_by_name(wanted).items():
        part = value.get(name, "")
        kind, _ = unwrap(field.type)
        if kind is int and re.fullmatch("-?[0-9]{1,18}", part):
            value[name] = int(part)
        if kind is bool and part in ("true", "false"):
            value[name] = part == "true"
    return _checked(value, wanted, decoder(zone))


def read_form(environ: Mapping[str, Any], wanted: type[S], zone: tzinfo) -> S:
    """Read a form as a struct. Fields that the struct does not have are left out (RFC 6749,
    section 3.2).

    Raises unsupported_media_type, malformed_request, invalid_query, and what `read_content` does.
    """
    check_headers(environ, (FORM,))
    value = JsonObject(parse_pairs(read_content(environ).decode("latin-1"), MAX_PARAMETERS))
    known = fields_by_name(wanted)
    for name in value.keys() - known.keys():
        del value[name]
    value.repeated &= known.keys()
    return _checked(value, wanted, decoder(zone))


def _checked(value: JsonObject, wanted: type[S], decode: Decode) -> S:
    """Return parameters as a struct. Raises invalid_query with every fault of them."""
    violations = [
        msgspec.structs.replace(violation, pointer=None, parameter=(violation.pointer or "")[1:])
        for violation in find_violations(value, wanted, decode)
    ]
    if violations:
        raise Problem("invalid_query", describe_count(violations, "parameter"), violations)
    return msgspec.convert(value, wanted, dec_hook=decode)


def parse_pairs(text: str, most: int) -> list[tuple[str, str]]:
    """Return the names and the texts of a query, or of a form, which has at most so many.

    Raises malformed_request.
    """
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=most)
    except ValueError:
        detail = f"The query or form is not percent-encoded UTF-8, or has over {most} parameters."
        raise Problem("malformed_request", detail) from None
    return _composed(pairs)


def _composed(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return parameters with their texts in NFC, as stored texts are."""
    return [(name, unicodedata.normalize("NFC", value)) for name, value in pairs]
