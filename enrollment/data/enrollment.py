"""Enrolments: who is in what, and the one place where it is changed."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Literal

from msgspec.structs import asdict

from enrollment.data import waitlist
from enrollment.data.course import get_course
from enrollment.data.eligibility import Decision, EnrollmentRequest, decide
from enrollment.data.student import get_student
from enrollment.data.violations import list_violations, raise_violations
from enrollment.model.records import Change, Enrollment, Student
from enrollment.model.results import BulkResult, Violation
from enrollment.problems.errors import Problem
from enrollment.problems.registry import PROBLEM_TYPES
from enrollment.storage.queries import queries, to_json
from enrollment.storage.sqlite import Connection

SQL = queries("enrollment")


def find_enrollment(db: Connection, student_id: int, course_id: int) -> Enrollment | None:
    """None if the student has never been in the course.

    Raises student_not_found, course_not_found.
    """
    row = SQL.get_enrollment(db, student_id=student_id, course_id=course_id)
    if row is None:
        get_student(db, student_id)
        get_course(db, course_id)
        return None
    return Enrollment(**row)


def get_enrollment(db: Connection, student_id: int, course_id: int) -> Enrollment:
    """Raises student_not_found, course_not_found, enrollment_not_found."""
    enrollment = find_enrollment(db, student_id, course_id)
    if enrollment is None:
        detail = f"Student {student_id} has never been in course {course_id}."
        raise Problem("enrollment_not_found", detail)
    return enrollment


def list_results(db: Connection, course_id: int, decisions: Sequence[Decision]) -> list[BulkResult]:
    """What has become of each of these students in the course."""
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
    """Enrol a student in a course, for the first time or again.

    Raises student_not_found, or every broken rule of sql/eligibility.sql; `pointer` is where the
    request names the course.
    """
    decisions = _decide(db, [request], change, pointer)
    if _violations(decisions):
        # A student who is not there is no fault of the wish: there is nothing at the address.
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
    """Bring the enrolment from what it is at present to "enrolled", "completed" or "dropped".

    One that is there already stays as it is, and leaves no event. Raises not_enrolled,
    effective_too_early, or every broken rule of sql/eligibility.sql.
    """
    if present and present.status == status:
        return present
    if status == "enrolled":
        return insert_enrollment(
            db, EnrollmentRequest(student_id, course_id), change, pointer="/status"
        )
    raise_violations(_end_enrollments(db, student_id, [course_id], status, change))
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
    """Leave the student in exactly these courses: the others are dropped first, so that the rules
    judge what would come of it.

    Raises student_not_found, effective_too_early, or every broken rule of sql/eligibility.sql for
    every course; `pointer` is where the request names the i-th course, with %d for i.
    """
    get_student(db, student_id)
    places = _list_active_enrollments(
        db, student_id, but=[request.course_id for request in requests]
    )
    violations = _end_enrollments(db, student_id, list(places), "dropped", change)
    dropped = [course_id for course_id, status in places.items() if status == "enrolled"]
    allow_existing = [request._replace(allow_existing=True) for request in requests]
    decisions = _decide(db, allow_existing, change, pointer, dropped=dropped)
    raise_violations(violations + _violations(decisions))
    _enroll(db, decisions, change)
    waitlist.promote_eligible(db, change, course_ids=list(places), student_ids=[student_id])


def insert_students(
    db: Connection,
    course_id: int,
    requests: Sequence[EnrollmentRequest],
    mode: Literal["all", "each"],
    change: Change,
    *,
    pointer: str,
) -> list[BulkResult]:
    """Enrol many students in one course: all of them, or each who may.

    Raises course_not_found, or for "all" every broken rule of sql/eligibility.sql for every one;
    `pointer` is where the request names the i-th student, with %d for i.
    """
    get_course(db, course_id)
    decisions = _decide(db, requests, change, pointer, lists_students=True)
    welcome = [decision for decision in decisions if not decision.violations]
    _enroll(db, decisions if mode == "all" else welcome, change)
    return list_results(db, course_id, decisions)


def apply_deactivation(db: Connection, before: Student, after: Student, change: Change) -> None:
    """Take the places of a student who becomes inactive, and give them to those who wait; whoever
    is changed otherwise may now be eligible where it was not so before."""
    leaves = (before.status, after.status) == ("active", "inactive")
    places = _list_active_enrollments(db, after.id) if leaves else {}
    raise_violations(_end_enrollments(db, after.id, list(places), "dropped", change))
    waitlist.promote_eligible(db, change, course_ids=list(places), student_ids=[after.id])


def _list_active_enrollments(
    db: Connection, student_id: int, but: Sequence[int] = ()
) -> dict[int, str]:
    """The courses that the student is in or waits for, and which of the two."""
    rows = SQL.list_active_enrollments(db, student_id=student_id, course_ids=to_json(but))
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
    """Who waits goes before who comes. A seat is given away when it comes free; but who was passed
    over then may have become eligible since, by the clock for one, and may be who comes."""
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
    """Give each the outcome, or refuse them all for every fault."""
    raise_violations(_violations(decisions))
    enrollments = [
        (decision.student_id, decision.course_id, decision.outcome) for decision in decisions
    ]
    SQL.insert_enrollments(db, enrollments=to_json(enrollments), **asdict(change))
    student_ids = list({decision.student_id for decision in decisions})
    waitlist.promote_eligible(db, change, student_ids=student_ids)


def _violations(decisions: Sequence[Decision]) -> list[Violation]:
    return [violation for decision in decisions for violation in decision.violations]


def _end_enrollments(
    db: Connection, student_id: int, course_ids: Sequence[int], status: str, change: Change
) -> list[Violation]:
    """End these enrolments, or return what speaks against it; what else the request asks for can
    then be judged as if they had ended."""
    ending = asdict(change) | {
        "student_id": student_id,
        "course_ids": to_json(course_ids),
        "status": status,
    }
    violations = list_violations(SQL.list_broken_ending_rules(db, **ending))
    SQL.update_enrollments(db, **ending | ({"effective_at": None} if violations else {}))
    return violations
