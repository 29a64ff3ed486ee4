"""The students that an import makes or changes."""

from enrollment.data.import_row import Wanted, insert_source_records
from enrollment.data.search import split_words
from enrollment.model.records import Change
from enrollment.storage.connection import Connection
from enrollment.storage.dialect import analyze_on_server
from enrollment.storage.queries import queries, to_json

SQL = queries("import_student")
ROW = queries("import_row")
# What stands for the given name of a person who has one name: the standard needs a given name.
NO_NAME = "-"


def bring_in_users(db: Connection, import_id: int, wanted: Wanted, change: Change) -> None:
    """Make students of users. Where all users are there, others become inactive. With `relinks`, a
    user with the number, or the email and name, of a student whose id is gone is that student."""
    source, ends, relinks = wanted.source, "users" in wanted.whole_kinds, wanted.relinks
    if not ends:
        SQL.insert_incoming_disabled(db, source=source)
    SQL.insert_said_users(
        db,
        source=source,
        key=wanted.key,
        no_name=NO_NAME,
        today=change.today,
        ends="enrollments" in wanted.whole_kinds,
    )
    analyze_on_server(db, "said_student")
    _find_students(db, source)
    SQL.update_said_renamed_by_number(db, source=source)
    SQL.update_said_renamed_by_email(db, source=source)
    SQL.insert_renamed_faults(db, relinks=relinks)
    SQL.insert_erased_faults(db)
    SQL.insert_taken_ids_faults(db, source=source)
    if relinks:
        SQL.delete_said_of_old_ids(db)
        SQL.update_said_relinked(db)
    SQL.update_said_staying(db, source=source, ends=ends)
    SQL.update_said_of_spare_records(db)
    SQL.insert_planned_students(db)
    if ends:
        SQL.insert_missing_students(db, source=source)
    _write_students(db, change)
    insert_source_records(db, import_id, source, "users", "roles")
    if ends:
        place = {"import_id": import_id, "source": source}
        ROW.insert_ended_records(db, **place, kind="users")
        for kind in ("users", "roles"):
            ROW.insert_missing_kept_records(db, **place, kind=kind)
        ROW.update_records_superseded(db, import_id=import_id)


def move_records_of_old_ids(db: Connection, import_id: int, source: str) -> None:
    """Keep that the old ids of students who were found by another are no longer there, and have
    what named them name the new ones."""
    SQL.insert_records_of_old_ids(db, import_id=import_id)
    SQL.insert_references_to_old_ids(db, import_id=import_id, source=source)
    ROW.update_records_superseded(db, import_id=import_id)


def bring_in_people(db: Connection, wanted: Wanted, change: Change) -> None:
    """Find the students of a list. One that is no roster creates and changes students; a roster
    changes no one, and creates only with `creates`."""
    SQL.insert_said_people(db)
    analyze_on_server(db, "said_student")
    _find_students(db, "")
    SQL.update_said_names(db)
    SQL.insert_people_faults(db, creates=wanted.creates or not wanted.is_roster)
    ROW.update_faulty_unwanted(db)
    SQL.delete_said_unwanted(db)
    SQL.insert_planned_students(db)
    if wanted.is_roster:
        SQL.update_planned_unchanged(db)
    _write_students(db, change)


def _find_students(db: Connection, source: str) -> None:
    SQL.update_said_by_number(db, source=source)
    SQL.insert_alike(db)
    SQL.update_said_by_email(db, source=source)


def _note_other_names(db: Connection) -> None:
    """Note the students whose name in the files has no word in common with that here: an id or a
    number can be given to someone else, or mistyped."""
    names = [
        tuple(row)
        for row in SQL.list_other_names(db)
        if not {*split_words(db, row["said_name"])} & {*split_words(db, row["own_name"])}
    ]
    SQL.insert_other_name_faults(db, names=to_json(names))


def _write_students(db: Connection, change: Change) -> None:
    analyze_on_server(db, "planned")
    _note_other_names(db)
    SQL.insert_student_faults(db)
    last = SQL.get_last_student_id(db)["id"]
    SQL.update_planned_nth(db)
    SQL.update_students(db, now=change.at, frees=True)
    SQL.insert_students(db, now=change.at)
    analyze_on_server(db, "student")
    SQL.update_planned_students(db, after_id=last)
    SQL.insert_duplicate_faults(db, after_id=last)
    SQL.update_students(db, now=change.at, frees=False)
