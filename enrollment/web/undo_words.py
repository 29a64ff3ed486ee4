"""An undo in words: what becomes of each record that an import changed."""

from typing import Any, NamedTuple

from enrollment.data import page
from enrollment.web.import_words import MOST_SHOWN
from enrollment.web.visit import Visit
from enrollment.web.words import name

OUTCOMES = {"reversed": "undone", "kept": "kept", "conflict": "in conflict"}


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
    courses = [item.get("course_id") or item["record_id"] for item in shown]
    labels = page.list_labels(visit.db, courses)
    return [
        Line(_name(people, labels, **item), OUTCOMES[item["outcome"]], item.get("detail") or "")
        for item in shown
    ]


def _name(
    people: dict[int, page.Person],
    labels: dict[int, str],
    kind: str,
    record_id: int,
    course_id: int | None = None,
    **_: Any,
) -> str:
    if kind == "term":
        return f"term {record_id}"
    if kind == "course":
        return labels.get(record_id, f"course {record_id}")
    person = people.get(record_id)
    found = name(person) if person else f"student {record_id}"
    if course_id is None:
        return found
    return f"{found} in {labels.get(course_id, f'course {course_id}')}"
