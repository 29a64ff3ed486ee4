"""Enrolments: who is in what, and the one place where it is decided."""

import json
from collections.abc import Sequence
from typing import Any

from msgspec.structs import asdict

from enrollment.data.course import get_course
from enrollment.data.listing import Listing, Place, list_page
from enrollment.data.rules import fault
from enrollment.data.student import get_student
from enrollment.database import Connection, Row, queries
from enrollment.errors import Fault, Problem, refusal
from enrollment.filters import CoursesOfStudentFilter, EligibleCourseFilter, StudentsOfCourseFilter
from enrollment.records import (
    Change,
    CourseOfStudent,
    Eligibility,
    EligibleCourse,
    Enrollment,
    StudentOfCourse,
)
from enrollment.values import Moment

SQL = queries("enrollment")
ELIGIBILITY = queries("eligibility")
NOTHING_WANTED = {
    "wanted": "[]",
    "kept": False,
    "given_up": "[]",
    "overridden": "[]",
    "browser_id": None,
    "term": None,
    "after_course_id": 0,
    "limit": -1,
}


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


def list_courses_of_student(
    db: Connection,
    student_id: int,
    wanted: CoursesOfStudentFilter,
    after: Place | None = None,
) -> Listing[CourseOfStudent]:
    """By course id. Raises student_not_found."""
    parameters = asdict(wanted) | {"student_id": student_id}
    start = {"course_id": 0}
    query = SQL.list_courses_of_student
    page = list_page(db, query, CourseOfStudent, parameters, start=start, after=after)
    if not page.items:
        get_student(db, student_id)
    return page


def get_courses_tag(db: Connection, student_id: int) -> str:
    """What changes whenever the list of the student's courses does. Raises student_not_found."""
    get_student(db, student_id)
    tag: str = SQL.get_courses_tag(db, student_id=student_id)["tag"]
    return tag


def list_students_of_course(
    db: Connection,
    course_id: int,
    wanted: StudentsOfCourseFilter,
    after: Place | None = None,
) -> Listing[StudentOfCourse]:
    """The roster, by status and student id. Raises course_not_found."""
    parameters = asdict(wanted) | {"course_id": course_id}
    start = {"status": wanted.status or "", "student_id": 0}
    query = SQL.list_students_of_course
    page = list_page(db, query, StudentOfCourse, parameters, start=start, after=after)
    if not page.items:
        get_course(db, course_id)
    return page


def insert_enrollment(
    db: Connection, student_id: int, course_id: int, change: Change, *, pointer: str
) -> Enrollment:
    """Enrol the student in a course, for the first time or again.

    Raises student_not_found, or every broken rule of sql/eligibility.sql; `pointer` is where the
    request names the course.
    """
    get_student(db, student_id)
    (enrollment,) = _enroll(db, student_id, [course_id], change, pointer=pointer)
    return enrollment


def put_enrollment(
    db: Connection,
    student_id: int,
    course_id: int,
    present: Enrollment | None,
    status: str,
    change: Change,
) -> Enrollment:
    """Bring the enrolment from what it is at present to "enrolled", "completed" or "dropped".

    One that is there already stays as it is, and leaves no event. Raises not_enrolled, or every
    broken rule of sql/eligibility.sql.
    """
    if present and present.status == status:
        return present
    if status == "enrolled":
        return insert_enrollment(db, student_id, course_id, change, pointer="/status")
    row = SQL.update_enrollment(
        db, student_id=student_id, course_id=course_id, status=status, **asdict(change)
    )
    if row is None:
        now = present.status if present else "not there"
        detail = f"The enrolment is {now}: only one that is enrolled can become {status}."
        raise refusal([Fault(pointer="/status", code="not_enrolled", detail=detail)])
    return Enrollment(**row)


def replace_enrollments(
    db: Connection, student_id: int, course_ids: Sequence[int], change: Change, *, pointer: str
) -> None:
    """Leave the student enrolled in exactly these courses: the others are dropped first, so that
    the rules judge what would come of it.

    Raises student_not_found, or every broken rule of sql/eligibility.sql for every course;
    `pointer` is where the request names the i-th course, with %d for i.
    """
    get_student(db, student_id)
    dropped = SQL.update_enrollments_not_wanted(
        db, student_id=student_id, course_ids=json.dumps(course_ids), **asdict(change)
    )
    given_up = [row["course_id"] for row in dropped]
    _enroll(db, student_id, course_ids, change, kept=True, given_up=given_up, pointer=pointer)


def get_eligibility(db: Connection, student_id: int, course_id: int, now: Moment) -> Eligibility:
    """Raises student_not_found, course_not_found."""
    find_enrollment(db, student_id, course_id)
    rows = _judge(db, [(student_id, course_id)], now)
    faults = [fault(row, None) for row in rows if row["code"]]
    return Eligibility(
        student_id=student_id, course_id=course_id, eligible=not faults, errors=faults
    )


def list_eligible_courses(
    db: Connection,
    student_id: int,
    wanted: EligibleCourseFilter,
    now: Moment,
    after: Place | None = None,
) -> Listing[EligibleCourse]:
    """Those that the student could be enrolled in now, each by itself, by course id.

    Raises student_not_found.
    """
    get_student(db, student_id)
    parameters = NOTHING_WANTED | asdict(wanted) | {"browser_id": student_id, "now": now}
    return list_page(
        db,
        ELIGIBILITY.list_judgements,
        _eligible_course,
        parameters,
        start={"course_id": 0},
        after=after,
    )


def _eligible_course(
    course_id: int, course: str, title: str, term: str | None, credits: float, **_: Any
) -> EligibleCourse:
    return EligibleCourse(course_id=course_id, code=course, title=title, term=term, credits=credits)


def _judge(
    db: Connection,
    pairs: Sequence[tuple[int, int]],
    now: Moment,
    *,
    kept: bool = False,
    given_up: Sequence[int] = (),
    overridden: str | None = None,
) -> list[Row]:
    """What becomes of each pair of a student and a course; see sql/eligibility.sql."""
    parameters = NOTHING_WANTED | {
        "wanted": json.dumps(pairs),
        "kept": kept,
        "given_up": json.dumps(given_up),
        "overridden": overridden or "[]",
        "now": now,
    }
    return list(ELIGIBILITY.list_judgements(db, **parameters))


def _enroll(
    db: Connection,
    student_id: int,
    course_ids: Sequence[int],
    change: Change,
    *,
    kept: bool = False,
    given_up: Sequence[int] = (),
    pointer: str,
) -> list[Enrollment]:
    """Those that are new, in no order. `kept`: to be in a course already is no fault."""
    pairs = [(student_id, course_id) for course_id in course_ids]
    rows = _judge(db, pairs, change.at, kept=kept, given_up=given_up, overridden=change.overridden)
    faults = [fault(row, pointer.replace("%d", str(row["item"]))) for row in rows if row["code"]]
    if faults:
        raise refusal(faults)
    wanted = {"student_id": student_id, "course_ids": json.dumps(course_ids)}
    return [Enrollment(**row) for row in SQL.insert_enrollments(db, **wanted, **asdict(change))]
