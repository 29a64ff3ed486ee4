"""Erasure: the data of a person is blanked permanently. Counts and events stay what they were."""

from msgspec.json import decode
from msgspec.structs import asdict

from enrollment.data.keyset import KeysetPage, KeysetPosition, list_page
from enrollment.data.violations import list_violations, raise_violations
from enrollment.model.history import Erasure
from enrollment.model.queries import Pagination
from enrollment.model.records import Change
from enrollment.model.results import Violation
from enrollment.storage.connection import Connection
from enrollment.storage.queries import queries, to_json

SQL = queries("erasure")
# What is left of a stored response that spoke of the person, and of a change on record.
ERASED, NOTHING = '{"erased":true}', "{}"


def list_erasures(
    db: Connection, wanted: Pagination, after: KeysetPosition | None = None
) -> KeysetPage[Erasure]:
    """List the erasures by the id of the student, also those of students deleted since."""
    start = {"student_id": 0}
    return list_page(db, SQL.list_erasures, Erasure, asdict(wanted), start=start, after=after)


def erase_student(db: Connection, student_id: int, reason: str, change: Change) -> Erasure:
    """Blank all texts that speak of a student who exists, and revoke the student's own tokens.

    The triggers allow this once the erasure is on record, so it comes first. The names of the
    tokens are needed to find their traces, and the changes on record get more with each step: so
    these two come last. Raises student_erased, student_is_enrolled.
    """
    student = {"student_id": student_id}
    acting = {"at": change.at, "actor": change.actor}
    raise_violations(list_erasure_violations(db, student_id))
    SQL.update_student_erased(db, id=student_id, at=change.at)
    erasure = Erasure(**SQL.insert_erasure(db, **student, **acting, reason=reason))
    SQL.update_reasons_erased(db, **student)
    SQL.update_last_reasons_erased(db, **student)
    SQL.update_actors_erased(db, **student)
    SQL.update_last_actors_erased(db, **student)
    SQL.update_holds_erased(db, **student)
    SQL.update_stored_responses_erased(db, **student, content=ERASED.encode())
    SQL.update_tokens_erased(db, **student, **acting)
    SQL.delete_references_erased(db, **student)
    SQL.delete_gone_ids_erased(db, **student)
    SQL.delete_source_records_erased(db, **student)
    SQL.update_source_records_erased(db, **student)
    _erase_quotes(db)
    SQL.update_record_changes_erased(db, **student, before=NOTHING, after=ERASED)
    return erasure


def list_erasure_violations(db: Connection, student_id: int) -> list[Violation]:
    """Return the broken rules of erasing the data of a student."""
    return list_violations(SQL.list_broken_erasure_rules(db, student_id=student_id))


def _erase_quotes(db: Connection) -> None:
    """Remove what imports quote of files."""
    for row in SQL.list_quoting_imports(db):
        report = decode(row["report"]) | {"faults": []}
        SQL.update_import_erased(db, id=row["id"], report=to_json(report))
