"""Pages of a list, and the opaque cursors that lead from one to the next."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import blake2b
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import urlencode

import msgspec
from msgspec import Meta

from enrollment.data.keyset import KeysetPage, KeysetPosition, invalid_cursor
from enrollment.http.context import Context
from enrollment.http.responses import Result
from enrollment.http.validation import fields_by_name
from enrollment.model.queries import PageQuery
from enrollment.model.results import Page


def decode_cursor(context: Context, query: PageQuery) -> KeysetPosition | None:
    """Return the position after which the page begins, or None for the first page.

    Raises page_not_found.
    """
    if not query.cursor:
        return None
    try:
        token = urlsafe_b64decode(query.cursor + "=" * (-len(query.cursor) % 4))
        if token[:8] != _signature(context, query, token[8:]):
            raise invalid_cursor()
        return msgspec.json.decode(token[8:], type=list[str | Annotated[int, Meta(ge=0, le=2**53)]])
    except (ValueError, msgspec.DecodeError):
        raise invalid_cursor() from None


def page_response(
    context: Context, listing: KeysetPage[Any], query: PageQuery, tag: str | None = None
) -> Result:
    """Return one page of a list, with the cursor of the next page. `tag` is the entity tag of the
    whole list."""
    if listing.next is None:
        return Result(HTTPStatus.OK, Page(listing.items, None, listing.total), tag=tag)
    token = msgspec.json.encode(listing.next)
    cursor = urlsafe_b64encode(_signature(context, query, token) + token).decode().rstrip("=")
    following = {**filters(query), "limit": query.limit, "cursor": cursor}
    page = Page(listing.items, cursor, listing.total)
    return Result(HTTPStatus.OK, page, next_link(context, following), tag)


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


def _signature(context: Context, query: PageQuery, token: bytes) -> bytes:
    """Return a digest that binds a cursor to its list and filters. It prevents mistakes. It is not
    a secret."""
    scope = msgspec.json.encode([context.path, filters(query)], enc_hook=str)
    return blake2b(scope + token, digest_size=8).digest()
