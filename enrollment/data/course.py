"""Courses: what students are enrolled in."""

from msgspec.structs import asdict

from enrollment.data.listing import Listing, Place, list_page
from enrollment.data.rules import refuse_if_broken
from enrollment.database import Connection, queries
from enrollment.errors import Problem
from enrollment.records import Course, CourseFields, CourseFilter

SQL = queries("course")


def get_course(db: Connection, course_id: int) -> Course:
    """Raises course_not_found."""
    row = SQL.get_course(db, id=course_id)
    if row is None:
        raise Problem("course_not_found", f"There is no course {course_id}.")
    return Course(**row)


def list_courses(
    db: Connection, wanted: CourseFilter, after: Place | None = None
) -> Listing[Course]:
    """By code and id, of all terms or of one."""
    query = SQL.list_courses if wanted.term is None else SQL.list_courses_of_term
    start = {"code": wanted.code, "id": 0}
    return list_page(db, query, Course, asdict(wanted), start=start, after=after)


def insert_course(db: Connection, fields: CourseFields) -> Course:
    """Raises course_code_taken, unknown_term, ends_before_start."""
    refuse_if_broken(SQL.list_broken_course_rules(db, id=None, **asdict(fields)))
    return Course(**SQL.insert_course(db, **asdict(fields)))


def update_course(db: Connection, course_id: int, fields: CourseFields) -> Course:
    """Replace all fields of a course that exists, its capacity too: who has a seat keeps it.

    Raises course_code_taken, unknown_term, ends_before_start.
    """
    refuse_if_broken(SQL.list_broken_course_rules(db, id=course_id, **asdict(fields)))
    return Course(**SQL.update_course(db, id=course_id, **asdict(fields)))


def delete_course(db: Connection, course_id: int) -> None:
    """Raises course_has_enrollments."""
    refuse_if_broken(SQL.list_broken_course_deletion_rules(db, id=course_id))
    SQL.delete_course(db, id=course_id)
