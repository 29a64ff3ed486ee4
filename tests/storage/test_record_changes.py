"""The changes on record against raw SQL: it is recorded too, and cannot undo what is recorded."""

import json
import re
import sqlite3
from typing import Any

import pytest

MOMENT = "2026-09-01T08:00:00.000Z"
# How a row of each kind is made, changed and deleted by raw SQL. Columns of the change of it.
RAW: dict[str, tuple[str, str, str]] = {
    "student": (
        "INSERT INTO student (given_name, family_name) VALUES ('Ada', 'L')",
        "UPDATE student SET family_name = 'K'",
        "family_name",
    ),
    "term": (
        "INSERT INTO term (code, title, start_on, end_on) VALUES ('F', 'F', '2026-01-01',"
        " '2026-05-01')",
        "UPDATE term SET title = 'K'",
        "title",
    ),
    "course": (
        "INSERT INTO course (code, title) VALUES ('CS1', 'One')",
        "UPDATE course SET capacity = 7",
        "capacity",
    ),
    "hold": (
        f"INSERT INTO hold (student_id, reason, placed_at, placed_by) VALUES (1, 'r', '{MOMENT}',"
        " 'A')",
        "UPDATE hold SET reason = 'K'",
        "reason",
    ),
    "token": (
        "INSERT INTO token (name, role, lookup, digest, created_at, created_by) VALUES ('T',"
        f" 'reader', 'x', '{'0' * 64}', '{MOMENT}', 'A')",
        "UPDATE token SET name = 'K'",
        "name",
    ),
}
ROWS = ("DELETE FROM token",)
# What is not recorded, and why.
NOT_RECORDED = {
    "id": "it is the subject_id",
    "version": "it is the version of the change",
    "updated_at": "it is the recorded_at of the change",
    "family_sort": "it is made of the name",
    "given_sort": "it is made of the name",
    "label": "it is made of code and section",
    "first_day": "it is made of start_on",
    "last_day": "it is made of end_on",
    "course_id": "it is the subject_id of a part",
    "lookup": "it is a part of the secret",
    "digest": "it is made of the secret",
    "last_used_at": "it is no change",
}


def last(db: sqlite3.Connection) -> tuple[Any, ...]:
    row = db.execute(
        "SELECT subject, subject_id, part, version, actor, before, after FROM record_change"
        " ORDER BY id DESC LIMIT 1"
    ).fetchone()
    return *row[:5], *(value and json.loads(value, strict=False) for value in row[5:])


@pytest.mark.parametrize("table", RAW)
def test_raw_sql_is_recorded_without_an_actor(db: sqlite3.Connection, table: str):
    insert, update, column = RAW[table]
    if table == "hold":
        db.execute(RAW["student"][0])

    db.execute(insert)
    subject, id, part, version, actor, before, new = last(db)
    assert (subject, part, version, actor, before) == (table, None, 1, None, None)
    db.execute(update)
    changed = last(db)
    assert changed[:5] == (table, id, None, 1, None)
    assert changed[5] == {column: new.get(column)}
    assert list(changed[6]) == [column]
    db.execute(f"DELETE FROM {table}")
    assert last(db) == (table, id, None, 1, None, new | changed[6], None)
    (at,) = db.execute("SELECT max(recorded_at) FROM record_change").fetchone()
    assert at > MOMENT


@pytest.mark.parametrize("table", [*RAW, "course_requirement", "course_meeting"])
def test_every_column_is_recorded(db: sqlite3.Connection, table: str):
    """A column that is added needs a place in the triggers."""
    columns = {name for (name,) in db.execute(f"SELECT name FROM pragma_table_xinfo('{table}')")}
    renamed = {"from": "from_time", "to": "to_time"} if table == "course_meeting" else {}
    triggers = db.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?"
        " AND name LIKE '%_leaves_%'",
        (table,),
    ).fetchall()
    assert len(triggers) == 3
    for name, sql in triggers:
        recorded = set(re.findall(r"^\s+\('(\w+)', ", sql, re.MULTILINE))
        assert {renamed.get(column, column) for column in recorded} == columns - set(
            NOT_RECORDED
        ) - ({column for column in columns if column.endswith("_key")}), name
        if "UPDATE OF" in sql:
            listed = sql.partition("UPDATE OF ")[2].partition(" ON ")[0]
            assert set(re.findall(r"\w+", listed)) == recorded


def test_the_parts_of_a_course_go_before_it(db: sqlite3.Connection):
    db.execute("INSERT INTO course (code, title) VALUES ('CS1', 'One')")
    db.execute("INSERT INTO course_meeting (course_id, weekday, from_time, to_time)"
               " VALUES (1, 1, '08:00', '09:00')")  # fmt: skip
    db.execute(
        "INSERT INTO course_requirement (course_id, code, kind) VALUES (1, 'CS0', 'prerequisite')"
    )
    db.execute("UPDATE course_meeting SET to_time = '10:00'")
    db.execute("DELETE FROM course")

    rows = db.execute(
        "SELECT part, before IS NULL, after IS NULL FROM record_change WHERE subject = 'course'"
    )
    assert rows.fetchall() == [
        (None, 1, 0),
        ("meeting", 1, 0),
        ("requirement", 1, 0),
        ("meeting", 0, 1),
        ("meeting", 1, 0),
        ("requirement", 0, 1),
        ("meeting", 0, 1),
        (None, 0, 1),
    ]
    for table in ("course_meeting", "course_requirement", "changed_column"):
        assert db.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


def test_what_a_deleted_student_had_is_recorded(db: sqlite3.Connection):
    (enforced,) = db.execute("PRAGMA foreign_keys").fetchone()
    db.execute(RAW["student"][0])
    db.execute(RAW["hold"][0])
    db.execute("DELETE FROM student")

    subjects = ["hold", "student"] if enforced else ["student"]
    rows = db.execute(
        "SELECT subject FROM record_change WHERE after IS NULL AND subject <> 'token' ORDER BY id"
    )
    assert [subject for (subject,) in rows] == subjects


@pytest.mark.parametrize("text", ['a"b', "a\\b", '\\"', "a\nb\t\x01", "Ünï☃ '", "{}", "NULL"])
def test_any_text_is_recorded_as_it_is(db: sqlite3.Connection, text: str):
    db.execute("INSERT INTO student (given_name, family_name) VALUES ('x', ?)", (text,))

    assert last(db)[6]["family_name"] == text


def test_a_change_of_case_is_a_change(db: sqlite3.Connection):
    db.execute(RAW["student"][0])
    db.execute("UPDATE student SET given_name = 'ADA'")

    assert last(db)[5:] == ({"given_name": "Ada"}, {"given_name": "ADA"})


def test_what_does_not_differ_is_no_change(db: sqlite3.Connection):
    db.execute(RAW["student"][0])
    before = last(db)
    db.execute("UPDATE student SET given_name = given_name, version = version + 1")
    db.execute(f"UPDATE token SET last_used_at = '{MOMENT}'")

    assert last(db) == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE record_change SET actor = 'B'",
        "DELETE FROM record_change",
        "INSERT INTO record_change (subject, subject_id, version, recorded_at, after)"
        f" VALUES ('student', 1, 1, '{MOMENT}', '{{}}')",
        "INSERT OR REPLACE INTO record_change"
        " (id, subject, subject_id, version, recorded_at, after)"
        f" VALUES (1, 'student', 1, 1, '{MOMENT}', '{{}}')",
    ],
)
def test_changes_on_record_are_append_only(db: sqlite3.Connection, statement: str):
    db.execute(RAW["student"][0])
    before = db.execute("SELECT * FROM record_change").fetchall()

    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        db.execute(statement)

    assert db.execute("SELECT * FROM record_change").fetchall() == before


@pytest.mark.parametrize("id", [-1, 2, 50, 2**63 - 1])
def test_no_change_has_a_gap_before_it(db: sqlite3.Connection, id: int):
    db.execute("INSERT INTO changed_column (name, before, after) VALUES ('x', 1, 2)")

    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        db.execute(
            "INSERT INTO record_change (id, subject, subject_id, version, recorded_at, after)"
            f" VALUES (?, 'student', 1, 1, '{MOMENT}', '{{}}')",
            (id,),
        )


@pytest.mark.parametrize("table", RAW)
def test_a_record_is_not_replaced_without_a_trace(db: sqlite3.Connection, table: str):
    db.execute(RAW["student"][0])
    if table != "student":
        db.execute(RAW[table][0])
    columns, _, values = RAW[table][0].partition(f"INTO {table} (")[2].partition(") VALUES (")
    (id,) = db.execute(f"SELECT max(id) FROM {table}").fetchone()

    with pytest.raises(sqlite3.IntegrityError, match=f"a {table} is updated, never replaced"):
        db.execute(f"INSERT OR REPLACE INTO {table} (id, {columns}) VALUES ({id}, {values}")


def test_only_one_acts_at_a_time(db: sqlite3.Connection):
    db.execute("INSERT INTO acting (actor, at) VALUES ('A', ?)", (MOMENT,))

    for statement in (
        "INSERT INTO acting (actor, at) VALUES ('B', ?)",
        "INSERT INTO acting (only_row, actor, at) VALUES (2, 'B', ?)",
    ):
        with pytest.raises(sqlite3.IntegrityError):
            db.execute(statement, (MOMENT,))
