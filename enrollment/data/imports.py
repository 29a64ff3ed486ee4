"""Imports: what was brought in from elsewhere, by whom, and what it did."""

from hashlib import sha256
from typing import Any, NamedTuple

import msgspec
from msgspec.json import decode
from msgspec.structs import asdict

from enrollment.data import waitlist
from enrollment.data.import_course import bring_in_courses, bring_in_terms
from enrollment.data.import_enrollment import (
    bring_in_enrollments,
    bring_in_roster,
    find_listed_courses,
)
from enrollment.data.import_row import (
    Wanted,
    incoming,
    leave_out,
    leave_out_unknown_deletions,
    list_faults_of_refused_students,
    list_import_faults,
)
from enrollment.data.import_student import (
    bring_in_people,
    bring_in_users,
    move_records_of_old_ids,
)
from enrollment.data.keyset import KeysetPage, KeysetPosition, list_page
from enrollment.data.record_change import decode_columns
from enrollment.data.staging import RowFault, Staging
from enrollment.model.imports import (
    MOST_CHANGES,
    Import,
    ImportChange,
    ImportCounts,
    ImportReport,
    Removal,
    Removals,
)
from enrollment.model.queries import Pagination
from enrollment.model.records import Change
from enrollment.problems.errors import Problem
from enrollment.storage.connection import Connection
from enrollment.storage.queries import queries, to_json

SQL = queries("import")
# So many records, or so large a part of them, may end without a confirmation.
FEW, PART = 3, 0.1


class Applied(NamedTuple):
    """What an import has done."""

    counts: ImportCounts
    removals: Removals
    set_aside: dict[str, int]
    faults: list[RowFault]
    # The same for the same changes of the same records.
    tag: str


def insert_import(db: Connection, head: dict[str, Any], change: Change) -> int:
    """Begin an import, and return its id. `head` has its source, format, file_name and digest."""
    parameters = head | {"at": change.at, "actor": change.actor, "reason": change.reason}
    made: int = SQL.insert_import(db, **parameters)["id"]
    return made


def apply_import(
    db: Connection, import_id: int, wanted: Wanted, staging: Staging, change: Change
) -> Applied:
    """Bring in the rows that were staged, and return what that has done. Nothing is refused here:
    the caller decides."""
    last_ids = dict(SQL.get_last_ids(db))
    known = dict(SQL.get_known_counts(db, source=wanted.source, course_id=wanted.course_id))
    with incoming(db, staging, wanted.source, change.zone):
        if wanted.is_list:
            _bring_in_list(db, wanted, change)
        else:
            _bring_in_package(db, import_id, wanted, change)
        _promote_into_freed_seats(db, import_id, wanted, change)
        removals = _removals(db, known)
        counts = _counts(db, import_id)
        set_aside = {row["code"]: row["count"] for row in SQL.list_set_aside(db)}
        faults = list_import_faults(db)
    SQL.update_import(db, id=import_id, report="{}")
    return Applied(counts, removals, set_aside, faults, _tag(db, import_id, last_ids))


def _promote_into_freed_seats(
    db: Connection, import_id: int, wanted: Wanted, change: Change
) -> None:
    """Give the seats that the import has freed, and those of courses that it has changed, to those
    who wait for them. The students who were in these courses, and students whom it has changed, may
    be eligible elsewhere now. A complete list gives no seat to a student who is not in it: else it
    would drop the student the next time."""
    if wanted.replaces:
        moved = [row["student_id"] for row in SQL.list_moved_students(db)]
        waitlist.promote_eligible(db, change, student_ids=moved)
        return
    freed = [row["course_id"] for row in SQL.list_freed_courses(db, import_id=import_id)]
    changed = [row["student_id"] for row in SQL.list_changed_students(db, import_id=import_id)]
    waitlist.promote_eligible(db, change, course_ids=freed, members_of=freed, student_ids=changed)


def _bring_in_package(db: Connection, import_id: int, wanted: Wanted, change: Change) -> None:
    leave_out_unknown_deletions(db, wanted)
    bring_in_terms(db, import_id, wanted, change)
    bring_in_courses(db, import_id, wanted, change)
    bring_in_users(db, import_id, wanted, change)
    bring_in_enrollments(db, import_id, wanted, change)
    if wanted.relinks:
        move_records_of_old_ids(db, import_id, wanted.source)


def _bring_in_list(db: Connection, wanted: Wanted, change: Change) -> None:
    if wanted.course_column is not None and wanted.course_id is None:
        find_listed_courses(db, wanted.course_column)
    db.execute("SAVEPOINT list")
    bring_in_people(db, wanted, change)
    bring_in_roster(db, wanted, change)
    # The rules look at students who are here. One who was created, and may enroll in nothing that
    # the list names, must not come in: the list is brought in again without these rows.
    if faults := list_faults_of_refused_students(db):
        db.execute("ROLLBACK TO list")
        leave_out(db, faults)
        bring_in_people(db, wanted, change)
        bring_in_roster(db, wanted, change)


def _removals(db: Connection, known: dict[str, int]) -> Removals:
    """Return what ended since the files no longer have it, of how many that were known before."""
    removed = dict(SQL.get_removed_counts(db))
    removals = {
        name: Removal(removed=removed[name], of=count, limit=max(FEW, int(PART * count)))
        for name, count in known.items()
    }
    return Removals(**removals)


def _counts(db: Connection, import_id: int) -> ImportCounts:
    """Count what an import has done."""
    counts = {row["name"]: dict(row) for row in SQL.list_planned_counts(db)}
    enrollments = dict(SQL.get_stretch_counts(db, import_id=import_id, promoted=waitlist.PROMOTED))
    return msgspec.convert(counts | {"enrollments": enrollments}, ImportCounts)


def _tag(db: Connection, import_id: int, last_ids: dict[str, int]) -> str:
    """Return a digest of the changes of an import."""
    digest = sha256()
    with SQL.list_import_marks_cursor(db, id=import_id, **last_ids) as rows:
        for row in rows:
            digest.update(row["mark"].encode())
            digest.update(b"\n")
    return digest.hexdigest()[:32]


def update_report(db: Connection, import_id: int, report: dict[str, Any]) -> None:
    """Keep what an import has found and done."""
    SQL.update_import(db, id=import_id, report=to_json(report))


def get_import(db: Connection, import_id: int) -> ImportReport:
    """Return an import with its report. Raises import_not_found."""
    fields = _get_row(db, import_id)
    report = decode(fields.pop("report"))
    changed = SQL.list_import_changes(db, id=import_id, limit=MOST_CHANGES)
    changes = [_import_change(**change) for change in changed]
    # Reports that were made before they had a course have none.
    fields |= {"course_id": None} | report | {"refused_by": None, "changes": changes}
    return msgspec.convert(fields, ImportReport)


def get_import_head(db: Connection, import_id: int) -> Import:
    """Return an import without what was found and changed. Raises import_not_found."""
    return _import(**_get_row(db, import_id))


def _get_row(db: Connection, import_id: int) -> dict[str, Any]:
    row = SQL.get_import(db, id=import_id)
    if row is None:
        raise Problem("import_not_found", f"There is no import {import_id}.")
    return dict(row)


def list_imports(
    db: Connection, wanted: Pagination, after: KeysetPosition | None = None
) -> KeysetPage[Import]:
    """List imports by id."""
    return list_page(db, SQL.list_imports, _import, asdict(wanted), start={"id": 0}, after=after)


def _import(report: str, **row: Any) -> Import:
    return Import(**row, counts=msgspec.convert(decode(report)["counts"], ImportCounts))


def _import_change(before: str | None, after: str | None, **row: Any) -> ImportChange:
    return ImportChange(**row, before=decode_columns(before), after=decode_columns(after))
