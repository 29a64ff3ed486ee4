"""/v1/students: who is taught."""

from enrollment import http, paging
from enrollment.access import READERS, READERS_AND_STUDENTS, REGISTRARS
from enrollment.answers import ListPage
from enrollment.context import Context
from enrollment.data import enrollment, student
from enrollment.database import Connection
from enrollment.filters import StudentFilter
from enrollment.http import Operation
from enrollment.preconditions import require_match, tag_of
from enrollment.records import Student, StudentFields
from enrollment.rendering import Answer


def list_students(context: Context, db: Connection, query: StudentFilter) -> Answer:
    """List students."""
    return paging.page(
        context, student.list_students(db, query, paging.place(context, query)), query
    )


def create_student(context: Context, db: Connection, body: StudentFields) -> Answer:
    """Create a student."""
    new = student.insert_student(db, body)
    return http.created(new, f"/v1/students/{new.id}")


def read_student(context: Context, db: Connection, student_id: int) -> Answer:
    """Read a student."""
    return http.ok(student.get_student(db, student_id))


def replace_student(
    context: Context, db: Connection, student_id: int, body: StudentFields
) -> Answer:
    """Replace a student; one who becomes inactive leaves every course."""
    present = student.get_student(db, student_id)
    require_match(context, lambda: tag_of(present))
    updated = student.update_student(db, student_id, body)
    enrollment.follow_student(db, present, updated, http.change(context))
    return http.ok(updated)


def delete_student(context: Context, db: Connection, student_id: int) -> Answer:
    """Delete a student who has never been in a course."""
    present = student.get_student(db, student_id)
    require_match(context, lambda: tag_of(present))
    student.delete_student(db, student_id)
    return http.no_content()


OPERATIONS = (
    Operation(
        "GET", "/v1/students", READERS, list_students, query=StudentFilter, answer=ListPage[Student]
    ),
    Operation(
        "POST",
        "/v1/students",
        REGISTRARS,
        create_student,
        body=StudentFields,
        answer=Student,
        status=201,
        conflicts=("email_taken",),
    ),
    Operation(
        "GET", "/v1/students/<student_id:id>", READERS_AND_STUDENTS, read_student, answer=Student
    ),
    Operation(
        "PUT",
        "/v1/students/<student_id:id>",
        REGISTRARS,
        replace_student,
        body=StudentFields,
        answer=Student,
        conflicts=("email_taken",),
    ),
    Operation(
        "DELETE",
        "/v1/students/<student_id:id>",
        REGISTRARS,
        delete_student,
        status=204,
        conflicts=("student_has_enrollments",),
    ),
)
