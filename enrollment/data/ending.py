"""Endings: enrollments become completed, dropped or void."""

from collections.abc import Sequence
from typing import NamedTuple

from msgspec import UNSET
from msgspec.structs import asdict

from enrollment.data.eligibility import rules_to_json
from enrollment.data.violations import list_violations, raise_broken_rules, violation
from enrollment.model.records import Change
from enrollment.model.requests import BulkEnrollmentItem, EnrollmentStatusInput
from enrollment.model.results import Violation
from enrollment.storage.connection import Connection
from enrollment.storage.queries import queries, to_json

SQL = queries("enrollment")
# The status, whether passed, the grade, and the overridden rules.
Ending = tuple[str, bool | None, str | None, tuple[str, ...]]


class StatusChange(NamedTuple):
    """The status that an enrollment is to have."""

    student_id: int
    course_id: int
    status: str
    # None: the request does not name it.
    passed: bool | None = None
    grade: str | None = None
    # Whether the request names the grade, which can be None.
    names_grade: bool = False
    # The rules that it breaks, and that are overridden.
    overridden: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, student_id: int, course_id: int, item: BulkEnrollmentItem | EnrollmentStatusInput
    ) -> "StatusChange":
        """Return the change of an enrollment that a request wants."""
        return cls(
            student_id,
            course_id,
            item.status,
            passed=None if item.passed is UNSET else item.passed,
            grade=None if item.grade is UNSET else item.grade,
            names_grade=item.grade is not UNSET,
        )


def raise_unsaid_corrections(db: Connection, wanted: StatusChange, change: Change) -> None:
    """Raise outcome_without_completion, or correction_required if the enrollment has the status
    already, but with another time or outcome than the change names."""
    if change.effective_at or wanted.passed is not None or wanted.names_grade:
        changes = to_json([wanted])
        raise_broken_rules(SQL.list_broken_listing_rules(db, changes=changes))
        effective_at = change.effective_at
        raise_broken_rules(
            SQL.list_unsaid_corrections(db, changes=changes, effective_at=effective_at)
        )


def find_violations(
    db: Connection, changes: Sequence[StatusChange], change: Change
) -> dict[int, list[Violation]]:
    """Return the broken rules of a list of changes by their index, unless they are those of
    enrolling. `pointer` is that of the field in the item."""
    listed = to_json(changes)
    broken: dict[int, list[Violation]] = {}
    for row in SQL.list_broken_listing_rules(db, changes=listed):
        broken.setdefault(row["item"], []).append(violation(row, row["pointer"]))
    for row in SQL.list_unsaid_corrections(db, changes=listed, effective_at=change.effective_at):
        if changes[row["item"]].status != "enrolled":
            broken.setdefault(row["item"], []).append(violation(row, row["pointer"]))
    refused = {*broken}
    for item, found in _list_ending_violations(db, changes, change):
        if item not in refused:
            broken.setdefault(item, []).append(found)
    return broken


def end_enrollments(
    db: Connection, changes: Sequence[StatusChange], change: Change
) -> list[Violation]:
    """Complete or drop these enrollments, and return the broken rules.

    They end even if a rule is broken: so the rest of the request is checked as if they had ended,
    and every broken rule is known. The caller raises the violations, which undoes all of it.
    """
    violations = [found for _, found in _list_ending_violations(db, changes, change)]
    update_enrollments(db, changes, change, is_undone=bool(violations))
    return violations


def update_enrollments(
    db: Connection, changes: Sequence[StatusChange], change: Change, *, is_undone: bool = False
) -> None:
    """Give enrollments that exist their status, "completed" or "dropped".

    If it will be undone, it takes effect now: the history refuses a time that breaks a rule.
    """
    details = asdict(change)
    if is_undone:
        details["effective_at"] = None
    for (status, passed, grade, overridden), pairs in _by_outcome(changes).items():
        details |= {"passed": passed, "grade": grade, "overridden": rules_to_json(overridden)}
        SQL.update_enrollments(db, pairs=to_json(pairs), status=status, **details)


def _by_outcome(changes: Sequence[StatusChange]) -> dict[Ending, list[tuple[int, int]]]:
    """Group the student and the course of each change that ends an enrollment by what it becomes:
    completed ones come first. A student who completes a course has passed it, unless it is said."""
    groups: dict[Ending, list[tuple[int, int]]] = {}
    for item in sorted(changes, key=lambda item: item.status):
        key: Ending = (item.status, None, None, item.overridden)
        if item.status == "completed":
            key = (item.status, item.passed is not False, item.grade, ())
        if item.status != "enrolled":
            groups.setdefault(key, []).append(item[:2])
    return groups


def _list_ending_violations(
    db: Connection, changes: Sequence[StatusChange], change: Change
) -> list[tuple[int, Violation]]:
    """Return each broken rule of completing and dropping, with the index of the change."""
    parameters = asdict(change) | {"changes": to_json(changes), "today": change.today}
    rows = SQL.list_broken_ending_rules(db, **parameters)
    return [(row["item"], violation(row, row["pointer"])) for row in rows]


def list_void_violations(
    db: Connection, student_id: int, course_id: int, change: Change
) -> list[Violation]:
    """Return the broken rules of making an enrollment void."""
    place = {"student_id": student_id, "course_id": course_id, "today": change.today}
    return list_violations(SQL.list_broken_void_rules(db, **asdict(change) | place))


def void_enrollments(db: Connection, pairs: Sequence[tuple[int, int]], change: Change) -> None:
    """Make enrollments void, each a student's id and a course's. No rule is checked."""
    SQL.update_enrollments_void(db, pairs=to_json(pairs), **asdict(change))
