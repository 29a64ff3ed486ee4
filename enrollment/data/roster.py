"""Rosters: the courses of a student and the students of a course, now or at an earlier time."""

from typing import Any, cast

from msgspec.structs import asdict, force_setattr

from enrollment.data.course import decode_meetings, get_course
from enrollment.data.keyset import KeysetPage, KeysetPosition, list_page
from enrollment.data.student import get_student, student_not_found
from enrollment.model.courses import StudentCourse
from enrollment.model.queries import (
    CensusFilter,
    RosterFilter,
    StudentCourseFilter,
    StudentRosterFilter,
)
from enrollment.model.records import RosterEntry
from enrollment.storage.connection import Connection
from enrollment.storage.queries import as_bool, queries

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
    query = SQL.list_courses_of_student_as_of if is_past(wanted) else SQL.list_courses_of_student
    parameters = asdict(wanted) | times(wanted) | {"student_id": student_id}
    start = {"course_id": 0}
    page = list_page(db, query, StudentCourse, parameters, start=start, after=after)
    if not page.items:
        get_student(db, student_id)
    for item in page.items:
        # To take a row apart, as a function would that makes the record, takes as long as the rest.
        force_setattr(item, "meetings", decode_meetings(cast(str, item.meetings)))
        force_setattr(item, "passed", as_bool(cast(int | None, item.passed)))
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
    db: Connection, course_id: int, wanted: StudentRosterFilter, after: KeysetPosition | None = None
) -> KeysetPage[RosterEntry]:
    """List the students of a course by name, or by status, order of the waitlist and student id.

    Students at an earlier time are listed by name or student id alone. Raises course_not_found.
    """
    start: dict[str, str | int]
    query, start = SQL.list_students_of_course_as_of, {"student_id": 0}
    if wanted.order == "name":
        query = SQL.list_students_of_course_by_name
        if is_past(wanted):
            query = SQL.list_students_of_course_as_of_by_name
        start = {"family_sort": "", "given_sort": "", "student_id": 0}
    elif not is_past(wanted):
        query = SQL.list_students_of_course
        start = {"status": wanted.status or "", "queue_number": -1}
        start |= {"queue_fraction": "", "student_id": 0}
    parameters = asdict(wanted) | times(wanted) | {"course_id": course_id}
    page = list_page(db, query, _student_of_course, parameters, start=start, after=after)
    if not page.items:
        get_course(db, course_id)
    return page


def is_past(wanted: RosterFilter | CensusFilter) -> bool:
    """Whether the past is asked for, or what was known then."""
    return bool(wanted.as_of or wanted.known_at)


def times(wanted: RosterFilter | CensusFilter) -> dict[str, str]:
    """Return the parameters as_of and known_at of a query of the past."""
    return {"as_of": wanted.as_of or ALWAYS, "known_at": wanted.known_at or ALWAYS}


def _student_of_course(
    passed: int | None,
    queue_number: int = 0,
    queue_fraction: str = "",
    family_sort: str = "",
    given_sort: str = "",
    **row: Any,
) -> RosterEntry:
    return RosterEntry(**row, passed=as_bool(passed))
