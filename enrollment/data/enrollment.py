"""Enrolments: who is in what, and the one place where it is changed."""

import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Literal

from msgspec.structs import asdict

from enrollment.data import waitlist
from enrollment.data.course import get_course
from enrollment.data.eligibility import Judgement, Wish, judge
from enrollment.data.rules import refuse_if_broken
from enrollment.data.student import get_student
from enrollment.database import Connection, queries
from enrollment.errors import KINDS, Problem, refusal
from enrollment.records import Change, Enrollment, Student, StudentResult

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


def list_results(
    db: Connection, course_id: int, judgements: Sequence[Judgement]
) -> list[StudentResult]:
    """What has become of each of these students in the course."""
    enrolled = [judgement.student_id for judgement in judgements if not judgement.faults]
    pairs = json.dumps([(student_id, course_id) for student_id in enrolled])
    enrollments = {row["student_id"]: row for row in SQL.list_enrollments(db, pairs=pairs)}
    return [
        StudentResult(
            student_id=judgement.student_id,
            status=KINDS[judgement.faults[0].code].status,
            errors=judgement.faults,
        )
        if judgement.faults
        else StudentResult(
            student_id=judgement.student_id,
            status=HTTPStatus.CREATED,
            enrollment=Enrollment(**enrollments[judgement.student_id]),
        )
        for judgement in judgements
    ]


def insert_enrollment(db: Connection, wish: Wish, change: Change, *, pointer: str) -> Enrollment:
    """Enrol a student in a course, for the first time or again.

    Raises student_not_found, or every broken rule of sql/eligibility.sql; `pointer` is where the
    request names the course.
    """
    get_student(db, wish.student_id)
    _enroll(db, judge(db, [wish], "enroll", change, pointer=pointer), change)
    return get_enrollment(db, wish.student_id, wish.course_id)


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
        return insert_enrollment(db, Wish(student_id, course_id), change, pointer="/status")
    _end(db, student_id, [course_id], status, change)
    waitlist.settle(db, change, course_ids=[course_id], student_id=student_id)
    return get_enrollment(db, student_id, course_id)


def replace_enrollments(
    db: Connection, student_id: int, wishes: Sequence[Wish], change: Change, *, pointer: str
) -> None:
    """Leave the student in exactly these courses: the others are dropped first, so that the rules
    judge what would come of it.

    Raises student_not_found, effective_too_early, or every broken rule of sql/eligibility.sql for
    every course; `pointer` is where the request names the i-th course, with %d for i.
    """
    get_student(db, student_id)
    places = _list_places(db, student_id, but=[wish.course_id for wish in wishes])
    _end(db, student_id, list(places), "dropped", change)
    given_up = [course_id for course_id, status in places.items() if status == "enrolled"]
    judgements = judge(db, wishes, "replace", change, pointer=pointer, given_up=given_up)
    _enroll(db, judgements, change)
    waitlist.settle(db, change, course_ids=list(places), student_id=student_id)


def insert_students(
    db: Connection,
    course_id: int,
    wishes: Sequence[Wish],
    mode: Literal["all", "each"],
    change: Change,
    *,
    pointer: str,
) -> list[StudentResult]:
    """Enrol many students in one course: all of them, or each who may.

    Raises for "all" every broken rule of sql/eligibility.sql for every student; `pointer` is where
    the request names the i-th student, with %d for i.
    """
    judgements = judge(db, wishes, "fill", change, pointer=pointer)
    if mode == "each":
        _enroll(db, [judgement for judgement in judgements if not judgement.faults], change)
    else:
        _enroll(db, judgements, change)
    return list_results(db, course_id, judgements)


def follow_student(db: Connection, student: Student, change: Change) -> None:
    """Take the places of a student who has become inactive, and give those that others wait for;
    one who is active may now be eligible where it was not so before."""
    places = _list_places(db, student.id) if student.status == "inactive" else {}
    _end(db, student.id, list(places), "dropped", change)
    waitlist.settle(db, change, course_ids=list(places), student_id=student.id)


def _list_places(db: Connection, student_id: int, but: Sequence[int] = ()) -> dict[int, str]:
    """The courses that the student is in or waits for, and which of the two."""
    rows = SQL.list_places_not_wanted(db, student_id=student_id, course_ids=json.dumps(but))
    return {row["course_id"]: row["status"] for row in rows}


def _enroll(db: Connection, judgements: Sequence[Judgement], change: Change) -> None:
    """Give each the outcome, or refuse them all for every fault."""
    faults = [fault for judgement in judgements for fault in judgement.faults]
    if faults:
        raise refusal(faults)
    enrollments = [
        (judgement.student_id, judgement.course_id, judgement.outcome) for judgement in judgements
    ]
    SQL.insert_enrollments(db, enrollments=json.dumps(enrollments), **asdict(change))


def _end(
    db: Connection, student_id: int, course_ids: Sequence[int], status: str, change: Change
) -> None:
    ending = asdict(change) | {
        "student_id": student_id,
        "course_ids": json.dumps(course_ids),
        "status": status,
    }
    refuse_if_broken(SQL.list_broken_ending_rules(db, **ending))
    SQL.update_enrollments(db, **ending)
