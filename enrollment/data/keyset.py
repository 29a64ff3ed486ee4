"""Lists by keyset: a page begins after the last row of the one before, never at an offset, so that
every page costs the same (https://use-the-index-luke.com/no-offset)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

import msgspec

from enrollment.model.results import Violation
from enrollment.problems.errors import Problem
from enrollment.storage.sqlite import Connection, Row

R = TypeVar("R")
# No text that is stored has this character; it sorts after every other one.
LAST_CHARACTER = "\U0010ffff"
KeysetPosition = Sequence[str | int]


class KeysetPage(msgspec.Struct, Generic[R], frozen=True):
    """Some items, and the place of the last one if more follow."""

    items: list[R]
    next: KeysetPosition | None


def invalid_cursor() -> Problem:
    """For a cursor that was made for another list, or by someone else."""
    violation = Violation(
        parameter="cursor",
        code="invalid_value",
        detail="Expected the `next` of a page of this list with the same filters",
    )
    return Problem("page_not_found", "The cursor does not belong to this list.", [violation])


def prefix_ends(wanted: object, *names: str) -> dict[str, str]:
    """Return where the texts end that begin with each of these prefixes, as <name>_end."""
    return {f"{name}_end": getattr(wanted, name) + LAST_CHARACTER for name in names}


def list_page(
    db: Connection,
    query: Callable[..., list[Row]],
    record: Callable[..., R],
    parameters: dict[str, Any],
    *,
    start: Mapping[str, Any],
    after: KeysetPosition | None = None,
) -> KeysetPage[R]:
    """At most `parameters["limit"]` rows of a query that is ordered by the columns of `start`.

    The query takes a place as the parameters after_<column>: `after`, or for a first page `start`,
    which lies before the first row. Raises page_not_found if `after` is not a place in this order.
    """
    if after is not None and [*map(type, after)] != [*map(type, start.values())]:
        raise invalid_cursor()
    place = dict(zip(start, after, strict=True)) if after is not None else start
    limit = parameters["limit"]
    # One row too many tells whether more follow.
    rows = query(
        db,
        **parameters
        | {"limit": limit + 1}
        | {f"after_{column}": value for column, value in place.items()},
    )
    more = len(rows) > limit
    names = rows[0].keys() if rows else []
    # `**row` would look each value up by its name, which takes as long as all else here.
    items = [record(**dict(zip(names, row, strict=True))) for row in rows[:limit]]
    return KeysetPage(items, [rows[limit - 1][column] for column in start] if more else None)
