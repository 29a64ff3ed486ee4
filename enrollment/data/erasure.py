"""Erasure: the data of a person is blanked for good. Counts and events stay what they were."""

from enrollment.data.student import get_student
from enrollment.data.violations import raise_broken_rules
from enrollment.model.history import Erasure
from enrollment.model.records import Change
from enrollment.problems.errors import Problem
from enrollment.storage.queries import queries
from enrollment.storage.sqlite import Connection

SQL = queries("erasure")
# The content of a stored response that spoke of the person.
ERASED = b'{"erased":true}\n'


def get_erasure(db: Connection, student_id: int) -> Erasure:
    """Return the erasure of a student. Raises student_not_found, erasure_not_found."""
    row = SQL.get_erasure(db, student_id=student_id)
    if row is None:
        get_student(db, student_id)
        raise Problem("erasure_not_found", f"Student {student_id} was not erased.")
    return Erasure(**row)


def erase_student(db: Connection, student_id: int, reason: str, change: Change) -> Erasure:
    """Blank all texts that speak of a student who exists, and revoke the student's own tokens.

    The triggers allow this once the erasure is on record, so it comes first. The names of the
    tokens are needed to find their traces, and the changes on record get more with each step: so
    these two come last. Raises student_erased, student_is_enrolled.
    """
    student = {"student_id": student_id}
    acting = {"at": change.at, "actor": change.actor}
    raise_broken_rules(SQL.list_broken_erasure_rules(db, **student))
    SQL.update_student_erased(db, id=student_id)
    erasure = Erasure(**SQL.insert_erasure(db, **student, **acting, reason=reason))
    SQL.update_reasons_erased(db, **student)
    SQL.update_last_reasons_erased(db, **student)
    SQL.update_actors_erased(db, **student)
    SQL.update_last_actors_erased(db, **student)
    SQL.update_holds_erased(db, **student)
    SQL.update_stored_responses_erased(db, **student, content=ERASED)
    SQL.update_tokens_erased(db, **student, **acting)
    SQL.update_record_changes_erased(db, **student)
    return erasure
