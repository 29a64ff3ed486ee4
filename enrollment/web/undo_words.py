"""An undo in words: what becomes of each record that an import changed."""

from typing import Any, NamedTuple

import msgspec

from enrollment.model.imports import UndoneItem
from enrollment.web.import_words import MOST_SHOWN, find_names, name_of
from enrollment.web.visit import Visit

OUTCOMES = {"reversed": "undone", "kept": "kept", "conflict": "in conflict"}


class Line(NamedTuple):
    """One record of an undo."""

    who: str
    outcome: str
    detail: str


def name_undone(visit: Visit, items: list[dict[str, Any]]) -> list[Line]:
    """The records of an undo, each with its name and what becomes of it. Those that are created by
    the import are still there in a preview."""
    shown = msgspec.convert(items[:MOST_SHOWN], list[UndoneItem])
    names = find_names(visit, shown)
    return [Line(name_of(names, item), OUTCOMES[item.outcome], item.detail or "") for item in shown]
