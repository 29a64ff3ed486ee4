"""Enrolments: who is in what, and the one place where it is changed."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Literal

from msgspec.structs import asdict

from enrollment.data import waitlist
from enrollment.data.course import get_course
from enrollment.data.eligibility import Judgement, Wish, judge
from enrollment.data.student import get_student
from enrollment.data.violations import list_faults, refuse_if_any
from enrollment.model.records import Change, Enrollment, Student
from enrollment.model.results import Fault, StudentResult
from enrollment.problems.errors import Problem
from enrollment.problems.registry import KINDS
from enrollment.storage.queries import as_json, queries
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


def list_results(
    db: Connection, course_id: int, judgements: Sequence[Judgement]
) -> list[StudentResult]:
    """What has become of each of these students in the course."""
    enrolled = [judgement.student_id for judgement in judgements if not judgement.faults]
    pairs = as_json([(student_id, course_id) for student_id in enrolled])
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
    judgements = _judge(db, [wish], "enroll", change, pointer)
    if _faults(judgements):
        # A student who is not there is no fault of the wish: there is nothing at the address.
        get_student(db, wish.student_id)
    _enroll(db, judgements, change)
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
    refuse_if_any(_end(db, student_id, [course_id], status, change))
    waitlist.settle(db, change, course_ids=[course_id], student_ids=[student_id])
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
    faults = _end(db, student_id, list(places), "dropped", change)
    given_up = [course_id for course_id, status in places.items() if status == "enrolled"]
    kept = [wish._replace(kept=True) for wish in wishes]
    judgements = _judge(db, kept, "enroll", change, pointer, given_up)
    refuse_if_any(faults + _faults(judgements))
    _enroll(db, judgements, change)
    waitlist.settle(db, change, course_ids=list(places), student_ids=[student_id])


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

    Raises course_not_found, or for "all" every broken rule of sql/eligibility.sql for every one;
    `pointer` is where the request names the i-th student, with %d for i.
    """
    get_course(db, course_id)
    judgements = _judge(db, wishes, "fill", change, pointer)
    welcome = [judgement for judgement in judgements if not judgement.faults]
    _enroll(db, judgements if mode == "all" else welcome, change)
    return list_results(db, course_id, judgements)


def follow_student(db: Connection, before: Student, after: Student, change: Change) -> None:
    """Take the places of a student who becomes inactive, and give them to those who wait; whoever
    is changed otherwise may now be eligible where it was not so before."""
    leaves = (before.status, after.status) == ("active", "inactive")
    places = _list_places(db, after.id) if leaves else {}
    refuse_if_any(_end(db, after.id, list(places), "dropped", change))
    waitlist.settle(db, change, course_ids=list(places), student_ids=[after.id])


def _list_places(db: Connection, student_id: int, but: Sequence[int] = ()) -> dict[int, str]:
    """The courses that the student is in or waits for, and which of the two."""
    rows = SQL.list_places_not_wanted(db, student_id=student_id, course_ids=as_json(but))
    return {row["course_id"]: row["status"] for row in rows}


def _judge(
    db: Connection,
    wishes: Sequence[Wish],
    purpose: Literal["enroll", "fill"],
    change: Change,
    pointer: str,
    given_up: Sequence[int] = (),
) -> list[Judgement]:
    """Who waits goes before who comes. A seat is given away when it comes free; but who was passed
    over then may have become eligible since, by the clock for one, and may be who comes."""
    course_ids = list({wish.course_id for wish in wishes})
    promoted = waitlist.settle(db, change, course_ids=course_ids)
    wishes = [wish._replace(kept=wish.kept or wish[:2] in promoted) for wish in wishes]
    return judge(db, wishes, purpose, change, pointer=pointer, given_up=given_up)


def _enroll(db: Connection, judgements: Sequence[Judgement], change: Change) -> None:
    """Give each the outcome, or refuse them all for every fault."""
    refuse_if_any(_faults(judgements))
    enrollments = [
        (judgement.student_id, judgement.course_id, judgement.outcome) for judgement in judgements
    ]
    SQL.insert_enrollments(db, enrollments=as_json(enrollments), **asdict(change))
    student_ids = list({judgement.student_id for judgement in judgements})
    waitlist.settle(db, change, student_ids=student_ids)


def _faults(judgements: Sequence[Judgement]) -> list[Fault]:
    return [fault for judgement in judgements for fault in judgement.faults]


def _end(
    db: Connection, student_id: int, course_ids: Sequence[int], status: str, change: Change
) -> list[Fault]:
    """End these enrolments, or return what speaks against it; what else the request asks for can
    then be judged as if they had ended."""
    ending = asdict(change) | {
        "student_id": student_id,
        "course_ids": as_json(course_ids),
        "status": status,
    }
    faults = list_faults(SQL.list_broken_ending_rules(db, **ending))
    SQL.update_enrollments(db, **ending | ({"effective_at": None} if faults else {}))
    return faults
