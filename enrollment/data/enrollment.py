"""Enrollments of students in courses, and every change of them."""

from collections.abc import Sequence
from typing import Any

from msgspec.structs import asdict, replace

from enrollment.data import waitlist
from enrollment.data.course import get_course
from enrollment.data.eligibility import Decision, EnrollmentRequest, decide, decide_drops
from enrollment.data.ending import (
    StatusChange,
    end_enrollments,
    list_void_violations,
    raise_unsaid_corrections,
    void_enrollments,
)
from enrollment.data.student import get_student
from enrollment.data.violations import list_violations, raise_violations
from enrollment.model.records import Change, Enrollment, Student
from enrollment.model.results import Violation
from enrollment.model.types import Date
from enrollment.problems.errors import Problem
from enrollment.storage.connection import Connection
from enrollment.storage.queries import as_bool, queries, to_json

SQL = queries("enrollment")


def enrollment_of(passed: int | None, **row: Any) -> Enrollment:
    """Return the enrollment in a row."""
    return Enrollment(**row, passed=as_bool(passed))


def find_enrollment(db: Connection, student_id: int, course_id: int) -> Enrollment | None:
    """Return an enrollment, or None if the student was never in the course.

    Raises student_not_found, course_not_found.
    """
    row = SQL.get_enrollment(db, student_id=student_id, course_id=course_id)
    if row is None:
        get_student(db, student_id)
        get_course(db, course_id)
        return None
    return enrollment_of(**row)


def get_enrollment(db: Connection, student_id: int, course_id: int) -> Enrollment:
    """Return an enrollment.

    Raises student_not_found, course_not_found, enrollment_not_found.
    """
    enrollment = find_enrollment(db, student_id, course_id)
    if enrollment is None:
        course = get_course(db, course_id)
        detail = f"The student has never been in {course.label}."
        raise Problem("enrollment_not_found", detail)
    return enrollment


def insert_enrollment(
    db: Connection, request: EnrollmentRequest, change: Change, *, pointer: str
) -> Enrollment:
    """Enroll a student in a course, for the first time or again.

    If another course is given up for the seat, it is dropped, unless the student waits. `pointer`
    is the JSON pointer of the course in the request. Raises student_not_found, or every broken rule
    of sql/eligibility.sql.
    """
    decisions = decide_after_promotion(db, [request], change, pointer)
    broken = _violations(decisions)
    if decisions[0].instead_of:
        other = {"student_id": request.student_id, "course_id": decisions[0].instead_of}
        when = asdict(change) | {"today": change.today}
        broken += list_violations(SQL.list_broken_swap_rules(db, **other, **when))
    if broken:
        # If the student does not exist, the path is wrong and not the body.
        get_student(db, request.student_id)
        raise_violations(broken)
    enroll_decided(db, decisions, change)
    return get_enrollment(db, request.student_id, request.course_id)


def put_enrollment(
    db: Connection,
    present: Enrollment | None,
    wanted: StatusChange,
    change: Change,
    *,
    pointer: str = "/status",
) -> Enrollment:
    """Set the status of an enrollment to "enrolled", "completed", "dropped" or "void".

    `present` is the enrollment as it is now. If it has the status already, nothing is changed or
    recorded. `pointer` is the JSON pointer of the status in the request: "" if the request does not
    name it. Raises outcome_without_completion, correction_required, not_enrolled,
    effective_too_early, drop_closed, or every broken rule of sql/eligibility.sql; for "dropped",
    those of the courses that the student keeps; for "void", reason_required, void_has_no_time,
    enrollment_completed, void_too_late.
    """
    student_id, course_id, status, *_ = wanted
    raise_unsaid_corrections(db, wanted, change)
    if present and present.status == status:
        return present
    if status == "enrolled":
        return insert_enrollment(
            db, EnrollmentRequest(student_id, course_id), change, pointer=pointer
        )
    if status == "void":
        ended = _void(db, student_id, course_id, change, pointer)
    else:
        leaving = [student_id] if status == "dropped" else []
        drops = [*decide_drops(db, leaving, course_id, change).values()]
        for drop in drops:
            wanted = wanted._replace(overridden=drop.overridden)
        broken = end_enrollments(db, [wanted], change) + _violations(drops)
        raise_violations(_of_status(broken, pointer))
        ended = get_enrollment(db, student_id, course_id)
    waitlist.promote_eligible(db, change, course_ids=[course_id], student_ids=[student_id])
    return ended


def _void(
    db: Connection, student_id: int, course_id: int, change: Change, pointer: str
) -> Enrollment:
    """Make an enrollment void: it counts for nothing, and no list shows it. Its events stay."""
    broken = list_void_violations(db, student_id, course_id, change)
    raise_violations(_of_status(broken, pointer))
    void_enrollments(db, [(student_id, course_id)], change)
    return enrollment_of(**SQL.get_void_enrollment(db, student_id=student_id, course_id=course_id))


def replace_enrollments(
    db: Connection, student_id: int, requests: Sequence[EnrollmentRequest], change: Change
) -> None:
    """Enroll the student in exactly these courses, and drop the others.

    The others are dropped first: so the rules are checked against the set as it will be. Raises
    student_not_found, effective_too_early, drop_closed, or every broken rule of sql/eligibility.sql
    for every course.
    """
    get_student(db, student_id)
    kept = [request.course_id for request in requests]
    others = _list_active_enrollments(db, student_id, without=kept)
    # An override is for the courses in the set.
    ending = replace(change, overridden=None, override_reason=None)
    violations = [
        replace(found, pointer="/courses") if found.code == "drop_closed" else found
        for found in _drop(db, student_id, list(others), ending)
    ]
    dropped = [course_id for course_id, status in others.items() if status == "enrolled"]
    allow_existing = [request._replace(allow_existing=True) for request in requests]
    pointer = "/courses/%d/course_id"
    decisions = decide_after_promotion(db, allow_existing, change, pointer, dropped=dropped)
    raise_violations(violations + _violations(decisions))
    enroll_decided(db, decisions, change)
    waitlist.promote_eligible(db, change, course_ids=list(others), student_ids=[student_id])


def apply_deactivation(
    db: Connection, before: Student, after: Student, change: Change
) -> list[Enrollment]:
    """Drop the courses of a student who becomes inactive, and promote waitlisted students. Return
    the dropped enrollments.

    Courses of terms that are over stay as they were. Another change of the student is followed by
    promotion too: the student may be eligible now. Without a change, nothing follows.
    """
    if after.version == before.version:
        return []
    is_deactivated = (before.status, after.status) == ("active", "inactive")
    active = _list_active_enrollments(db, after.id, since=change.today) if is_deactivated else {}
    raise_violations(_drop(db, after.id, list(active), change))
    waitlist.promote_eligible(db, change, course_ids=list(active), student_ids=[after.id])
    pairs = to_json([(after.id, course_id) for course_id in active])
    return [enrollment_of(**row) for row in SQL.list_enrollments(db, pairs=pairs)]


def _list_active_enrollments(
    db: Connection, student_id: int, *, without: Sequence[int] = (), since: Date | None = None
) -> dict[int, str]:
    """Return the status of each course in which the student is enrolled or waitlisted: except these
    courses, and those of terms that ended before `since`."""
    rows = SQL.list_active_enrollments(
        db, student_id=student_id, course_ids=to_json(without), since=since
    )
    return {row["course_id"]: row["status"] for row in rows}


def decide_after_promotion(
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
        # Who has just got the seat gives up what the waitlist knew of.
        request._replace(allow_existing=True, instead_of=None)
        if request[:2] in promoted
        else request
        for request in requests
    ]
    return decide(
        db,
        requests,
        change,
        pointer=pointer,
        lists_students=lists_students,
        promoted=[course_id for _, course_id in promoted],
        dropped=dropped,
    )


def enroll_decided(db: Connection, decisions: Sequence[Decision], change: Change) -> None:
    """Write the outcomes of decisions without a violation."""
    waitlist.insert_decided(db, decisions, change)
    student_ids = list({decision.student_id for decision in decisions})
    given_up = [decision.dropped for decision in decisions if decision.dropped]
    waitlist.promote_eligible(db, change, course_ids=given_up, student_ids=student_ids)


def _violations(decisions: Sequence[Decision]) -> list[Violation]:
    return [violation for decision in decisions for violation in decision.violations]


def _of_status(broken: Sequence[Violation], pointer: str) -> list[Violation]:
    """Return the broken rules with this pointer where the status is at fault."""
    return [
        replace(found, pointer=pointer) if found.pointer == "/status" else found for found in broken
    ]


def _drop(
    db: Connection, student_id: int, course_ids: Sequence[int], change: Change
) -> list[Violation]:
    """Drop these courses of a student, and return the broken rules; see end_enrollments."""
    changes = [StatusChange(student_id, course_id, "dropped") for course_id in course_ids]
    return end_enrollments(db, changes, change)
