"""The filter of the OneRoster interface: `field op 'value'`, and perhaps AND or OR and one more."""

import re
from collections.abc import Collection
from datetime import tzinfo
from typing import cast, get_args

from enrollment.model.decoding import decoder
from enrollment.model.oneroster import Condition, Operator, PageOfRecords, Selection
from enrollment.model.types import Since
from enrollment.problems.errors import Problem

# The longer of two operators is tried first: `>=` is not `>`.
OPERATORS = "|".join(sorted(get_args(Operator), key=len, reverse=True))
CONDITION = rf"([A-Za-z.]+) ?({OPERATORS}) ?'((?:[^']|'')*)'"
FILTER = re.compile(f"{CONDITION}(?: (AND|OR) {CONDITION})?")
FORM = "Expected field='value', and perhaps AND or OR and a second one; operators: = != > >= < <= ~"


def wanted_page(
    query: PageOfRecords, known: Collection[str], largest: int, zone: tzinfo
) -> Selection:
    """Return what is wanted of a list whose records can be searched by these fields. A day in place
    of a time is one where the school is.

    Raises invalid_filter, invalid_sort.
    """
    if query.sort and query.sort not in known:
        detail = f"Records cannot be sorted by {query.sort}. Expected one of: {_names(known)}."
        raise Problem("invalid_sort", detail)
    conditions, is_either = _conditions(query.filter) if query.filter else ([], False)
    for condition in conditions:
        if condition.field not in known:
            names = _names(known)
            detail = f"Records cannot be searched by {condition.field}. Expected one of: {names}."
            raise Problem("invalid_filter", detail)
    return Selection(
        tuple(_with_time(condition, zone) for condition in conditions),
        is_either,
        query.sort,
        query.orderBy == "desc",
        min(query.limit, largest),
        query.offset,
    )


def _conditions(text: str) -> tuple[list[Condition], bool]:
    """Return the conditions of a filter, and whether one is enough. Raises invalid_filter."""
    found = FILTER.fullmatch(text)
    if found is None:
        raise Problem("invalid_filter", f"{FORM}.")
    *first, joint, field, operator, value = found.groups()
    parts = [first, (field, operator, value)] if joint else [first]
    conditions = [
        Condition(field, cast(Operator, operator), value.replace("''", "'"))
        for field, operator, value in parts
    ]
    return conditions, joint == "OR"


def _with_time(condition: Condition, zone: tzinfo) -> Condition:
    """Return a condition whose time is written as times are stored. Raises invalid_filter."""
    if condition.field != "dateLastModified" or condition.operator == "~":
        return condition
    try:
        return condition._replace(value=str(decoder(zone)(Since, condition.value)))
    except ValueError:
        detail = f"dateLastModified is compared with a time or a day, not with {condition.value!r}."
        raise Problem("invalid_filter", detail) from None


def _names(known: Collection[str]) -> str:
    return ", ".join(sorted(known))
