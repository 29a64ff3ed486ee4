"""Students."""

from typing import Any

from msgspec.json import decode
from msgspec.structs import asdict

from enrollment.data.keyset import (
    LAST_CHARACTER,
    KeysetPage,
    KeysetPosition,
    list_page,
    prefix_ends,
)
from enrollment.data.search import rare_word, search_parameters, sort_key, split_words
from enrollment.data.violations import list_violations, raise_broken_rules, raise_violations
from enrollment.model.queries import StudentFilter
from enrollment.model.records import NewStudent, PossibleDuplicate, Student, StudentInput
from enrollment.model.results import Violation
from enrollment.model.types import Timestamp
from enrollment.problems.errors import Problem
from enrollment.storage.connection import Connection
from enrollment.storage.queries import queries, to_json

SQL = queries("student")


def student_not_found(student_id: int) -> Problem:
    return Problem("student_not_found", f"There is no student {student_id}.")


def full_name(family_name: str, given_name: str | None) -> str:
    """Return a name as lists have it, such as "Lovelace, Ada"."""
    return f"{family_name}, {given_name}" if given_name else family_name


def get_student(db: Connection, student_id: int) -> Student:
    """Return a student. Raises student_not_found."""
    row = SQL.get_student(db, id=student_id)
    if row is None:
        raise student_not_found(student_id)
    return _student(**row)


def list_students(
    db: Connection, wanted: StudentFilter, after: KeysetPosition | None = None
) -> KeysetPage[Student]:
    """List students by family name, given name and id. Without `q`, the first of these filters that
    is set gives the order: `updated_since`, `number`, `email`."""
    family_sort, given_sort = sort_key(db, wanted.family_name), sort_key(db, wanted.given_name)
    parameters = asdict(wanted) | prefix_ends(wanted, "number", "email")
    parameters |= {"family_sort": family_sort, "family_sort_end": family_sort + LAST_CHARACTER}
    parameters |= {"given_sort": given_sort, "given_sort_end": given_sort + LAST_CHARACTER}
    start: dict[str, str | int]
    query, start = SQL.list_students, {"family_sort": family_sort, "given_sort": ""}
    if words := split_words(db, wanted.q):
        query, start = SQL.list_students_with_words, {"family_sort": "", "given_sort": ""}
        parameters |= search_parameters(words)
        if word := rare_word(db, words):
            query = SQL.list_students_by_word
            parameters |= {"word": word, "word_end": word + LAST_CHARACTER}
    elif wanted.updated_since:
        query, start = SQL.list_students_by_update, {"updated_at": str(wanted.updated_since)}
    elif wanted.number:
        query, start = SQL.list_students_by_number, {"number": wanted.number}
    elif wanted.email:
        query, start = SQL.list_students_by_email, {"email": wanted.email}
    return list_page(db, query, _student, parameters, start={**start, "id": 0}, after=after)


def insert_student(db: Connection, fields: StudentInput, now: Timestamp) -> NewStudent:
    """Add a student, and name the first students who have the same email or the same whole name,
    without case and accents. Raises number_taken, duplicate_group."""
    parameters = _parameters(fields)
    raise_broken_rules(SQL.list_broken_student_rules(db, id=None, **parameters))
    row = SQL.insert_student(db, now=now, **parameters)
    duplicates = [
        PossibleDuplicate(
            student_id=other["student_id"],
            same_email=bool(other["same_email"]),
            same_name=bool(other["same_name"]),
        )
        for other in SQL.list_possible_duplicates(db, id=row["id"])
    ]
    return NewStudent(**asdict(_student(**row)), possible_duplicates=duplicates)


def update_student(
    db: Connection, student_id: int, fields: StudentInput, now: Timestamp
) -> Student:
    """Replace all fields of a student who exists. If none differs, nothing changes. Raises
    number_taken, duplicate_group, student_erased."""
    parameters = _parameters(fields)
    raise_broken_rules(SQL.list_broken_student_rules(db, id=student_id, **parameters))
    SQL.update_student(db, id=student_id, now=now, **parameters)
    # A trigger may have dated the change later.
    return get_student(db, student_id)


def delete_student(db: Connection, student_id: int) -> None:
    """Delete a student who exists. Raises student_has_enrollments."""
    raise_violations(list_deletion_violations(db, student_id))
    SQL.delete_student(db, id=student_id)


def list_deletion_violations(db: Connection, student_id: int) -> list[Violation]:
    """Return the broken rules of deleting a student."""
    return list_violations(SQL.list_broken_student_deletion_rules(db, id=student_id))


def _student(groups: str, family_sort: str = "", given_sort: str = "", **row: Any) -> Student:
    return Student(**row, groups=decode(groups))


def _parameters(fields: StudentInput) -> dict[str, Any]:
    """Return the parameters of the queries. The groups are JSON."""
    return asdict(fields) | {"groups": to_json(fields.groups)}
