"""What PostgreSQL knows of the tables that an import and its undo fill: its plans depend on that. A
server of tests does not collect it by itself."""

import re
from collections.abc import Iterator
from contextlib import closing

import pytest

from enrollment.model.location import ServerUrl
from enrollment.storage.engine import open_database
from enrollment.storage.postgresql import connect
from tests.exchange.imports import import_content, undo
from tests.exchange.small_packages import bulk
from tests.storage.test_portable_queries import create_temporary_tables, plan
from tests.support.postgresql import PostgreSQL

STUDENTS = 400
PACKAGE = bulk({f"e{n}": f"u{n}" for n in range(1, STUDENTS + 1)}, students=STUDENTS)
COUNTED = """
    SELECT relname FROM pg_class
    WHERE relname IN ('gone_id', 'student', 'student_course', 'student_course_event')
        AND reltuples > 0
    ORDER BY relname
"""
INCOMING = f"""
    INSERT INTO incoming
        (file, line, kind, sourced_id, is_deleted, is_wanted, content, user_ref, class_ref)
    SELECT '', line, kind, kind || line, 0, true, '{{}}', 'users' || line, 'classes' || line
    FROM generate_series(1, {STUDENTS}) AS line
    CROSS JOIN unnest(ARRAY['users', 'classes', 'enrollments']) AS kind;
    INSERT INTO planned (kind, incoming_id, student_id, is_new)
    SELECT 'student', id, id, true FROM student;
    ANALYZE incoming, planned
"""
# What a large import, its undo and a delta look up for each of their rows. Without an index, the
# time would grow with the square of the rows.
LOOKED_UP = {
    "import_enrollment.insert_gone_faults": r"Cond: \(\(gone\.kind = .*\(gone\.sourced_id = ",
    # The numbers of all students are not compared with each other.
    "import_student.insert_duplicate_faults": r"(?s)\A(?!.*number = )",
    "undo.update_numbers_freed": r"Cond: \(other\.number = ",
    "export.list_changed_stretches": r"Cond: \(\(event\S*\.student_id = touched\.student_id\)",
}


@pytest.fixture(scope="module")
def school(postgresql: PostgreSQL) -> Iterator[ServerUrl]:
    """A database with a new import."""
    with postgresql.migrated("counted") as url:
        with closing(open_database(url, 5)) as database:
            import_content(database, PACKAGE, source="one")
        yield url


@pytest.mark.parametrize("name", LOOKED_UP)
def test_many_rows_are_looked_up_by_an_index(school: ServerUrl, name: str):
    with connect(school, 5) as db:
        db.execute("BEGIN")
        create_temporary_tables(db)
        db.execute(INCOMING)
        assert re.search(LOOKED_UP[name], plan(db, name))


def test_what_an_import_and_its_undo_fill_is_counted(school: ServerUrl):
    with closing(open_database(school, 5)) as database:
        with database.read() as db:
            after_import = [row[0] for row in db.execute(COUNTED).fetchall()]
        undo(database, 1)
        with database.read() as db:
            after_undo = [row[0] for row in db.execute(COUNTED).fetchall()]

    assert after_import == ["student", "student_course", "student_course_event"]
    # The next import is not planned for empty tables.
    assert after_undo == ["gone_id", *after_import]
