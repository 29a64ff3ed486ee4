"""Lists by keyset: a page begins after the last row of the previous page, never at an offset.

So later pages cost no more than the first (https://use-the-index-luke.com/no-offset).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

import msgspec

from enrollment.model.results import Violation
from enrollment.problems.errors import Problem
from enrollment.storage.connection import Connection, Row
from enrollment.storage.queries import count_rows

R = TypeVar("R")
# No text that is stored has this character; it sorts after every other one.
LAST_CHARACTER = "\U0010ffff"
# No id is higher.
LAST_ID = 2**53 - 1
# The limit of a list that is read whole, as one page. No request can have it.
NO_LIMIT = 2**53 - 1
KeysetPosition = Sequence[str | int]


class KeysetPage(msgspec.Struct, Generic[R], frozen=True):
    """The items of a page."""

    items: list[R]
    # The position of the last item; None if no more follow.
    next: KeysetPosition | None
    # The number of items on all pages, if it is asked for.
    total: int | msgspec.UnsetType = msgspec.UNSET


def invalid_cursor() -> Problem:
    """Return the problem of a cursor that this list did not make."""
    violation = Violation(
        parameter="cursor",
        code="invalid_value",
        detail="Expected the `next` of a page of this list with the same filters",
    )
    return Problem("page_not_found", "The cursor does not belong to this list.", [violation])


def prefix_ends(wanted: object, *names: str) -> dict[str, str]:
    """Return where the texts end that begin with each of these prefixes, as <name>_end."""
    return {f"{name}_end": getattr(wanted, name) + LAST_CHARACTER for name in names}


def id_range(
    db: Connection,
    get_range: Callable[..., Row | None],
    after_id: int,
    since: str | None,
    until: str | None,
) -> tuple[int, dict[str, Any]]:
    """Return what restricts a list that is ordered by id to what was recorded from `since` until
    before `until`: the id after which it goes on, and the parameters since, until and last_id.

    `get_range` finds the ids by the index of the times, so that the rest is not read. The
    parameters are the same for all pages.
    """
    times = {"since": since or "", "until": until or LAST_CHARACTER}
    if not since and not until:
        return after_id, times | {"last_id": LAST_ID}
    row = get_range(db, after_id=after_id, **times)
    first, last = (row["first_id"], row["last_id"]) if row else (None, None)
    return max(after_id, (first or 1) - 1), times | {"last_id": last or 0}


def position_of(start: Mapping[str, Any], after: KeysetPosition | None) -> Mapping[str, Any]:
    """Return the position after which a page begins, by column: `after`, or for the first page
    `start`. Raises page_not_found if `after` is not a position in this order."""
    if after is None:
        return start
    if [*map(type, after)] != [*map(type, start.values())]:
        raise invalid_cursor()
    return dict(zip(start, after, strict=True))


def list_page(
    db: Connection,
    query: Callable[..., list[Row]],
    record: Callable[..., R],
    parameters: dict[str, Any],
    *,
    start: Mapping[str, Any],
    after: KeysetPosition | None = None,
) -> KeysetPage[R]:
    """Return at most `parameters["limit"]` records of a query ordered by the columns of `start`.

    The query takes a position as the parameters after_<column>: `after`, or for the first page
    `start`, which is before the first row. Raises page_not_found if `after` is not a position in
    this order. With `parameters["count"]`, the rows of all pages are counted too.
    """
    position = position_of(start, after)
    total: int | msgspec.UnsetType = msgspec.UNSET
    if parameters.get("count"):
        total = count_rows(db, query, parameters | _after(start))
    limit = parameters["limit"]
    # One row more than the limit shows whether more follow.
    rows = query(db, **parameters | {"limit": limit + 1} | _after(position))
    more = len(rows) > limit
    names = rows[0].keys() if rows else []
    # `**row` would look each value up by its name, which takes as long as everything else here.
    items = [record(**dict(zip(names, row, strict=True))) for row in rows[:limit]]
    following = [rows[limit - 1][column] for column in start] if more else None
    return KeysetPage(items, following, total)


def _after(position: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a query that goes on after a position."""
    return {f"after_{column}": value for column, value in position.items()}
