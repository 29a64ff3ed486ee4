"""The form of a record: what it shows at first, after a refusal, and after the change of another
person; and the times in it."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import msgspec

from enrollment.http.validation import describe_count
from enrollment.model.courses import Course
from enrollment.model.records import Student, Term
from enrollment.model.results import Violation
from enrollment.problems.errors import Problem
from enrollment.web.refusal import by_field
from enrollment.web.times import read_time
from enrollment.web.visit import Visit


def fill(
    visit: Visit, present: dict[str, str], seen: str | None, problem: Problem | None
) -> dict[str, Any]:
    """Return what the template of a form shows: the values, the sentences beside the fields, the
    field to begin with, and what the form brings back: the version that it is about, and which
    values it has shown.

    `present` has the values of the record as it is now, that of the first field of the form first,
    and `seen` its version, if there is one.
    """
    first = next(iter(present))
    now = {"seen": seen or "", "shown": msgspec.json.encode(present).decode()}
    if visit.context.reads:
        return {"values": present, "errors": {}, "focus": first, **now}
    typed = visit.form.typed([*present])
    if problem is None or problem.code != "precondition_failed":
        same, errors = visit.form.typed([*now]), by_field(problem, visit.words.reason)
        # A browser sends the fields in their order on the page.
        wrong = next((name for name, _ in visit.form if name in errors), first)
        return {"values": typed, "errors": errors, "focus": wrong, **same}
    shown = present | _read(visit.form.one("shown"))
    # What only the other person has changed is not put back.
    values = {name: typed[name] if typed[name] != shown[name] else present[name] for name in typed}
    notes = {
        name: [_note(shown[name], present[name], is_replaced=values[name] != present[name])]
        for name in present
        if shown[name] != present[name]
    }
    return {"values": values, "errors": notes, "focus": first, **now}


def done_of(before: Course | Student | Term, answer: dict[str, Any]) -> str:
    """Say whether a form has changed the record that it is about, as a code of what was done."""
    return "saved" if answer["version"] != before.version else "unchanged"


def read_times(visit: Visit, names: Sequence[str], **others: Callable[[], Any]) -> dict[str, Any]:
    """The times in these fields, and what `others` read of theirs, as the API takes them. Raises
    invalid_body with all that is wrong."""
    form, zone = visit.form, visit.context.zone
    readers = {name: partial(read_time, zone, name, form.one(name)) for name in names} | others
    read, wrong = dict[str, Any](), list[Violation]()
    for name, reader in readers.items():
        try:
            read[name] = reader()
        except Problem as problem:
            wrong += problem.violations
    if wrong:
        raise Problem("invalid_body", describe_count(wrong, "field"), wrong)
    return read


def _read(text: str) -> dict[str, str]:
    """The values that a form has shown, or none if they were not sent as they should."""
    try:
        return msgspec.json.decode(text, type=dict[str, str])
    except msgspec.DecodeError:
        return {}


def _note(before: str, now: str, *, is_replaced: bool) -> str:
    if is_replaced:
        return f"Someone else changed this to {now or 'nothing'}: save again to replace it."
    return f"Someone else changed this. It was {before or 'empty'}."
