"""The schema after all migrations, as text: python -m tests.support.schema > sql/schema.sql"""

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from enrollment.maintenance.migrations import migrate

HEAD = """\
-- The schema after all migrations, to read. The migrations make it; nothing runs this file.
-- Regenerate it with: python -m tests.support.schema > sql/schema.sql
-- Each table is followed by its indexes and triggers; the views are last.
"""
# What the text of a trigger does not show at a glance.
COMMENTS = {
    "student_course_insert_is_recorded": (
        "Adds the event of a new enrollment. The version becomes at least the number of its events."
    ),
    "student_course_update_is_recorded": (
        "Adds the event of a change. Without a new version, it is dated now and has no actor."
    ),
    "student_course_event_follows_the_last": (
        "Refuses an event that has a gap before it, or does not continue its enrollment's last one."
    ),
    "student_course_queue_follows_the_events": (
        "Sets the queue number to the id of the event by which the student joined the waitlist."
    ),
    "acting": "Who acts in the open transaction: no row is ever committed by the service.",
    "changed_column": "The columns of the change that is being recorded; empty otherwise.",
    "change_to_record_is_recorded": "Makes one change on record of the columns that differ.",
    "course_delete_removes_the_parts": "So the changes of the parts come before its own.",
}

Objects = dict[str, str]


def read_schema(db: sqlite3.Connection) -> Objects:
    """The text of each table, index, trigger and view by its name, in the order of the file."""
    rows = db.execute(
        "SELECT name, sql FROM sqlite_master AS object"
        " WHERE sql IS NOT NULL AND name NOT LIKE '%yoyo%' AND name NOT LIKE 'sqlite_%'"
        " ORDER BY tbl_name IN (SELECT name FROM sqlite_master WHERE type = 'view'), tbl_name,"
        " CASE type WHEN 'trigger' THEN 3 WHEN 'index' THEN 2 ELSE 1 END, name"
    )
    return dict(rows.fetchall())


def make_schema() -> Objects:
    """The schema that the migrations make in a new database."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "enrollment.db"
        migrate(file)
        with closing(sqlite3.connect(file)) as db:
            return read_schema(db)


def render(objects: Objects) -> str:
    """The text of sql/schema.sql."""
    parts = [HEAD]
    for name, sql in objects.items():
        comment = f"-- {COMMENTS[name]}\n" if name in COMMENTS else ""
        parts.append(f"{comment}{sql};\n")
    return "\n".join(parts)


if __name__ == "__main__":
    print(render(make_schema()), end="")
