"""What a student may see and say."""

from typing import Any

from msgspec.structs import replace

from enrollment.http.context import Caller
from enrollment.model.records import Event
from enrollment.model.results import Violation
from enrollment.problems.errors import Problem


def visible_events(caller: Caller | None, events: list[Event]) -> list[Event]:
    """What the caller may know of them: a student, only what concerns that student, and who did it
    only where it was the student: a seat comes free because another one has left."""
    if caller is None or caller.role != "student":
        return events
    return [
        event if event.actor == caller.actor else replace(event, actor=None)
        for event in events
        if event.student_id == caller.student_id
    ]


def forbid_staff_fields(caller: Caller | None, body: Any) -> None:
    """Refuse a student who speaks as only a registrar may. Raises forbidden."""
    if caller is None or caller.role != "student":
        return
    violations = [
        Violation(pointer=f"/{name}", code="forbidden", detail="Only a registrar may say so")
        for name, value in (
            ("override", getattr(body, "override", None)),
            ("effective_at", getattr(body, "effective_at", None)),
            ("status", getattr(body, "status", None) == "completed"),
        )
        if value
    ]
    if violations:
        raise Problem("forbidden", "A student may enrol, wait and drop.", violations)
