"""Enrollments that exist, checked again: they stay, and the rules that they break are listed."""

from collections.abc import Collection, Sequence
from typing import get_args

from msgspec.structs import replace

from enrollment.data.eligibility import SQL, EnrollmentRequest, decide
from enrollment.model.records import Change
from enrollment.model.results import AffectedEnrollment, Violation
from enrollment.model.types import OverridableRule
from enrollment.storage.connection import Connection
from enrollment.storage.queries import to_json

# The rules that a change of a course can break for the students who are in it.
AFFECTING = {
    "course_not_open",
    "group_required",
    "prerequisite_missing",
    "corequisite_missing",
    "another_section",
    "time_conflict",
    "credit_limit",
    "course_full",
    "waitlist_full",
}
# Those by which the courses of a student stand against each other.
CLASHES = {"another_section", "time_conflict", "credit_limit"}


def list_affected(db: Connection, course_id: int, change: Change) -> list[AffectedEnrollment]:
    """List the students of a course whose enrollment or place on the waitlist breaks rules by now,
    each with the violations. Seats go to those who came first."""
    members = [EnrollmentRequest(*row) for row in SQL.list_members(db, course_id=course_id)]
    return [
        AffectedEnrollment(
            student_id=member.student_id,
            status="waitlisted" if member.waitlist else "enrolled",
            errors=errors,
        )
        for member, errors in _recheck(db, members, AFFECTING, change)
    ]


def list_clashes(
    db: Connection, enrollments: Sequence[EnrollmentRequest], change: Change
) -> dict[int, list[Violation]]:
    """Return the rules that these enrollments of one student break beside the student's other
    courses, by the id of the course."""
    clashes = _recheck(db, enrollments, CLASHES, change)
    return {request.course_id: errors for request, errors in clashes}


def _recheck(
    db: Connection,
    present: Sequence[EnrollmentRequest],
    codes: Collection[str],
    change: Change,
) -> list[tuple[EnrollmentRequest, list[Violation]]]:
    """Return which of these enrollments, which exist, break the rules with these codes by now."""
    others = to_json([rule for rule in get_args(OverridableRule) if rule not in codes])
    now = replace(change, overridden=others)
    decisions = decide(db, present, now, reserves_seats=False, alone=True, recheck=True)
    return [
        (request, decision.violations)
        for request, decision in zip(present, decisions, strict=True)
        if decision.violations
    ]
