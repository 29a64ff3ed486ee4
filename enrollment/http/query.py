"""Query strings: they become a typed struct, or a problem that lists everything that is wrong."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from enrollment.http.body import S
from enrollment.http.expected import unwrap
from enrollment.http.validation import _count, _fields, _Object, _violations
from enrollment.model.types import decode
from enrollment.problems.errors import Problem


def read_query(environ: Mapping[str, Any], wanted: type[S]) -> S:
    """Read the query as a struct. Raises malformed_request, invalid_query."""
    text = environ.get("QUERY_STRING", "")
    # No parameter is required.
    return _query(text, wanted) if text else wanted()


def _query(text: str, wanted: type[S]) -> S:
    value = _Object(_pairs(text))
    for name, field in _fields(wanted).items():
        part = value.get(name, "")
        kind, _ = unwrap(field.type)
        if kind is int and re.fullmatch("-?[0-9]{1,18}", part):
            value[name] = int(part)
        if kind is bool and part in ("true", "false"):
            value[name] = part == "true"
    violations = [
        msgspec.structs.replace(violation, pointer=None, parameter=(violation.pointer or "")[1:])
        for violation in _violations(value, wanted, "")
    ]
    if violations:
        raise Problem("invalid_query", f"The address has {_count(violations)}.", violations)
    return msgspec.convert(value, wanted, dec_hook=decode)


def _pairs(query: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=50)
    except ValueError:
        detail = "The query string is not percent-encoded UTF-8, or has over 50 parameters."
        raise Problem("malformed_request", detail) from None
