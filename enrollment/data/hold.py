"""Holds: each keeps a student from enrolling until it is released."""

from msgspec.structs import asdict

from enrollment.data import waitlist
from enrollment.data.keyset import KeysetPage, KeysetPosition, list_page
from enrollment.data.student import get_student
from enrollment.data.violations import raise_broken_rules
from enrollment.model.queries import HoldFilter, Pagination
from enrollment.model.records import Change, Hold, HoldInput
from enrollment.problems.errors import Problem
from enrollment.storage.connection import Connection
from enrollment.storage.queries import queries, to_json

SQL = queries("hold")


def get_hold(db: Connection, student_id: int, hold_id: int) -> Hold:
    """Return a hold of a student. Raises hold_not_found."""
    row = SQL.get_hold(db, student_id=student_id, id=hold_id)
    if row is None:
        raise Problem("hold_not_found", f"Student {student_id} has no hold {hold_id}.")
    return Hold(**row)


def list_holds(
    db: Connection, student_id: int, wanted: Pagination, after: KeysetPosition | None = None
) -> KeysetPage[Hold]:
    """List the holds of a student by id, released ones too. Raises student_not_found."""
    filters = HoldFilter(student_id=student_id, limit=wanted.limit, count=wanted.count)
    page = list_all_holds(db, filters, after)
    if not page.items:
        get_student(db, student_id)
    return page


def list_all_holds(
    db: Connection, wanted: HoldFilter, after: KeysetPosition | None = None
) -> KeysetPage[Hold]:
    """List holds by id, of all students or of one."""
    query = SQL.list_open_holds if wanted.active else SQL.list_all_holds
    if wanted.student_id:
        query = SQL.list_holds
    return list_page(db, query, Hold, asdict(wanted), start={"id": 0}, after=after)


def count_open_holds(db: Connection, hold_ids: list[int]) -> int:
    """Count those of these holds that are in force."""
    count: int = SQL.get_open_count(db, ids=to_json(hold_ids))["count"]
    return count


def insert_hold(db: Connection, student_id: int, fields: HoldInput, change: Change) -> Hold:
    """Place a hold on a student. Raises student_not_found, student_erased."""
    get_student(db, student_id)
    raise_broken_rules(SQL.list_broken_hold_rules(db, student_id=student_id))
    parameters = asdict(change) | asdict(fields)
    return Hold(**SQL.insert_hold(db, student_id=student_id, **parameters))


def release_hold(db: Connection, student_id: int, hold_id: int, change: Change) -> None:
    """Release a hold. The student gets the free seats that the hold has kept from the student. A
    hold that is released already does not change."""
    SQL.update_hold_released(db, student_id=student_id, id=hold_id, **asdict(change))
    waitlist.promote_eligible(db, change, student_ids=[student_id])
