"""The pages of a list: the address of a page has the position after which it begins."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated

import msgspec
from msgspec import Meta

from enrollment.data.keyset import KeysetPosition, invalid_cursor
from enrollment.web.visit import Visit
from enrollment.web.words import link

Position = list[str | Annotated[int, Meta(ge=0, le=2**53)]]


def after(visit: Visit) -> KeysetPosition | None:
    """Return the position in the address, or None on the first page. Raises page_not_found."""
    text = visit.query.one("after")
    if not text:
        return None
    try:
        content = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        return msgspec.json.decode(content, type=Position)
    except (ValueError, msgspec.DecodeError):
        raise invalid_cursor() from None


def next_path(visit: Visit, position: KeysetPosition | None) -> str | None:
    """Return the address of the next page, or None on the last one."""
    if position is None:
        return None
    kept = {name: value for name, value in visit.query if name != "after"}
    return link(visit.context.path, **kept, after=cursor(position))


def cursor(position: KeysetPosition | None) -> str:
    """Return a position as `after` reads it in an address, or "" if there is none."""
    if position is None:
        return ""
    return urlsafe_b64encode(msgspec.json.encode(position)).decode().rstrip("=")
