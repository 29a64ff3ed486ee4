"""The form of a record: what it shows at first, after a refusal, and after the change of another
person; and the times in it."""

from collections.abc import Sequence
from typing import Any

import msgspec

from enrollment.problems.errors import Problem
from enrollment.web.refusal import by_field
from enrollment.web.times import read_time
from enrollment.web.visit import Visit


def fill(
    visit: Visit, present: dict[str, str], seen: str | None, problem: Problem | None
) -> dict[str, Any]:
    """Return what the template of a form shows: the values, the sentences beside the fields, and
    what the form brings back: the version that it is about, and which values it has shown.

    `present` has the values of the record as it is now, and `seen` its version, if there is one.
    """
    now = {"seen": seen or "", "shown": msgspec.json.encode(present).decode()}
    if visit.context.reads:
        return {"values": present, "errors": {}, **now}
    typed = visit.form.typed([*present])
    if problem is None or problem.code != "precondition_failed":
        same = visit.form.typed([*now])
        return {"values": typed, "errors": by_field(problem), **same}
    shown = present | _read(visit.form.one("shown"))
    # What only the other person has changed is not put back.
    values = {name: typed[name] if typed[name] != shown[name] else present[name] for name in typed}
    notes = {
        name: [_note(shown[name], present[name], is_replaced=values[name] != present[name])]
        for name in present
        if shown[name] != present[name]
    }
    return {"values": values, "errors": notes, **now}


def read_times(visit: Visit, names: Sequence[str]) -> dict[str, str | None]:
    """The times in these fields, as the API takes them. Raises invalid_body."""
    return {name: read_time(visit.context.zone, name, visit.form.one(name)) for name in names}


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
