"""/v1/students: the students, active and inactive."""

from functools import partial

from msgspec.structs import asdict

from enrollment.data import enrollment, student
from enrollment.data.batch import insert_batch
from enrollment.http.conditional import check_record
from enrollment.http.context import Context, change_context
from enrollment.http.operation import READERS, READERS_AND_STUDENTS, REGISTRARS, Operation
from enrollment.http.query import paged
from enrollment.http.responses import Result, created, created_many, no_content, ok, status_of
from enrollment.model.patches import StudentPatch, merge
from enrollment.model.queries import StudentFilter
from enrollment.model.records import Input, NewStudent, ReplacedStudent, Student, StudentInput
from enrollment.model.requests import StudentBatchInput
from enrollment.model.results import Page, StudentResult, StudentResults
from enrollment.model.types import Timestamp
from enrollment.problems.registry import rules_for
from enrollment.storage.connection import Connection


def list_students(context: Context, db: Connection, query: StudentFilter) -> Result:
    """List students."""
    return paged(context, query, student.list_students, db)


def create_student(context: Context, db: Connection, body: StudentInput) -> Result:
    """Create a student."""
    new = student.insert_student(db, body, Timestamp.now())
    return created(new, f"/v1/students/{new.id}")


def create_students(context: Context, db: Connection, body: StudentBatchInput) -> Result:
    """Create many students: all or none, or each that breaks no rule."""
    insert = partial(student.insert_student, db, now=Timestamp.now())
    outcomes = insert_batch(body.items, insert, body.mode, key="student_id")
    results = [
        StudentResult(status=status_of(found), student=record, errors=found)
        for record, found in outcomes
    ]
    return created_many(context, StudentResults(results), body.mode)


def read_student(context: Context, db: Connection, student_id: int) -> Result:
    """Read a student."""
    return ok(student.get_student(db, student_id))


def replace_student(
    context: Context, db: Connection, student_id: int, body: StudentInput
) -> Result:
    """Replace a student; one who becomes inactive leaves every course whose term is not over."""
    present = student.get_student(db, student_id)
    check_record(context, present)
    change = change_context(context)
    updated = student.update_student(db, student_id, body, change.at)
    dropped = enrollment.apply_deactivation(db, present, updated, change)
    return ok(ReplacedStudent(**asdict(updated), dropped=dropped))


def patch_student(context: Context, db: Connection, student_id: int, body: Input) -> Result:
    """Change some fields of a student (a merge patch, RFC 7396); otherwise as `PUT`."""
    present = student.get_student(db, student_id)
    return replace_student(context, db, student_id, merge(StudentInput, present, body))


def delete_student(context: Context, db: Connection, student_id: int) -> Result:
    """Delete a student who has no enrollments (void ones do not count)."""
    check_record(context, student.get_student(db, student_id))
    student.delete_student(db, student_id)
    return no_content()


OPERATIONS = (
    Operation(
        "GET", "/v1/students", READERS, list_students, query=StudentFilter, answer=Page[Student]
    ),
    Operation(
        "POST",
        "/v1/students",
        REGISTRARS,
        create_student,
        body=StudentInput,
        answer=NewStudent,
        status=201,
        conflicts=rules_for("student"),
    ),
    Operation(
        "POST",
        "/v1/students/batch",
        REGISTRARS,
        create_students,
        body=StudentBatchInput,
        answer=StudentResults,
        status=201,
        conflicts=rules_for("student", "batch"),
    ),
    Operation(
        "GET", "/v1/students/<student_id:id>", READERS_AND_STUDENTS, read_student, answer=Student
    ),
    Operation(
        "PUT",
        "/v1/students/<student_id:id>",
        REGISTRARS,
        replace_student,
        body=StudentInput,
        answer=ReplacedStudent,
        conflicts=rules_for("student"),
    ),
    Operation(
        "PATCH",
        "/v1/students/<student_id:id>",
        REGISTRARS,
        patch_student,
        body=StudentPatch,
        answer=ReplacedStudent,
        conflicts=rules_for("student"),
    ),
    Operation(
        "DELETE",
        "/v1/students/<student_id:id>",
        REGISTRARS,
        delete_student,
        status=204,
        conflicts=rules_for("student_deletion"),
    ),
)
