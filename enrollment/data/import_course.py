"""The terms and courses that an import makes or changes."""

from enrollment.data.import_row import Wanted, insert_source_records
from enrollment.model.records import Change
from enrollment.storage.connection import Connection
from enrollment.storage.queries import queries

SQL = queries("import_course")
ROW = queries("import_row")


def bring_in_terms(db: Connection, import_id: int, wanted: Wanted, change: Change) -> None:
    """Make terms of sessions."""
    source = wanted.source
    SQL.insert_planned_terms(db, source=source, key=wanted.key)
    SQL.insert_term_faults(db)
    SQL.insert_terms(db, now=change.at)
    SQL.update_planned_terms(db)
    SQL.update_terms(db, now=change.at)
    insert_source_records(db, import_id, source, "orgs", "academicSessions", "courses")


def bring_in_courses(db: Connection, import_id: int, wanted: Wanted, change: Change) -> None:
    """Make courses of classes, but for those in a session that is left out. Where all classes are
    there, others are cancelled."""
    source, key, ends = wanted.source, wanted.key, "classes" in wanted.whole_kinds
    SQL.insert_session_faults(db, source=source)
    ROW.update_faulty_unwanted(db)
    SQL.insert_planned_courses(db, source=source, key=key, ends=ends)
    SQL.insert_course_faults(db, source=source, key=key)
    if "courses" in wanted.delta_kinds:
        SQL.insert_unfollowed_faults(db, source=source)
    # A new course can have the label that another one leaves.
    SQL.update_courses(db, now=change.at)
    SQL.insert_courses(db, now=change.at)
    SQL.update_planned_courses(db)
    insert_source_records(db, import_id, source, "classes")
    if ends:
        ROW.insert_ended_records(db, import_id=import_id, source=source, kind="classes")
        ROW.update_records_superseded(db, import_id=import_id)
