"""The filter of the OneRoster interface: `field op 'value'`, and perhaps AND or OR and one more."""

import re
from collections.abc import Collection
from datetime import tzinfo
from typing import cast, get_args

from enrollment.model.decoding import decoder
from enrollment.model.oneroster import Condition, Operator, PageOfRecords, Wanted
from enrollment.model.types import Since
from enrollment.problems.errors import Problem

# The longer of two operators is tried first: `>=` is not `>`.
OPERATORS = "|".join(sorted(get_args(Operator), key=len, reverse=True))
CONDITION = re.compile(rf"([A-Za-z.]+) ?({OPERATORS}) ?'((?:[^']|'')*)'")
JOINT = re.compile(" (AND|OR) ")
MOST_CONDITIONS = 2
FORM = "Expected field='value', and perhaps AND or OR and a second one; operators: = != > >= < <= ~"


def wanted_page(query: PageOfRecords, known: Collection[str], largest: int, zone: tzinfo) -> Wanted:
    """Return what is wanted of a list whose records can be searched by these fields. A day in place
    of a time is one where the school is.

    Raises invalid_filter, invalid_sort.
    """
    if query.sort and query.sort not in known:
        detail = f"Records cannot be sorted by {query.sort}. Expected one of: {_names(known)}."
        raise Problem("invalid_sort", detail)
    conditions, is_either = _conditions(query.filter) if query.filter else ((), False)
    for condition in conditions:
        if condition.field not in known:
            names = _names(known)
            detail = f"Records cannot be searched by {condition.field}. Expected one of: {names}."
            raise Problem("invalid_filter", detail)
    return Wanted(
        tuple(_with_time(condition, zone) for condition in conditions),
        is_either,
        query.sort,
        query.orderBy == "desc",
        min(query.limit, largest),
        query.offset,
    )


def _conditions(text: str) -> tuple[tuple[Condition, ...], bool]:
    """Return the conditions of a filter, and whether one is enough. Raises invalid_filter."""
    found, joints, place = [], set(), 0
    while match := CONDITION.match(text, place):
        field, operator, value = match.groups()
        found.append(Condition(field, cast(Operator, operator), value.replace("''", "'")))
        place = match.end()
        joint = JOINT.match(text, place)
        if joint is None or len(found) == MOST_CONDITIONS:
            break
        joints.add(joint[1])
        place = joint.end()
    if not found or place < len(text) or len(found) == len(joints):
        raise Problem("invalid_filter", f"{FORM}.")
    return tuple(found), joints == {"OR"}


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
