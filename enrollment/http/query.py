"""The query of a request: read it into a struct, or refuse it with every fault; and the query that
leads to the next page of a list, with an opaque cursor."""

import re
import unicodedata
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta, tzinfo
from hashlib import blake2b
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode

import msgspec
from msgspec import Meta

from enrollment.data.keyset import KeysetPage, KeysetPosition, invalid_cursor
from enrollment.http.body import S, check_headers, read_content
from enrollment.http.context import Context
from enrollment.http.expected import unwrap
from enrollment.http.responses import Result
from enrollment.http.validation import (
    Decode,
    JsonObject,
    describe_count,
    fields_by_name,
    find_violations,
)
from enrollment.model.decoding import decoder
from enrollment.model.queries import PageQuery
from enrollment.model.results import Page, Violation
from enrollment.model.types import AsOf, Timestamp
from enrollment.problems.errors import Problem

FORM = "application/x-www-form-urlencoded"
# How many parameters a query or a form of the API can have.
MAX_PARAMETERS = 50
# So much later than here it can be by the clock of a client that sends its time.
CLOCK_DIFFERENCE = timedelta(minutes=1)


def read_query(environ: Mapping[str, Any], wanted: type[S], zone: tzinfo) -> S:
    """Read the query as a struct. A date in place of a time is a day in this time zone.

    Raises malformed_request, invalid_query, time_in_future.
    """
    text = environ.get("QUERY_STRING", "")
    return _query(parse_pairs(text, MAX_PARAMETERS) if text else [], wanted, zone)


def read_texts(texts: Mapping[str, str], wanted: type[S], zone: tzinfo) -> S:
    """Read texts as `read_query` reads parameters, without the blank ones.

    Raises invalid_query, time_in_future.
    """
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
    query = _checked(value, wanted, decoder(zone))
    _forbid_future(query, zone)
    return query


def _forbid_future(query: msgspec.Struct, zone: tzinfo) -> None:
    """Refuse a point in the history that is to come. A day that is not over is none: today is shown
    as it is now. Raises time_in_future."""
    times = {
        name: time
        for name, field in fields_by_name(type(query)).items()
        if isinstance(time := getattr(query, field.name), AsOf)
    }
    if not times:
        return
    now = Timestamp.now()
    latest = datetime.fromisoformat(now) + CLOCK_DIFFERENCE
    today = decoder(zone)(AsOf, latest.astimezone(zone).date().isoformat())
    violations = [
        Violation(
            parameter=name,
            code="time_in_future",
            detail="Expected a day or a time that is not in the future.",
            details={"now": str(now)},
        )
        for name, time in times.items()
        if time > Timestamp.of(latest) and time != today
    ]
    if violations:
        raise Problem.from_violations(violations)


def read_form(environ: Mapping[str, Any], wanted: type[S], zone: tzinfo) -> S:
    """Read a form as a struct. Fields that the struct does not have are left out (RFC 6749,
    section 3.2).

    Raises unsupported_media_type, malformed_request, invalid_query, and what `read_content` does.
    """
    value = JsonObject(read_fields(environ, MAX_PARAMETERS))
    known = fields_by_name(wanted)
    for name in value.keys() - known.keys():
        del value[name]
    value.repeated &= known.keys()
    return _checked(value, wanted, decoder(zone))


def read_fields(environ: Mapping[str, Any], most: int) -> list[tuple[str, str]]:
    """Return the names and the texts of a form, which has at most so many.

    Raises unsupported_media_type, malformed_request, and what `read_content` does.
    """
    check_headers(environ, (FORM,))
    try:
        text = read_content(environ).decode("ascii")
    except UnicodeDecodeError:
        raise Problem("malformed_request", "The form is not percent-encoded.") from None
    return parse_pairs(text, most)


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


# Pages of a list


def decode_cursor(context: Context, query: PageQuery) -> KeysetPosition | None:
    """Return the position after which the page begins, or None for the first page.

    Raises page_not_found.
    """
    if not query.cursor:
        return None
    return read_position(query.cursor, _scope(context, query))


def page_response(
    context: Context, listing: KeysetPage[Any], query: PageQuery, tag: str | None = None
) -> Result:
    """Return one page of a list, with the cursor of the next page. `tag` is the entity tag of the
    whole list."""
    if listing.next is None:
        return Result(HTTPStatus.OK, Page(listing.items, None, listing.total), tag=tag)
    cursor = write_position(listing.next, _scope(context, query))
    following = {**filters(query), "limit": query.limit, "cursor": cursor}
    page = Page(listing.items, cursor, listing.total)
    return Result(HTTPStatus.OK, page, next_link(context, following), tag)


def paged(
    context: Context, query: PageQuery, list_records: Callable[..., KeysetPage[Any]], *first: Any
) -> Result:
    """Return the page of a list that the query asks for. `list_records` takes what comes first,
    the query, and the position after which the page begins. Raises page_not_found."""
    listing = list_records(*first, query, decode_cursor(context, query))
    return page_response(context, listing, query)


def next_link(context: Context, following: dict[str, Any]) -> dict[str, str]:
    """Return the header Link (RFC 8288) to the next page: this path with these parameters."""
    return {"Link": f'<{context.path}?{urlencode(following)}>; rel="next"'}


def filters(query: msgspec.Struct) -> dict[str, Any]:
    """Return the parameters that select items and are set, as they stand in a URL. The next page
    is not counted again."""
    values = {
        name: getattr(query, field.name)
        for name, field in fields_by_name(type(query)).items()
        if field.name not in ("limit", "cursor", "after", "wait", "count")
        and getattr(query, field.name) != field.default
    }
    return {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in values.items()
    }


def _scope(context: Context, query: PageQuery) -> bytes:
    """Return what a cursor is bound to: its list and filters."""
    return msgspec.json.encode([context.path, filters(query)], enc_hook=str)


def write_position(position: KeysetPosition, scope: bytes = b"") -> str:
    """Return a position as a text for a URL. A digest binds it to its scope, if it has one. That
    prevents mistakes. It is not a secret."""
    content = msgspec.json.encode(position)
    return urlsafe_b64encode(_digest(scope, content) + content).decode().rstrip("=")


def read_position(text: str, scope: bytes = b"") -> KeysetPosition:
    """Return the position of a text of `write_position`. Raises page_not_found."""
    try:
        token = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        content = token[len(_digest(scope, b"")) :]
        if token != _digest(scope, content) + content:
            raise invalid_cursor()
        return msgspec.json.decode(content, type=list[str | Annotated[int, Meta(ge=0, le=2**53)]])
    except (ValueError, msgspec.DecodeError):
        raise invalid_cursor() from None


def _digest(scope: bytes, content: bytes) -> bytes:
    return blake2b(scope + content, digest_size=8).digest() if scope else b""
