"""The pages of a list: the address of a page has the position after which it begins."""

from enrollment.data.keyset import KeysetPosition
from enrollment.http.query import read_position, write_position
from enrollment.web.visit import Visit
from enrollment.web.words import link


def after(visit: Visit) -> KeysetPosition | None:
    """Return the position in the address, or None on the first page. Raises page_not_found."""
    text = visit.query.one("after")
    return read_position(text) if text else None


def next_path(visit: Visit, position: KeysetPosition | None) -> str | None:
    """Return the address of the next page, or None on the last one."""
    if position is None:
        return None
    kept = {name: value for name, value in visit.query if name != "after"}
    return link(visit.context.path, **kept, after=cursor(position))


def cursor(position: KeysetPosition | None) -> str:
    """Return a position as `after` reads it in an address, or "" if there is none."""
    return "" if position is None else write_position(position)
