"""Changes in words: what the history says, and what a form has just done."""

from typing import Any

from enrollment.data.page import Changed
from enrollment.web.visit import Fields
from enrollment.web.words import Words, count

# What happened to an enrollment, before and after the label of the course.
EVENTS = {
    "enrolled": ("enrolled in", ""),
    "waitlisted": ("joined the waitlist of", ""),
    "completed": ("completed", ""),
    "dropped": ("dropped", ""),
    "void": ("enrollment in", "made void"),
}
DONE = {
    "enrolled": "Enrolled in {courses}.",
    "dropped": "Dropped {courses}.",
    "completed": "Completed {courses}.",
    "held": "The hold is placed.",
    "released": "The hold is released.",
    "holds_released": "Released {holds}.",
    "token_made": "The token is made. Its secret was shown before, and is not kept.",
    "token_revoked": "The token is revoked. Whoever used it is signed out.",
    "saved": "Saved.",
    "added": "The student is added.",
    "promoted": "{students} got a seat.",
    "students_dropped": "Dropped {students}.",
    "students_completed": "Completed the course for {students}.",
    "added_students": "Added {students}.",
}


def describe(change: Changed, words: Words) -> tuple[str, str, str]:
    """What changed: the words before the label of the course, the label, and the words after."""
    if change.subject == "enrollment":
        before, after = EVENTS[str(change.to_status)]
        if change.from_status == "waitlisted" and change.to_status == "dropped":
            before = "left the waitlist of"
        if change.from_status == change.to_status == "waitlisted" and not change.corrects:
            before = "stays on the waitlist of"
        details = [after, *_details(change, words)]
        return (
            before,
            change.label or f"course {change.course_id}",
            ", ".join(filter(None, details)),
        )
    if change.subject == "hold":
        verb = "placed" if change.before is None else "changed"
        if change.after and change.after.get("released_at"):
            verb = "released"
        return f"hold {verb}: {change.reason or ''}", "", ""
    if change.subject == "course":
        what = f"{change.part} " if change.part else ""
        return what + _fields(change), change.label or "", ""
    if change.subject == "term":
        return f"term {change.reason or ''} {_fields(change)}", "", ""
    return _fields(change), "", ""


def outcome(query: Fields) -> str:
    """What a form has just done, by the address that it has led to; "" if it led to none."""
    amount = int(query.one("n")) if query.one("n").isdecimal() else 1
    sentence = DONE.get(query.one("done"), "")
    amounts = {f"{noun}s": count(amount, noun) for noun in ("course", "student", "hold")}
    text = sentence.format(**amounts)
    if query.one("refused") not in ("", "0"):
        text += f" Not added: {query.one('refused')}."
    return text


def _details(change: Changed, words: Words) -> list[str]:
    """What else the history has of an event: since when, why, and in spite of which rules."""
    details = ["corrected"] if change.corrects else []
    if change.effective_at and change.effective_at != change.recorded_at:
        details.append(f"since {words.day(change.effective_at)}")
    if change.reason:
        details.append(f"“{change.reason}”")
    if change.overridden:
        details.append("rules set aside: " + ", ".join(change.overridden).replace("_", " "))
    return details


def _fields(change: Changed) -> str:
    """The columns that differ, such as "email a@b.example → c@d.example"."""
    before, after = change.before, change.after
    if before is None:
        return "added"
    if after is None:
        return "removed" if change.part else "deleted"
    return ", ".join(
        f"{name.replace('_', ' ')} {_value(before.get(name))} → {_value(value)}"
        for name, value in after.items()
    )


def _value(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)
