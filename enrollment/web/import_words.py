"""Imports in words: what a button will do, and what becomes of each record, also by an undo."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from enrollment.data import page
from enrollment.data.course import find_course
from enrollment.data.student import full_name
from enrollment.data.term import list_terms
from enrollment.model.imports import (
    REMOVED_AS,
    ImportChange,
    ImportCounts,
    ImportReport,
    UndoneItem,
)
from enrollment.web.chosen_term import ALL
from enrollment.web.visit import Visit
from enrollment.web.words import STATUSES, count, listed, name

# So many faults and changes are shown; a file has them all.
MOST_SHOWN = 100
# The names of records, by their kinds and ids.
Names = dict[tuple[str, int], str]
UNDONE = {"reversed": "undone", "kept": "kept", "conflict": "in conflict"}


class Line(NamedTuple):
    """One record of an undo."""

    who: str
    outcome: str
    detail: str


def what_is_done(counts: ImportCounts) -> str:
    """What the button of an import says, such as "Import 2 students and 5 enrollments, drop 3"."""
    enrollments = counts.enrollments
    amounts = [
        (records.created + records.changed + records.ended, noun)
        for records, noun in (
            (counts.students, "student"),
            (counts.terms, "term"),
            (counts.courses, "course"),
        )
    ]
    done = enrollments.enrolled + enrollments.completed
    parts = [count(amount, noun) for amount, noun in (*amounts, (done, "enrollment")) if amount]
    dropped = enrollments.dropped
    if not parts:
        return f"Drop {count(dropped, 'enrollment')}" if dropped else "Import anyway"
    return f"Import {listed(parts)}" + (f", drop {dropped}" if dropped else "")


def ends(report: ImportReport) -> int:
    """How many records become inactive, cancelled or dropped, since the file no longer has them."""
    return sum(getattr(report.removals, kind).removed for kind in REMOVED_AS)


def what_is_confirmed(report: ImportReport) -> str:
    """What a box confirms where the file no longer has records: how many would end, and why that is
    right."""
    gone = ends(report)
    if any(fault.severity == "error" for fault in report.summary):
        why = f"{'It is not' if gone == 1 else 'None is'} in a row that is left out."
    elif report.format == "list" and not any(file.rows for file in report.files):
        why = "The file has no rows on purpose."
    else:
        why = "The file is complete."
    return f"{count(gone, 'record')} above would end. {why}"


def _find_names(visit: Visit, records: Sequence[ImportChange | UndoneItem]) -> Names:
    """The names of the records that are here."""
    people = page.list_people(
        visit.db, [each.record_id for each in records if each.kind in ("student", "enrollment")]
    )
    courses = [each.course_id or each.record_id for each in records]
    return (
        {("student", id): name(person) for id, person in people.items()}
        | {("course", id): label for id, label in page.list_labels(visit.db, courses).items()}
        | {("term", term.id): term.title for term in list_terms(visit.db, ALL).items}
    )


def _name_of(names: Names, record: ImportChange | UndoneItem) -> str:
    """The name of a record; of an enrollment, those of the student and of the course."""
    kind = "student" if record.kind == "enrollment" else record.kind
    found = names.get((kind, record.record_id), f"{kind} {record.record_id}")
    if record.kind == "enrollment":
        course = names.get(("course", record.course_id or 0), f"course {record.course_id}")
        return f"{found} in {course}"
    return found


def name_records(visit: Visit, changes: Sequence[ImportChange]) -> list[tuple[str, str]]:
    """The records that were changed, each with what became of it. After a preview, new ones are no
    longer there: their names are in their changes."""
    shown = changes[:MOST_SHOWN]
    names = _find_names(visit, shown)
    for change in changes:
        values = change.after or change.before or {}
        if change.kind == "student" and "family_name" in values and change.before is None:
            full = full_name(values["family_name"], values.get("given_name"))
            names.setdefault(("student", change.record_id), full)
        elif change.kind in ("term", "course") and "code" in values:
            section = values.get("section")
            label = f"{values['code']}-{section}" if section else str(values["code"])
            names.setdefault((change.kind, change.record_id), label)
    return [(_name_of(names, change), _what(change)) for change in shown]


def name_roster(visit: Visit, report: ImportReport) -> str:
    """The course of a roster with its term, such as "CS101-1 in 2026-FALL". "" if an import is not
    the roster of one course that is here."""
    course = find_course(visit.db, report.course_id) if report.course_id else None
    if course is None:
        return ""
    return f"{course.label} in {course.term}" if course.term else f"{course.label} without a term"


def name_undone(visit: Visit, items: list[dict[str, Any]]) -> list[Line]:
    """The records of an undo, each with its name and what becomes of it. Those that are created by
    the import are still there in a preview."""
    shown = msgspec.convert(items[:MOST_SHOWN], list[UndoneItem])
    names = _find_names(visit, shown)
    return [Line(_name_of(names, item), UNDONE[item.outcome], item.detail or "") for item in shown]


def _what(change: ImportChange) -> str:
    after, before = change.after or {}, change.before or {}
    if change.kind == "enrollment":
        return STATUSES.get(str(after.get("status")), "changed")
    if change.before is None:
        return _new(after) if change.kind == "student" else "new"
    if change.after is None:
        return "removed"
    return ", ".join(
        f"{field.replace('_', ' ')} {_value(before.get(field))} → {_value(value)}"
        for field, value in after.items()
        if isinstance(value, str | int | float | None)
    )


def _new(student: dict[str, Any]) -> str:
    """What is known of a new student, besides the name."""
    number = f"number {student['number']}" if student.get("number") else "no number"
    return f"new: {number}, {student.get('email') or 'no email'}, {student['status']}"


def columns_of(report: ImportReport) -> list[str]:
    """What each column of a list was taken for, such as "Matr.-Nr. is the number"."""
    if report.format != "list":
        return []
    return [
        f"{header} is the {field.replace('_', ' ')}"
        for file in report.files
        for header, field in file.columns.items()
    ]


def _value(value: object) -> str:
    return "none" if value is None else str(value)
