"""Changes in words: what the history says, and what a form has just done."""

from collections.abc import Iterable
from itertools import zip_longest
from typing import Any

from enrollment.data.change_list import Changed
from enrollment.model.meetings import WEEKDAYS
from enrollment.web.fields import Fields, whole
from enrollment.web.words import ENDS, STATUSES, TIMESTAMP, Words, count, name, number, ordinal

# What happened to an enrollment, with the label of the course for {}.
EVENTS = {
    "enrolled": "enrolled in {}",
    "waitlisted": "joined the waitlist of {}",
    "completed": "completed {}",
    "dropped": "dropped {}",
    "void": "enrollment in {} made void",
}
DONE = {
    "on_record": "Nothing was changed: this is on record already.",
    "enrolled": "Enrolled in {courses}.",
    "waits": "On a waitlist, in {place} place.",
    "dropped": "Dropped {courses}.",
    "left": "Left the waitlist of {courses}.",
    "completed": "Completed {courses}.",
    "held": "The hold is placed.",
    "released": "The hold is released.",
    "holds_released": "Released {holds}.",
    "holds_released_before": "{holds} had been released before.",
    "token_made": "The token is made. Its secret was shown before, and is not kept.",
    "token_revoked": "The token is revoked. All who used it are signed out.",
    "corrected": "The latest change is corrected.",
    "taken_back": "The latest change is taken back.",
    "made_void": "The enrollment is void.",
    "saved": "Saved.",
    "unchanged": "Nothing was changed: every value is as it was.",
    "student_added": "The student is added.",
    "course_added": "The course is added.",
    "term_added": "The term is added.",
    "merged": "The other record is merged into this one.",
    "deleted": "The record of the student is deleted.",
    "course_deleted": "The course is deleted.",
    "term_deleted": "The term is deleted.",
    "erased": "The data of the student is erased.",
    "copied": "Copied {courses}.",
    "term_closed": "Enrollment in the term is closed.",
    "term_opened": "Enrollment in the term is open.",
    "promoted": "{students} got a seat.",
    "moved": "The student is moved on the waitlist.",
    "swapped": "The swap is done: the new course instead of the other one.",
    "waits_to_swap": "On the waitlist. The other course stays until a seat is free.",
    "students_dropped": "Dropped {students}.",
    "students_left": "{students} left the waitlist.",
    "students_completed": "Completed the course for {students}.",
    "added_students": "Added {students}.",
    "students_wait": "{students} joined the waitlist.",
    "not_added": "Not added: {number}. They are below; a preview shows why.",
    "imported": "The file is imported.",
    "undone": "The import is undone.",
}

# What a form has just made, so that another one can follow.
ADDED = {f"{noun}_added": noun for noun in ("student", "course", "term")}


def describe(change: Changed, words: Words) -> tuple[str, str, str]:
    """What changed: the words before the label of the course, the label, and the words after."""
    if change.subject == "enrollment":
        before, _, after = _event(change).partition(" {}")
        details = ", ".join(
            [*filter(None, [after.strip()]), *_result(change), *_details(change, words)]
        )
        return before, course_of(change)[1], details
    if change.subject == "hold":
        return f"{record_change(change, words)}: {change.reason or ''}", "", ""
    if change.subject == "course":
        return record_change(change, words), course_of(change)[1], ""
    if change.subject == "term":
        return f"term {change.term or ''} {record_change(change, words)}", "", ""
    return record_change(change, words), "", ""


def student_of(change: Changed) -> tuple[str, str]:
    """The path and the name of the student whom a change is about. Of a student who was deleted,
    what is on record is left."""
    if change.family_name:
        return f"/students/{change.student_id}", name(change)
    path, fields = f"/changes?student={change.student_id}", _fields(change, "student")
    known = ", ".join(filter(None, (fields.get("family_name"), fields.get("given_name"))))
    return path, f"{known} (deleted)" if known else "a deleted student"


def course_of(change: Changed) -> tuple[str, str]:
    """The path and the label of the course that a change is about. Of a course that was deleted,
    what is on record is left."""
    if change.label:
        return f"/courses/{change.course_id}", change.label
    path, fields = f"/changes?course={change.course_id}", _fields(change, "course")
    known = "-".join(filter(None, (fields.get("code"), fields.get("section"))))
    return path, f"{known} (deleted)" if known else "a deleted course"


def _fields(change: Changed, subject: str) -> dict[str, Any]:
    """The fields of a record, as far as the change of it names them."""
    is_whole = change.subject == subject and not change.part
    return {**(change.before or {}), **(change.after or {})} if is_whole else {}


def _event(change: Changed) -> str:
    """What happened to an enrollment, with {} for the label of the course."""
    if change.from_status == "waitlisted" and change.to_status == "dropped":
        return "left the waitlist of {}"
    if change.position:
        return f"{moved(change)} of {{}}"
    if change.from_status == change.to_status == "waitlisted" and not change.corrects:
        return "stays on the waitlist of {}"
    return EVENTS[str(change.to_status)]


def transition(change: Changed) -> str:
    """From what to what an enrollment has changed, such as "enrolled → dropped"."""
    after = STATUSES[str(change.to_status)]
    if change.position:
        return moved(change)
    if change.from_status == change.to_status:
        return f"still {after}"
    steps = [STATUSES[change.from_status]] if change.from_status else []
    return ", ".join([" → ".join([*steps, after]), *_result(change)])


def history_line(change: Changed, words: Words) -> str:
    """The transition of an enrollment with its details, for a page that names the enrollment."""
    return ", ".join([transition(change), *_details(change, words)])


def moved(change: Changed) -> str:
    """Where a registrar moved a student on the waitlist, if the change is a move."""
    if not change.position:
        return ""
    return f"moved to {ordinal(change.position)} place on the waitlist"


def correction(change: Changed) -> str:
    """How a change stands to an earlier one, if it corrects it."""
    if change.restores:
        return "takes the change before it back"
    return "corrects the change before it" if change.corrects else ""


def rules_set_aside(change: Changed) -> str:
    return ", ".join(change.overridden).replace("_", " ")


def record_change(change: Changed, words: Words) -> str:
    """What has changed in a record, such as "email a@b.example → c@d.example"."""
    before, after = change.before, change.after
    if change.subject == "hold":
        verb = "placed" if before is None else "changed"
        return "hold released" if after and after.get("released_at") else f"hold {verb}"
    what = f"{_part(change.part, (after or before or {}))} " if change.part else ""
    if before is None:
        return f"{what}added"
    if after is None:
        return f"{what}{'removed' if change.part else 'deleted'}"
    if after.get("erased"):
        return f"{what}changed; what it was is erased"
    return what + ", ".join(
        f"{field.replace('_', ' ')} {_step(field, before.get(field), value, words)}"
        for field, value in after.items()
    )


def done_query(outcomes: Iterable[tuple[str, int]]) -> dict[str, list[Any]]:
    """The parameters of an address of which `outcome` makes sentences: a code of DONE each, with
    its number. What happened to none is left out; if nothing happened, that is the sentence."""
    happened = [(done, n) for done, n in outcomes if n] or [("on_record", 1)]
    return {"done": [done for done, _ in happened], "n": [n for _, n in happened]}


def outcome(query: Fields) -> str:
    """What a form has just done, by the address that it has led to; "" if it led to none. Each
    `done` in the address has its `n`."""
    sentences = []
    for done, text in zip_longest(query.all("done"), query.all("n")):
        n = whole(text or "")
        amount = n if isinstance(n, int) else 1
        amounts = {f"{noun}s": count(amount, noun) for noun in ("course", "student", "hold")}
        sentence = DONE.get(done, "")
        sentences.append(sentence.format(**amounts, number=amount, place=ordinal(amount)))
    return " ".join(sentences)


def _result(change: Changed) -> list[str]:
    """The outcome of a completion, without that the student passed: that is the rule."""
    result = ["not passed"] if change.passed is False else []
    return result + ([f"grade {change.grade}"] if change.grade else [])


def _details(change: Changed, words: Words) -> list[str]:
    """What else the history has of an event: since when, why, and in spite of which rules."""
    details = [*filter(None, [correction(change)])]
    if change.effective_at and change.effective_at != change.recorded_at:
        details.append(f"since {words.day(change.effective_at)}")
    if change.instead_of:
        details.append(f"instead of {change.instead_of}")
    if change.reason:
        why = words.why(change.reason)
        details.append(f"“{why}”" if why == change.reason else why)
    if change.overridden:
        details.append(f"rules set aside: {rules_set_aside(change)}")
    return details


def _part(part: str, fields: dict[str, Any]) -> str:
    """A part of a course in words: "meeting Mon 09:00-10:30", or "requirement CS100"."""
    if part == "meeting" and "weekday" in fields:
        return f"meeting {WEEKDAYS[fields['weekday'] - 1]} {fields['from']}-{fields['to']}"
    return f"{part} {fields.get('code', '')}".strip()


def _step(field: str, before: Any, after: Any, words: Words) -> str:
    """From what to what a field has changed; one that is empty has no value to show."""
    if after in (None, [], {}):
        return f"{_value(field, before, words)} removed"
    if before in (None, [], {}):
        return f"set to {_value(field, after, words)}"
    return f"{_value(field, before, words)} → {_value(field, after, words)}"


def _value(field: str, value: Any, words: Words) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        value = [f"{name} {_value(name, each, words)}" for name, each in value.items()]
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, str) and TIMESTAMP.fullmatch(value):
        return words.edge(value, is_end=field in ENDS)
    if isinstance(value, float):
        return number(value)
    return str(value)
