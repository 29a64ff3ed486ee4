"""Students."""

from collections.abc import Sequence
from functools import partial
from typing import Literal

from msgspec.structs import asdict

from enrollment.data.batch import Outcome, insert_batch
from enrollment.data.keyset import KeysetPage, KeysetPosition, list_page, prefix_ends
from enrollment.data.violations import raise_broken_rules
from enrollment.model.queries import StudentFilter
from enrollment.model.records import Student, StudentInput
from enrollment.problems.errors import Problem
from enrollment.storage.queries import queries
from enrollment.storage.sqlite import Connection

SQL = queries("student")


def student_not_found(student_id: int) -> Problem:
    return Problem("student_not_found", f"There is no student {student_id}.")


def get_student(db: Connection, student_id: int) -> Student:
    """Return a student. Raises student_not_found."""
    row = SQL.get_student(db, id=student_id)
    if row is None:
        raise student_not_found(student_id)
    return Student(**row)


def list_students(
    db: Connection, wanted: StudentFilter, after: KeysetPosition | None = None
) -> KeysetPage[Student]:
    """List students by family name, given name and id, or by email if the filter has one."""
    query, start = SQL.list_students, {"family_name": wanted.family_name, "given_name": "", "id": 0}
    if wanted.email:
        query, start = SQL.list_students_by_email, {"email": wanted.email, "id": 0}
    parameters = asdict(wanted) | prefix_ends(wanted, "email", "family_name", "given_name")
    return list_page(db, query, Student, parameters, start=start, after=after)


def insert_student(db: Connection, fields: StudentInput) -> Student:
    """Add a student. Raises email_taken."""
    raise_broken_rules(SQL.list_broken_student_rules(db, id=None, email=fields.email))
    return Student(**SQL.insert_student(db, **asdict(fields)))


def insert_students(
    db: Connection, items: Sequence[StudentInput], mode: Literal["all", "each"]
) -> list[Outcome[Student]]:
    """Add many students: all or none, or each that breaks no rule. For "all", raises what
    insert_student does, and duplicate_item."""
    return insert_batch(items, partial(insert_student, db), mode, key="student_id")


def update_student(db: Connection, student_id: int, fields: StudentInput) -> Student:
    """Replace all fields of a student who exists. Raises email_taken."""
    raise_broken_rules(SQL.list_broken_student_rules(db, id=student_id, email=fields.email))
    return Student(**SQL.update_student(db, id=student_id, **asdict(fields)))


def delete_student(db: Connection, student_id: int) -> None:
    """Delete a student who exists. Raises student_has_enrollments."""
    raise_broken_rules(SQL.list_broken_student_deletion_rules(db, id=student_id))
    SQL.delete_student(db, id=student_id)
