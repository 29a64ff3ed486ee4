"""Corrections: the latest change of an enrollment is replaced, or taken back."""

import json
from typing import Any, NamedTuple

from msgspec.structs import asdict

from enrollment.data import waitlist
from enrollment.data.eligibility import rules_to_json
from enrollment.data.ending import StatusChange
from enrollment.data.enrollment import get_enrollment, put_enrollment
from enrollment.data.violations import list_violations, raise_broken_rules, raise_violations
from enrollment.model.records import Change, Enrollment
from enrollment.model.results import Violation
from enrollment.storage.connection import Connection
from enrollment.storage.queries import as_bool, queries, to_json

SQL = queries("correction")
ENROLLMENT = queries("enrollment")


class State(NamedTuple):
    """What one change made of an enrollment."""

    status: str
    effective_at: str
    passed: bool | None
    grade: str | None


class LatestChange(NamedTuple):
    """The latest change that stands, and the one before it."""

    id: int
    state: State
    # None: there is none, or the enrollment was void.
    before_id: int | None
    before: State | None
    # Whether the change made the student enrolled, as it is or before it was corrected.
    was_enrolled: bool


def correct_change(db: Connection, wanted: StatusChange, change: Change) -> Enrollment:
    """Replace the latest change of an enrollment by what it should have been.

    What is not said stays as that change had it. If the status is that of the change before it, it
    is taken back. If all is as it should be, nothing is recorded. Raises nothing_to_correct,
    outcome_without_completion, reason_required, not_enrolled, was_not_enrolled,
    effective_too_early, correction_required, course_full, promoted_again.
    """
    raise_broken_rules(ENROLLMENT.list_broken_listing_rules(db, changes=to_json([wanted])))
    if wanted.status == "void":
        return put_enrollment(db, None, wanted, change)
    latest = get_latest_change(db, wanted.student_id, wanted.course_id)
    if latest.before and latest.before.status == wanted.status:
        return _record(db, wanted, latest, latest.before, change, latest.before_id)
    return _record(db, wanted, latest, _corrected(latest.state, wanted, change), change)


def take_back_change(db: Connection, student_id: int, course_id: int, change: Change) -> Enrollment:
    """Take the latest change of an enrollment back: what held before it holds again.

    Where nothing held before it, the enrollment becomes void. Raises nothing_to_correct,
    course_full, waitlist_full, promoted_again, enrollment_completed, void_too_late.
    """
    latest = get_latest_change(db, student_id, course_id)
    if latest.before:
        wanted = StatusChange(student_id, course_id, latest.before.status)
        return _record(db, wanted, latest, latest.before, change, latest.before_id, pointer="")
    wanted = StatusChange(student_id, course_id, "void")
    return put_enrollment(db, None, wanted, change, pointer="")


def get_latest_change(db: Connection, student_id: int, course_id: int) -> LatestChange:
    """Return the latest change of an enrollment. Raises nothing_to_correct."""
    place = {"student_id": student_id, "course_id": course_id}
    raise_broken_rules(SQL.list_broken_latest_rules(db, **place))
    rows = list(SQL.list_latest_changes(db, **place))
    states = [(row["id"], _state(**row)) for row in rows]
    before_id, before = states[1] if states[1:] else (None, None)
    return LatestChange(*states[0], before_id, before, bool(rows[0]["was_enrolled"]))


def _state(id: int, was_enrolled: int, passed: int | None, **row: Any) -> State:
    return State(**row, passed=as_bool(passed))


def _corrected(latest: State, wanted: StatusChange, change: Change) -> State:
    """Return what the latest change should have been."""
    passed, grade = None, None
    if wanted.status == "completed":
        said = latest.passed if wanted.passed is None else wanted.passed
        passed = said is not False
        grade = wanted.grade if wanted.names_grade else latest.grade
    return State(wanted.status, change.effective_at or latest.effective_at, passed, grade)


def _promoted_again(course_id: int, pointer: str) -> Violation:
    return Violation(
        pointer=pointer,
        code="promoted_again",
        detail="The seat is free, and the student would be promoted again at once.",
        details={"course_id": course_id},
    )


def _record(
    db: Connection,
    wanted: StatusChange,
    latest: LatestChange,
    state: State,
    change: Change,
    restores: int | None = None,
    *,
    pointer: str = "/status",
) -> Enrollment:
    """Write a correction, unless it changes nothing, and give a seat that becomes free away."""
    student_id, course_id, *_ = wanted
    before = latest.before._asdict() if latest.before else dict.fromkeys(State._fields)
    parameters: dict[str, Any] = {
        **asdict(change),
        **wanted._asdict(),
        **{f"before_{name}": value for name, value in before.items()},
        "restores": restores,
        "was_enrolled": latest.was_enrolled,
        "reason": change.override_reason or change.reason,
        "seat_pointer": pointer,
    }
    broken = list_violations(SQL.list_broken_correction_rules(db, **parameters))
    named = json.loads(change.overridden or "[]")
    raise_violations([rule for rule in broken if rule.code not in named])
    if state != latest.state:
        parameters |= state._asdict() | {"since": state.effective_at, "corrects": latest.id}
        parameters["overridden"] = rules_to_json([rule.code for rule in broken])
        SQL.update_enrollment_corrected(db, **parameters)
        promoted = waitlist.promote_eligible(
            db, change, course_ids=[course_id], student_ids=[student_id]
        )
        if latest.state.status == "enrolled" and (student_id, course_id) in promoted:
            raise_violations([_promoted_again(course_id, pointer)])
    return get_enrollment(db, student_id, course_id)
