"""Enrollments that exist, checked again, as after the change of a course: they stay, and the rules
that they break are listed."""

from collections.abc import Collection, Sequence
from typing import get_args

from msgspec.structs import asdict, replace

from enrollment.data import waitlist
from enrollment.data.course import get_course, list_requiring_courses, update_course
from enrollment.data.eligibility import SQL, EnrollmentRequest, decide
from enrollment.model.courses import Course, CourseInput
from enrollment.model.records import Change
from enrollment.model.results import AffectedEnrollment, ReplacedCourse, Violation
from enrollment.model.types import OverridableRule
from enrollment.storage.connection import Connection
from enrollment.storage.queries import to_json

# The rules that a change of a course can break for the students who are in it.
AFFECTING = {
    "course_not_open",
    "already_completed",
    "group_required",
    "prerequisite_missing",
    "corequisite_missing",
    "another_section",
    "time_conflict",
    "credit_limit",
}
# Those of seats: also a student who breaks another rule has one.
SEATS = {"course_full", "waitlist_full"}
# Those that it can break in the other courses of these students, which require it.
REQUIREMENTS = {"prerequisite_missing", "corequisite_missing"}
# Those by which the courses of a student stand against each other.
CLASHES = {"another_section", "time_conflict", "credit_limit"}
# Those that are the same broken rule with other figures.
COUNTED = {"course_full", "waitlist_full", "credit_limit"}


def change_course(
    db: Connection,
    present: Course,
    fields: CourseInput,
    change: Change,
    left_out: Sequence[str] = (),
) -> ReplacedCourse:
    """Replace all fields of a course that exists, and give free seats to students who can be
    enrolled by now. Return it with the students whose enrollments break rules since.

    Raises what `update_course` does.
    """
    dependents = _list_dependents(db, present.id)
    before = _list_affected(db, present.id, dependents, change)
    updated = update_course(db, present.id, fields, change.at, left_out)
    if updated.version > present.version:
        waitlist.promote_eligible(db, change, course_ids=[present.id], members_of=[present.id])
    after = _list_affected(db, present.id, dependents, change)
    return ReplacedCourse(
        **asdict(get_course(db, present.id)),
        affected=_newly_affected(before, after, is_moved=updated.term != present.term),
        required_by_old_code=list_requiring_courses(db, present.code, fields.code),
    )


def _list_dependents(db: Connection, course_id: int) -> list[EnrollmentRequest]:
    """List the enrollments of a course's students in other courses that require it at the same
    time."""
    student_ids = [row["student_id"] for row in SQL.list_members(db, course_id=course_id)]
    listed = to_json(student_ids)
    rows = SQL.list_dependent_enrollments(db, student_ids=listed, course_id=course_id)
    return [EnrollmentRequest(row["student_id"], row["course_id"]) for row in rows]


def _list_affected(
    db: Connection, course_id: int, dependents: Sequence[EnrollmentRequest], change: Change
) -> list[AffectedEnrollment]:
    """List the students of a course whose enrollment or place on the waitlist breaks rules by now,
    or whose enrollment in another course does, of those in `dependents`: each with the violations.
    Seats go to those who came first."""
    members = [EnrollmentRequest(*row) for row in SQL.list_members(db, course_id=course_id)]
    broken: dict[int, list[Violation]] = {}
    checks = ((members, AFFECTING), (members, SEATS), (dependents, REQUIREMENTS))
    for requests, codes in checks:
        for request, errors in _recheck(db, requests, codes, change):
            broken.setdefault(request.student_id, []).extend(errors)
    return [
        AffectedEnrollment(
            student_id=member.student_id,
            status="waitlisted" if member.waitlist else "enrolled",
            errors=broken[member.student_id],
        )
        for member in members
        if member.student_id in broken
    ]


def _newly_affected(
    before: Sequence[AffectedEnrollment], after: Sequence[AffectedEnrollment], *, is_moved: bool
) -> list[AffectedEnrollment]:
    """Return the students who break a rule after a change that they did not break before it, or who
    are further above their credit limit than before it.

    `is_moved` is whether the course is in another term now. There, it took no credits before.
    """
    known = {
        (item.student_id, _rule(error)): _credits_above(error)
        for item in before
        for error in item.errors
        if not (is_moved and error.code == "credit_limit")
    }
    return [
        item
        for item in after
        if any(
            _credits_above(error) > known.get((item.student_id, _rule(error)), -1)
            for error in item.errors
        )
    ]


def _rule(error: Violation) -> tuple[str, str]:
    """Return the key of a broken rule. The same rule with other figures has the same key."""
    return error.code, "" if error.code in COUNTED else error.detail


def _credits_above(error: Violation) -> float:
    """Return how many credits a student has above the limit; 0 for another rule."""
    if error.code != "credit_limit":
        return 0
    above: float = error.details["credits"] - error.details["max_credits"]
    return above


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
    decisions = decide(db, present, now, reserves_seats=False, recheck=True)
    return [
        (request, decision.violations)
        for request, decision in zip(present, decisions, strict=True)
        if decision.violations
    ]
