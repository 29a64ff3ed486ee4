"""Enrollments of students in courses, and every change of them."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Literal

from msgspec.structs import asdict, replace

from enrollment.data import waitlist
from enrollment.data.course import get_course
from enrollment.data.eligibility import Decision, EnrollmentRequest, decide
from enrollment.data.student import get_student
from enrollment.data.violations import list_violations, raise_violations
from enrollment.model.records import Change, Enrollment, Student
from enrollment.model.results import BulkResult, Violation
from enrollment.model.types import Date
from enrollment.problems.errors import Problem
from enrollment.problems.registry import PROBLEM_TYPES
from enrollment.storage.queries import queries, to_json
from enrollment.storage.sqlite import Connection

SQL = queries("enrollment")


def find_enrollment(db: Connection, student_id: int, course_id: int) -> Enrollment | None:
    """Return an enrollment, or None if the student was never in the course.

    Raises student_not_found, course_not_found.
    """
    row = SQL.get_enrollment(db, student_id=student_id, course_id=course_id)
    if row is None:
        get_student(db, student_id)
        get_course(db, course_id)
        return None
    return Enrollment(**row)


def get_enrollment(db: Connection, student_id: int, course_id: int) -> Enrollment:
    """Return an enrollment.

    Raises student_not_found, course_not_found, enrollment_not_found.
    """
    enrollment = find_enrollment(db, student_id, course_id)
    if enrollment is None:
        detail = f"Student {student_id} has never been in course {course_id}."
        raise Problem("enrollment_not_found", detail)
    return enrollment


def list_results(db: Connection, course_id: int, decisions: Sequence[Decision]) -> list[BulkResult]:
    """Return the result of each decision: the new enrollment, or the violations."""
    enrolled = [decision.student_id for decision in decisions if not decision.violations]
    pairs = to_json([(student_id, course_id) for student_id in enrolled])
    enrollments = {row["student_id"]: row for row in SQL.list_enrollments(db, pairs=pairs)}
    return [
        BulkResult(
            student_id=decision.student_id,
            status=PROBLEM_TYPES[decision.violations[0].code].status,
            errors=decision.violations,
        )
        if decision.violations
        else BulkResult(
            student_id=decision.student_id,
            status=HTTPStatus.CREATED,
            enrollment=Enrollment(**enrollments[decision.student_id]),
        )
        for decision in decisions
    ]


def insert_enrollment(
    db: Connection, request: EnrollmentRequest, change: Change, *, pointer: str
) -> Enrollment:
    """Enroll a student in a course, for the first time or again.

    `pointer` is the JSON pointer of the course in the request. Raises student_not_found, or every
    broken rule of sql/eligibility.sql.
    """
    decisions = _decide(db, [request], change, pointer)
    if _violations(decisions):
        # If the student does not exist, the path is wrong and not the body.
        get_student(db, request.student_id)
    _enroll(db, decisions, change)
    return get_enrollment(db, request.student_id, request.course_id)


def put_enrollment(
    db: Connection,
    student_id: int,
    course_id: int,
    present: Enrollment | None,
    status: str,
    change: Change,
) -> Enrollment:
    """Set the status of an enrollment to "enrolled", "completed" or "dropped".

    `present` is the enrollment as it is now. If it has the status already, nothing is changed or
    recorded. Raises not_enrolled, effective_too_early, or every broken rule of
    sql/eligibility.sql; for "dropped", those of the courses that the student keeps.
    """
    if present and present.status == status:
        return present
    if status == "enrolled":
        return insert_enrollment(
            db, EnrollmentRequest(student_id, course_id), change, pointer="/status"
        )
    violations = _end_enrollments(db, student_id, [course_id], status, change)
    if status == "dropped" and present and present.status == "enrolled":
        violations += _check_kept(db, student_id, course_id, change)
    raise_violations(violations)
    waitlist.promote_eligible(db, change, course_ids=[course_id], student_ids=[student_id])
    return get_enrollment(db, student_id, course_id)


def replace_enrollments(
    db: Connection,
    student_id: int,
    requests: Sequence[EnrollmentRequest],
    change: Change,
    *,
    pointer: str,
) -> None:
    """Enroll the student in exactly these courses, and drop the others.

    The others are dropped first: so the rules are checked against the set as it will be. `pointer`
    is the JSON pointer of a course in the request, with %d for its index. Raises student_not_found,
    effective_too_early, or every broken rule of sql/eligibility.sql for every course.
    """
    get_student(db, student_id)
    kept = [request.course_id for request in requests]
    others = _list_active_enrollments(db, student_id, without=kept)
    # An override is for the courses in the set.
    ending = replace(change, overridden=None, override_reason=None)
    violations = _end_enrollments(db, student_id, list(others), "dropped", ending)
    dropped = [course_id for course_id, status in others.items() if status == "enrolled"]
    allow_existing = [request._replace(allow_existing=True) for request in requests]
    decisions = _decide(db, allow_existing, change, pointer, dropped=dropped)
    raise_violations(violations + _violations(decisions))
    _enroll(db, decisions, change)
    waitlist.promote_eligible(db, change, course_ids=list(others), student_ids=[student_id])


def insert_students(
    db: Connection,
    course_id: int,
    requests: Sequence[EnrollmentRequest],
    mode: Literal["all", "each"],
    change: Change,
    *,
    pointer: str,
) -> list[BulkResult]:
    """Enroll many students in one course: all or nothing, or each one who is eligible.

    `pointer` is the JSON pointer of a student in the request, with %d for the index. Raises
    course_not_found; for "all" also every broken rule of sql/eligibility.sql for every student.
    """
    get_course(db, course_id)
    decisions = _decide(db, requests, change, pointer, lists_students=True)
    eligible = [decision for decision in decisions if not decision.violations]
    _enroll(db, decisions if mode == "all" else eligible, change)
    return list_results(db, course_id, decisions)


def apply_deactivation(
    db: Connection, before: Student, after: Student, change: Change
) -> list[Enrollment]:
    """Drop the courses of a student who becomes inactive, and promote waitlisted students. Return
    the dropped enrollments.

    Courses of terms that are over stay as they were. Another change of the student is followed by
    promotion too: the student may be eligible now.
    """
    is_deactivated = (before.status, after.status) == ("active", "inactive")
    active = _list_active_enrollments(db, after.id, since=change.today) if is_deactivated else {}
    raise_violations(_end_enrollments(db, after.id, list(active), "dropped", change))
    waitlist.promote_eligible(db, change, course_ids=list(active), student_ids=[after.id])
    pairs = to_json([(after.id, course_id) for course_id in active])
    return [Enrollment(**row) for row in SQL.list_enrollments(db, pairs=pairs)]


def _list_active_enrollments(
    db: Connection,
    student_id: int,
    *,
    without: Sequence[int] = (),
    since: Date | None = None,
) -> dict[int, str]:
    """Return the status of each course in which the student is enrolled or waitlisted: except these
    courses, and those of terms that ended before `since`."""
    rows = SQL.list_active_enrollments(
        db, student_id=student_id, course_ids=to_json(without), since=since
    )
    return {row["course_id"]: row["status"] for row in rows}


def _decide(
    db: Connection,
    requests: Sequence[EnrollmentRequest],
    change: Change,
    pointer: str,
    *,
    lists_students: bool = False,
    dropped: Sequence[int] = (),
) -> list[Decision]:
    """Promote from the waitlists, then decide.

    Free seats are given out when they become free. But a student who was skipped then may be
    eligible by now, and may even be one of the students in this request.
    """
    course_ids = list({request.course_id for request in requests})
    promoted = waitlist.promote_eligible(db, change, course_ids=course_ids)
    requests = [
        request._replace(allow_existing=request.allow_existing or request[:2] in promoted)
        for request in requests
    ]
    return decide(
        db, requests, change, pointer=pointer, lists_students=lists_students, dropped=dropped
    )


def _enroll(db: Connection, decisions: Sequence[Decision], change: Change) -> None:
    """Write the outcomes, or raise the violations of all."""
    raise_violations(_violations(decisions))
    enrollments = [
        (decision.student_id, decision.course_id, decision.outcome) for decision in decisions
    ]
    SQL.insert_enrollments(db, enrollments=to_json(enrollments), **asdict(change))
    student_ids = list({decision.student_id for decision in decisions})
    waitlist.promote_eligible(db, change, student_ids=student_ids)


def _check_kept(db: Connection, student_id: int, dropped: int, change: Change) -> list[Violation]:
    """Return the rules that the student's other courses break, now that this one is dropped."""
    kept = [
        EnrollmentRequest(student_id, course_id, allow_existing=True)
        for course_id, status in _list_active_enrollments(db, student_id).items()
        if status == "enrolled"
    ]
    return _violations(decide(db, kept, change, pointer="/status", dropped=[dropped]))


def _violations(decisions: Sequence[Decision]) -> list[Violation]:
    return [violation for decision in decisions for violation in decision.violations]


def _end_enrollments(
    db: Connection, student_id: int, course_ids: Sequence[int], status: str, change: Change
) -> list[Violation]:
    """Complete or drop these enrollments, and return the broken rules.

    They end even if a rule is broken: so the rest of the request is checked as if they had ended,
    and every broken rule is known. The caller raises the violations, which undoes all of it.
    """
    ending = asdict(change) | {
        "student_id": student_id,
        "course_ids": to_json(course_ids),
        "status": status,
    }
    violations = list_violations(SQL.list_broken_ending_rules(db, **ending))
    SQL.update_enrollments(db, **ending | ({"effective_at": None} if violations else {}))
    return violations
