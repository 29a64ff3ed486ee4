"""Changes on record: who changed what in a record, and when. Triggers write them; see
sql/schema.sql."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from msgspec.structs import asdict

from enrollment.data.course import get_course
from enrollment.data.keyset import KeysetPage, KeysetPosition, id_range, list_page, position_of
from enrollment.data.student import get_student
from enrollment.data.term import get_term
from enrollment.data.token import get_token
from enrollment.model.history import RecordChange
from enrollment.model.queries import HistoryFilter, RecordChangeFilter
from enrollment.model.types import RecordSubject, Timestamp
from enrollment.storage.connection import Connection
from enrollment.storage.queries import from_json, queries

SQL = queries("record_change")
# What raises the problem of a record that does not exist. A hold is looked up by its student.
GETTERS: dict[RecordSubject, Callable[[Connection, int], object]] = {
    "student": get_student,
    "term": get_term,
    "course": get_course,
    "token": get_token,
}


@contextmanager
def acting(db: Connection, actor: str, at: Timestamp) -> Iterator[None]:
    """Name who makes the changes of records in the `with`. Without it they have no actor.

    An exception must undo the transaction: so the name ends with it, too.
    """
    SQL.insert_acting(db, actor=actor, at=at)
    yield
    SQL.delete_acting(db)


def list_record_changes(
    db: Connection,
    wanted: RecordChangeFilter,
    after: KeysetPosition | None = None,
    *,
    with_tokens: bool,
) -> KeysetPage[RecordChange]:
    """List changes by id, which is the order of commits: no change with a lower id appears later.

    The changes of tokens are left out unless `with_tokens`.
    """
    query = SQL.list_record_changes
    if wanted.subject_id:
        query = SQL.list_record_changes_of_record
    elif wanted.actor:
        query = SQL.list_record_changes_by_actor
    elif wanted.subject:
        query = SQL.list_record_changes_of_subject
    start = {"id": 0}
    after_id, times = position_of(start, after)["id"], (wanted.since, wanted.until)
    first, period = id_range(db, SQL.get_record_change_range, after_id, *times)
    parameters = asdict(wanted) | period | {"with_tokens": with_tokens}
    return list_page(db, query, _record_change, parameters, start=start, after=[first])


def list_changes_of_record(
    db: Connection,
    subject: RecordSubject,
    subject_id: int,
    wanted: HistoryFilter,
    after: KeysetPosition | None = None,
) -> KeysetPage[RecordChange]:
    """List the changes of one record by id, also if it has been deleted.

    Raises student_not_found and so on, if there is no such record and never was.
    """
    filters = RecordChangeFilter(**asdict(wanted), subject=subject, subject_id=subject_id)
    page = list_record_changes(db, filters, after, with_tokens=True)
    if not page.items and subject in GETTERS:
        GETTERS[subject](db, subject_id)
    return page


def _record_change(before: str | None, after: str | None, **row: Any) -> RecordChange:
    return RecordChange(**row, before=decode_columns(before), after=decode_columns(after))


def decode_columns(text: str | None) -> dict[str, Any] | None:
    """Return the columns that a trigger has written, as clients know them."""
    if text is None:
        return None
    columns = from_json(text)
    if "repeatable" in columns:
        columns["repeatable"] = bool(columns["repeatable"])
    if "early_access" in columns:
        columns["early_access"] = [
            {"group": group, "enroll_from": at} for group, at in columns["early_access"].items()
        ]
    return columns
