"""What a student may see and send."""

from collections.abc import Iterator
from functools import cache
from typing import Any, get_args

import msgspec
from msgspec.structs import replace

from enrollment.http.context import Caller, Context
from enrollment.http.validation import fields_by_name
from enrollment.model.patches import default_of
from enrollment.model.records import Event
from enrollment.model.requests import FOR_STUDENTS
from enrollment.model.results import Violation
from enrollment.problems.errors import Problem


def visible_events(caller: Caller | None, events: list[Event]) -> list[Event]:
    """Return the events that the caller may see.

    A student sees only the events of that student. The actor is hidden if it is someone else: a
    promotion would show which student has left the course.
    """
    if caller is None or caller.role != "student":
        return events
    return [
        event if event.actor == caller.actor else replace(event, actor=None)
        for event in events
        if event.student_id == caller.student_id
    ]


def forbid_staff_fields(context: Context, body: msgspec.Struct) -> None:
    """Refuse a student who sends a field that is not marked `for_students`. Raises forbidden."""
    caller, operation = context.caller, context.operation
    if caller is None or caller.role != "student" or operation is None:
        return
    violations = list(_staff_fields(body, ""))
    if violations:
        roles = ", ".join(sorted(operation.allowed - {"student"}))
        detail = f"Students may not send the fields in `errors`. These roles may: {roles}."
        raise Problem("forbidden", detail, violations)


def _staff_fields(struct: msgspec.Struct, pointer: str) -> Iterator[Violation]:
    """Yield a violation for each field that a student may not send; its default is allowed."""
    for name, field in fields_by_name(type(struct)).items():
        value, place = getattr(struct, field.name), f"{pointer}/{name}"
        values = values_for_students(field.type)
        if values is None:
            if value != default_of(field):
                detail = "Students may not send this field"
                yield Violation(pointer=place, code="forbidden", detail=detail)
        elif values and value not in values:
            detail = f"Students may send only: {', '.join(values)}"
            yield Violation(pointer=place, code="forbidden", detail=detail)
        else:
            yield from _staff_fields_below(value, place)


def _staff_fields_below(value: Any, pointer: str) -> Iterator[Violation]:
    if isinstance(value, msgspec.Struct):
        yield from _staff_fields(value, pointer)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _staff_fields_below(item, f"{pointer}/{index}")


@cache
def values_for_students(wanted: Any) -> tuple[str, ...] | None:
    """Return the values that students may send in a field of this type: () for every value, or
    None if they may not send it."""
    marks = (part.extra or {} for part in get_args(wanted) if isinstance(part, msgspec.Meta))
    return next((mark[FOR_STUDENTS] for mark in marks if FOR_STUDENTS in mark), None)
