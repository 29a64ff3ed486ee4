"""An undo in words: what becomes of each record that an import changed."""

from typing import Any, NamedTuple

from enrollment.data import page
from enrollment.web.import_words import MOST_SHOWN
from enrollment.web.visit import Visit
from enrollment.web.words import name

OUTCOMES = {"reversed": "as before", "kept": "kept", "conflict": "in conflict"}


class Line(NamedTuple):
    """One record of an undo."""

    who: str
    outcome: str
    detail: str


def name_undone(visit: Visit, items: list[dict[str, Any]]) -> list[Line]:
    """The records of an undo, each with its name and what becomes of it. Those that are created by
    the import are still there in a preview."""
    shown = items[:MOST_SHOWN]
    ids = [item["record_id"] for item in shown if item["kind"] in ("student", "enrollment")]
    people = page.list_people(visit.db, ids)
    return [
        Line(_name(people, **item), OUTCOMES[item["outcome"]], item.get("detail") or "")
        for item in shown
    ]


def _name(
    people: dict[int, page.Person],
    kind: str,
    record_id: int,
    course_id: int | None = None,
    **_: Any,
) -> str:
    if kind in ("term", "course"):
        return f"{kind} {record_id}"
    person = people.get(record_id)
    found = name(person) if person else f"student {record_id}"
    return f"{found} in course {course_id}" if kind == "enrollment" else found
