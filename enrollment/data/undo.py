"""The undo of an import: what it changed goes back where it is still as the import left it. These
are changes like any other, and on record."""

from msgspec.structs import replace

from enrollment.data import waitlist
from enrollment.data.ending import void_enrollments
from enrollment.data.imports import get_import_head
from enrollment.model.import_options import UndoOptions
from enrollment.model.imports import MOST_CHANGES, Undo, UndoneItem
from enrollment.model.records import Change
from enrollment.model.results import Violation
from enrollment.problems.errors import Problem
from enrollment.storage.connection import Connection
from enrollment.storage.dialect import analyze_on_server
from enrollment.storage.queries import create_tables, drop_tables, queries

SQL = queries("undo")
TABLES = "undo_table"
# Those that leave seats come before those that need one.
RESTORED = ("dropped", "completed", "waitlisted", "enrolled")
LIMITED = ("waitlisted", "enrolled")


def undo_import(db: Connection, import_id: int, options: UndoOptions, change: Change) -> Undo:
    """Undo an import, and return what became of each record that it changed. A dry run lists all
    conflicts.

    The latest change of an enrollment is taken back, if it is of the import; where nothing held
    before, the enrollment becomes void. New records are deleted if nothing else needs them. Raises
    import_not_found, import_undone; undo_conflicts unless they are kept.
    """
    present = get_import_head(db, import_id)
    if present.undone_at:
        raise Problem("import_undone", f"Import {import_id} was undone at {present.undone_at}.")
    change = replace(change, reason=options.reason or f"undo import {import_id}")
    create_tables(db, TABLES)
    _undo_enrollments(db, import_id, change)
    undone = SQL.update_import_undone(db, id=import_id, at=change.at, actor=change.actor)
    # New students and courses take their records of the source along when they are deleted.
    SQL.update_records_undone(db, id=import_id)
    _undo_records(db, import_id, change)
    counts = {row["outcome"]: row["count"] for row in SQL.list_undo_counts(db)}
    items = [UndoneItem(**row) for row in SQL.list_undone(db, limit=MOST_CHANGES)]
    freed = [row["course_id"] for row in SQL.list_undone_courses(db)]
    students = [row["student_id"] for row in SQL.list_undone_students(db)]
    waitlist.promote_eligible(db, change, course_ids=freed, members_of=freed, student_ids=students)
    drop_tables(db, TABLES)
    if counts.get("conflict") and options.conflicts == "refuse" and not options.dry_run:
        raise _conflicts(import_id, items)
    return Undo(
        id=undone["id"],
        version=undone["version"],
        reversed=counts.get("reversed", 0),
        kept=counts.get("kept", 0),
        conflicts=counts.get("conflict", 0),
        items=items,
    )


def _undo_enrollments(db: Connection, import_id: int, change: Change) -> None:
    """Take the changes of enrollments back, the latest first."""
    acts = {"at": change.at, "actor": change.actor, "reason": change.reason}
    SQL.insert_undo_pairs(db, id=import_id)
    SQL.insert_undo_steps(db, id=import_id, today=change.today)
    while SQL.get_undo_steps(db)["count"]:
        voids = [(row["student_id"], row["course_id"]) for row in SQL.list_undo_voids(db)]
        void_enrollments(db, voids, change)
        for status in RESTORED:
            if status in LIMITED:
                SQL.update_undo_steps_full(db, status=status)
            SQL.update_taken_back(db, status=status, **acts)
        SQL.update_undo_pairs(db)
        SQL.delete_undo_steps(db)
        SQL.insert_undo_steps(db, id=import_id, today=change.today)
    SQL.update_undo_pairs(db)


def _undo_records(db: Connection, import_id: int, change: Change) -> None:
    """Give records the values that they had, and delete new ones: those that others need last."""
    SQL.insert_undo_records(db, id=import_id)
    SQL.update_undo_students(db)
    SQL.update_undo_numbers(db)
    SQL.update_numbers_freed(db, at=change.at)
    SQL.update_students_restored(db, at=change.at)
    SQL.delete_undone_students(db)
    SQL.update_undo_courses(db, is_new=True)
    SQL.delete_undone_courses(db)
    SQL.update_undo_courses(db, is_new=False)
    SQL.update_courses_restored(db, at=change.at)
    SQL.update_undo_terms(db)
    SQL.update_terms_restored(db, at=change.at)
    SQL.delete_undone_terms(db)
    # The ids of what was deleted are there now. The tables that are emptied are not counted: the
    # next import fills them, and would be planned for empty tables.
    analyze_on_server(db, "gone_id")


def _conflicts(import_id: int, items: list[UndoneItem]) -> Problem:
    violations = [
        Violation(
            pointer="",
            code="undo_conflicts",
            detail=item.detail or "",
            details={
                "kind": item.kind,
                "record_id": item.record_id,
                "course_id": item.course_id,
            },
        )
        for item in items
        if item.outcome == "conflict"
    ]
    return Problem("undo_conflicts", f"Not all of import {import_id} can be undone.", violations)
