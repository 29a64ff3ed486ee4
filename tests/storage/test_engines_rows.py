"""The same statements leave the same rows on both engines, and a dump of them can be restored."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from operator import itemgetter
from typing import Any

import psycopg
import pytest

from enrollment.maintenance.migrations import migrate
from tests.support.postgresql import PostgreSQL

FIRST, THEN, LATER = (f"2026-09-0{day}T08:00:00.000Z" for day in (1, 2, 3))
TOKEN = "INSERT INTO token (name, role, student_id, lookup, digest, created_at, created_by) VALUES"


TIMES = ("enrolled_at", "waitlisted_at", "completed_at", "dropped_at")


def enroll(student: int, course: int, status: str, at: str = FIRST, **fields: object) -> str:
    """A statement that gives an enrollment a status, as the service does it."""
    row = {"status": status, "changed_at": at, "changed_by": "Staff #1"}
    row |= dict.fromkeys(TIMES) if status == "void" else {f"{status}_at": at}
    row |= {"student_id": student, "course_id": course} | fields
    values = ", ".join("NULL" if value is None else repr(value) for value in row.values())
    changes = ", ".join(f"{name} = excluded.{name}" for name in row)
    return (
        f"INSERT INTO student_course ({', '.join(row)}) VALUES ({values})"
        f" ON CONFLICT (student_id, course_id) DO UPDATE SET {changes},"
        " version = student_course.version + 1"
    )


TAKEN_BACK = {"corrects": 9, "restores": 4, "change_reason": "why"}
CORRECTED = {"corrects": 12, "restores": None, "passed": True, "grade": "C"}
# Every trigger that writes fires in these at least once, and nothing in them is refused.
STATEMENTS = [
    f"INSERT INTO acting (actor, at) VALUES ('Staff #1', '{FIRST}')",
    "INSERT INTO term (code, title, start_on, end_on, max_credits) VALUES"
    " ('Fall', 'Fall', '2026-08-31', '2026-12-18', 20),"
    " ('S', 'Spring', '2027-01-11', '2027-05-01', 7.25)",
    "INSERT INTO course (code, section, title, term, capacity, waitlist_capacity, credits,"
    " counts_as, open_to, early_access) VALUES"
    " ('CS1', '01', 'One \\ \"two\"', 'FALL', 2, 9, 3, '[\"CS0\",\"cs1\"]', '[\"M\"]',"
    f" '{{\"M\":\"{FIRST}\"}}'), ('CS2', NULL, 'L''Été', NULL, 9, NULL, 0.1, '[]', '[]', '{{}}'),"
    " ('CS3', NULL, 'Three', 'S', NULL, NULL, 1.0, '[]', '[]', '{}')",
    "INSERT INTO course_requirement (course_id, code, kind, choice) VALUES"
    " (2, 'CS0', 'prerequisite', 1), (2, 'CS9', 'corequisite', 0)",
    "INSERT INTO course_meeting (course_id, weekday, from_time, to_time, start_on) VALUES"
    " (2, 1, '08:00', '09:30', NULL), (2, 3, '08:00', '09:30', '2026-09-02')",
    "INSERT INTO student (family_name, given_name, number, email, groups, max_credits) VALUES"
    " ('O''Brien', 'Éva', 'N1', 'eva@x.y', '[\"M\",\"Ü\"]', 12.5),"
    " ('Straße', NULL, NULL, NULL, '[]', NULL),"
    " ('Ng', 'Ann-Lou', NULL, NULL, '[]', NULL), ('Roe', 'Di', NULL, NULL, '[]', NULL),"
    " ('Last', 'Will be deleted', NULL, NULL, '[]', NULL)",
    "DELETE FROM acting",
    "UPDATE term SET code = 'FALL', version = 2 WHERE id = 1",
    "UPDATE course SET repeatable = true, credits = 4.5, code = 'CS1b', version = 5 WHERE id = 1",
    "UPDATE course SET title = title, version = version + 1 WHERE id = 2",
    "UPDATE course_meeting SET room = 'R\t1' WHERE weekday = 1",
    "UPDATE course_requirement SET code = 'cs0' WHERE choice = 1",
    "UPDATE student SET family_name = 'OBrien', email = NULL, groups = '[]' WHERE id = 1",
    "INSERT INTO hold (student_id, reason, placed_at, placed_by)"
    f" VALUES (2, 'fees', '{FIRST}', 'A'), (5, 'fees', '{FIRST}', 'A')",
    f"UPDATE hold SET released_at = '{THEN}', released_by = 'B', version = 2 WHERE id = 1",
    f"{TOKEN} ('Eva', 'student', 1, 'a', '{'0' * 64}', '{FIRST}', 'A #9'),"
    f" ('Last', 'student', 5, 'b', '{'1' * 64}', '{FIRST}', 'A #9')",
    "INSERT INTO session (token_id, digest, created_at, seen_at, expires_at)"
    f" VALUES (1, 'd', '{FIRST}', '{FIRST}', '{LATER}')",
    enroll(1, 1, "enrolled"),
    enroll(2, 1, "enrolled"),
    enroll(3, 1, "waitlisted", instead_of=2),
    enroll(4, 1, "waitlisted"),
    enroll(3, 2, "enrolled"),
    # The other goes ahead.
    f"UPDATE student_course SET queue_number = 3, queue_fraction = '5', changed_at = '{THEN}',"
    " change_reason = 'why', version = version + 1 WHERE student_id = 4 AND course_id = 1",
    f"UPDATE student_course SET queue_number = 2, queue_fraction = '5', changed_at = '{THEN}',"
    " change_reason = 'why', version = version + 1 WHERE student_id = 4 AND course_id = 1",
    enroll(1, 1, "dropped", THEN),
    enroll(4, 1, "enrolled", THEN),
    # It is taken back, to the place that was given last; and then it happens again.
    enroll(4, 1, "waitlisted", LATER, waitlisted_at=FIRST, effective_at=FIRST, **TAKEN_BACK),
    enroll(4, 1, "enrolled", LATER, overridden='["course_full"]'),
    enroll(2, 1, "completed", THEN, passed=False, grade="F"),
    enroll(2, 1, "completed", LATER, completed_at=THEN, effective_at=THEN, **CORRECTED),
    enroll(3, 1, "void", LATER, instead_of=None, change_reason="why"),
    "UPDATE student_course SET changed_by = 'someone' WHERE student_id = 3 AND course_id = 2",
    "UPDATE student_course SET grade = 'B' WHERE student_id = 2 AND course_id = 1",
    enroll(3, 2, "dropped", LATER),
    enroll(3, 3, "enrolled", LATER),
    enroll(3, 3, "void", LATER),
    "DELETE FROM student WHERE id = 5",
    "INSERT INTO student (family_name) VALUES ('Next')",
    "DELETE FROM course WHERE id = 3",
    "INSERT INTO course (code, title) VALUES ('CS4', 'Four')",
    "INSERT INTO course_meeting (course_id, weekday, from_time, to_time)"
    " VALUES (4, 1, '08:00', '09:00')",
    "INSERT INTO course_requirement (course_id, code, kind) VALUES (4, 'CS1', 'concurrent')",
    "DELETE FROM course WHERE id = 4",
    "DELETE FROM term WHERE code = 's'",
    "UPDATE student SET given_name = NULL, family_name = 'Erased', number = NULL,"
    " status = 'inactive' WHERE id = 1",
    "INSERT INTO erasure (student_id, erased_at, erased_by, reason)"
    f" VALUES (1, '{LATER}', 'A', 'r')",
    "UPDATE student_course SET change_reason = NULL WHERE student_id = 1",
    "UPDATE record_change SET before = CASE WHEN before IS NOT NULL THEN '{}' END,"
    " after = '{\"erased\":true}'"
    " WHERE subject = 'student' AND subject_id = 1 AND after IS NOT NULL",
]
# PostgreSQL records what a cascade changes after the change that caused it; SQLite before.
CASCADE = "UPDATE term SET code = 'F26', title = 'Autumn' WHERE id = 1"
# What is kept in one engine alone, and a key that is made at random.
LEFT_OUT = {"letter", "school", "changed_column", "deleted_id"}


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    file = tmp_path_factory.mktemp("rows") / "enrollment.db"
    migrate(file)
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        db.execute("PRAGMA foreign_keys = ON")
        yield db


@pytest.fixture(scope="module")
def on_postgresql(postgresql: PostgreSQL) -> Iterator[psycopg.Connection]:
    with postgresql.migrated("rows") as url, psycopg.connect(url.text, autocommit=True) as db:
        yield db


def fill(db: Any) -> None:
    for statement in STATEMENTS:
        db.execute(statement)


def rows(db: Any, table: str) -> list[list[object]]:
    """The rows of a table or view, without the times at which they were written, by their ids or
    in any order that is the same for both."""

    def plain(value: object) -> object:
        if isinstance(value, bool):
            return int(value)
        is_moment = isinstance(value, str) and re.fullmatch(r"[0-9-]{10}T[0-9:.]{12}Z", value)
        return "now" if is_moment and value not in (FIRST, THEN, LATER) else value

    found = [[plain(value) for value in row] for row in db.execute(f"SELECT * FROM {table}")]
    has_id = table in ("record_change", "student_course_event")
    return sorted(found, key=itemgetter(0) if has_id else repr)


def test_the_same_statements_leave_the_same_rows(
    on_sqlite: sqlite3.Connection, on_postgresql: psycopg.Connection
):
    names = [
        name
        for (name,) in on_sqlite.execute(
            "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
            " AND name NOT LIKE '%yoyo%' AND name NOT LIKE 'sqlite_%'"
            " AND name NOT IN ('change_to_record', 'code_list_to_check')"
        )
        if name not in LEFT_OUT
    ]
    fill(on_sqlite)
    fill(on_postgresql)
    for name in names:
        assert rows(on_sqlite, name) == rows(on_postgresql, name), name

    recorded = len(rows(on_sqlite, "record_change"))
    for db in (on_sqlite, on_postgresql):
        db.execute(CASCADE)
    for name in names:
        one, other = rows(on_sqlite, name), rows(on_postgresql, name)
        if name == "record_change":
            one, other = ([row[1:] for row in changes[recorded:]] for changes in (one, other))
            assert one == other[::-1]
        else:
            assert one == other, name


def test_the_highest_id_of_each_table_is_kept(
    on_sqlite: sqlite3.Connection, on_postgresql: psycopg.Connection
):
    for db in (on_sqlite, on_postgresql):
        db.execute("INSERT INTO course (code, title) VALUES ('X', 'X')")
        db.execute("DELETE FROM course WHERE code = 'X'")

    sequences = dict(on_sqlite.execute("SELECT name, seq FROM sqlite_sequence"))
    kept = dict(on_postgresql.execute("SELECT table_name, highest FROM deleted_id").fetchall())
    assert "course" in kept
    for table, highest in kept.items():
        (last,) = on_postgresql.execute(f"SELECT coalesce(max(id), 0) FROM {table}").fetchone()
        assert sequences[table] == max(highest, last), table


def test_a_dump_is_restored_and_keeps_its_promises(
    postgresql: PostgreSQL,
):
    restored = postgresql.create_database("restored")
    with (
        postgresql.migrated("dumped") as dumped,
        psycopg.connect(dumped.text, autocommit=True) as db,
    ):
        fill(db)
        file = str(postgresql.folder / "dump")
        postgresql.run("pg_dump", "-Fc", "--file", file, "--dbname", dumped.text)
        postgresql.run("pg_restore", "--exit-on-error", "--dbname", restored.text, file)

        with psycopg.connect(restored.text, autocommit=True) as other:
            tables = db.execute(
                "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
                " AND relkind IN ('r', 'v')"
            ).fetchall()
            for (table,) in tables:
                query = f"SELECT t FROM {table} AS t ORDER BY t::text"
                assert db.execute(query).fetchall() == other.execute(query).fetchall(), table
            with pytest.raises(psycopg.errors.CheckViolation, match="append-only"):
                other.execute("DELETE FROM student_course_event")
            other.execute(enroll(2, 2, "enrolled", LATER))
    postgresql.drop_database("restored")
