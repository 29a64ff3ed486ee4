"""Rosters: the courses of a student and the students of a course, now or at an earlier time."""

from typing import Any

from msgspec.structs import asdict

from enrollment.data.course import get_course
from enrollment.data.keyset import KeysetPage, KeysetPosition, list_page
from enrollment.data.outcome import as_bool
from enrollment.data.student import get_student, student_not_found
from enrollment.model.queries import RosterFilter, StudentCourseFilter
from enrollment.model.records import RosterEntry, StudentCourse
from enrollment.storage.queries import queries
from enrollment.storage.sqlite import Connection

SQL = queries("roster")
# Later than any time in a request.
ALWAYS = "9999-12-31T23:59:59.999Z"


def list_courses_of_student(
    db: Connection,
    student_id: int,
    wanted: StudentCourseFilter,
    after: KeysetPosition | None = None,
) -> KeysetPage[StudentCourse]:
    """List the courses of a student by course id. Raises student_not_found."""
    query = SQL.list_courses_of_student_as_of if _is_past(wanted) else SQL.list_courses_of_student
    parameters = _parameters(wanted) | {"student_id": student_id}
    start = {"course_id": 0}
    page = list_page(db, query, _course_of_student, parameters, start=start, after=after)
    if not page.items:
        get_student(db, student_id)
    return page


def get_courses_tag(db: Connection, student_id: int) -> str:
    """Return a text that changes whenever the list of the student's courses changes.

    Raises student_not_found.
    """
    row = SQL.get_courses_tag(db, student_id=student_id)
    if row is None:
        raise student_not_found(student_id)
    tag: str = row["tag"]
    return tag


def list_students_of_course(
    db: Connection, course_id: int, wanted: RosterFilter, after: KeysetPosition | None = None
) -> KeysetPage[RosterEntry]:
    """List the students of a course by status, order of the waitlist and student id.

    Students at an earlier time are listed by student id alone. Raises course_not_found.
    """
    start: dict[str, str | int]
    query, start = SQL.list_students_of_course_as_of, {"student_id": 0}
    if not _is_past(wanted):
        query = SQL.list_students_of_course
        start = {"status": wanted.status or "", "queue_number": -1, "student_id": 0}
    parameters = _parameters(wanted) | {"course_id": course_id}
    page = list_page(db, query, _student_of_course, parameters, start=start, after=after)
    if not page.items:
        get_course(db, course_id)
    return page


def _is_past(wanted: RosterFilter) -> bool:
    return bool(wanted.as_of or wanted.known_at)


def _parameters(wanted: RosterFilter) -> dict[str, Any]:
    as_of, known_at = wanted.as_of or ALWAYS, wanted.known_at or ALWAYS
    return asdict(wanted) | {"as_of": as_of, "known_at": known_at}


def _course_of_student(passed: int | None, **row: Any) -> StudentCourse:
    return StudentCourse(**row, passed=as_bool(passed))


def _student_of_course(passed: int | None, queue_number: int = 0, **row: Any) -> RosterEntry:
    return RosterEntry(**row, passed=as_bool(passed))
