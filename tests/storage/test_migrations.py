"""Migrations: what stands survives, what fails leaves nothing, and what was released is frozen."""

import hashlib
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from enrollment.app import make_app
from enrollment.config import Config
from enrollment.maintenance import migrations, sqlite_schema
from enrollment.model.types import Timestamp
from enrollment.problems.errors import CommandError, UsageError
from enrollment.storage.queries import resource_dir
from tests.support.client import Client
from tests.support.command import run_command
from tests.support.tokens import add_staff_tokens

FILES = sorted(path.name for path in resource_dir("migrations").glob("*.sql"))
FORWARD = [name for name in FILES if not name.endswith(".rollback.sql")]
NUMBERS = [name.partition(".")[0] for name in FORWARD]
FIRST, *REST = ALL = [name.removesuffix(".sql") for name in FORWARD]
SECOND, LAST = ALL[1], ALL[-1]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "enrollment.db"


@pytest.fixture(scope="module")
def schemas(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A database of each schema, without rows, by the number of its last migration."""
    path, made = tmp_path_factory.mktemp("schemas") / "growing.db", {}
    for number in NUMBERS:
        migrations.migrate(path, to=number, is_scratch=True)
        made[number] = shutil.copy(path, path.with_name(f"{number}.db"))
    return made


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the migrations that a test may change."""
    copy = tmp_path / "migrations"
    shutil.copytree(resource_dir("migrations"), copy)
    monkeypatch.setattr(sqlite_schema, "resource_dir", lambda name: copy)
    return copy


def schema(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as db:
        rows = db.execute(
            "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE '%yoyo%'"
            " AND name NOT LIKE 'sqlite_%' ORDER BY type, name"
        )
        return [sql for (sql,) in rows]


MOMENT = "2026-09-01T08:00:00.000Z"
ENROLL = (
    "INSERT INTO student_course (student_id, course_id, status, enrolled_at, waitlisted_at,"
    f" changed_at, changed_by) VALUES (?, ?, ?, '{MOMENT}', '{MOMENT}', '{MOMENT}', 'A #1')"
)
TOKEN = (
    "INSERT INTO token (name, role, student_id, lookup, digest, created_at, created_by, revoked_at,"
    f" revoked_by) VALUES ('T', ?, ?, ?, '{'0' * 64}', '{MOMENT}', 'A #1', ?, ?)"
)
VOID = (
    "UPDATE student_course SET status = 'void', enrolled_at = NULL, waitlisted_at = NULL,"
    " version = version + 1"
)
LATEST = (
    "(SELECT id FROM enrollment_event AS event WHERE event.student_id = student_course.student_id"
    " AND event.course_id = student_course.course_id AND superseded_by IS NULL"
    " ORDER BY id DESC LIMIT 1{})"
)
CORRECTS, RESTORES = f"corrects = {LATEST.format('')}", f"restores = {LATEST.format(' OFFSET 1')}"
# Rows that a schema can hold from a migration on. Each statement stands alone.
ROWS: dict[str, list[tuple[str, tuple[object, ...]]]] = {
    "0001": [
        ("INSERT INTO student (given_name, family_name) VALUES ('Ada', 'L'), ('Ben', 'M')", ()),
        ("INSERT INTO student (id, given_name, family_name) VALUES (41, 'C', 'N')", ()),
        ("DELETE FROM student WHERE id = 41", ()),
        (f"INSERT INTO term (code, title, start_on, end_on) VALUES ('F', 'F', '{MOMENT[:10]}',"
         " '2026-12-18')", ()),
        ("INSERT INTO course (code, title, term, capacity) VALUES ('C1', 'T', 'F', 1),"
         " ('C2', 'T', NULL, NULL)", ()),
    ],
    "0002": [(ENROLL, (1, 1, "enrolled")), (ENROLL, (1, 2, "enrolled"))],
    "0003": [
        (f"INSERT INTO hold (student_id, reason, placed_at, placed_by) VALUES (2, 'fees',"
         f" '{MOMENT}', 'A #1')", ()),
        ("INSERT INTO course_requirement (course_id, code, kind)"
         " VALUES (2, 'C0', 'prerequisite')", ()),
        ("INSERT INTO course_meeting (course_id, weekday, from_time, to_time)"
         " VALUES (2, 1, '08:00', '09:00')", ()),
    ],
    "0004": [
        ("UPDATE student_course SET overridden = '[\"course_full\"]', version = version + 1"
         " WHERE course_id = 2", ()),
    ],
    "0005": [(ENROLL, (2, 1, "waitlisted"))],
    "0006": [
        (f"UPDATE student_course SET status = 'dropped', dropped_at = '{MOMENT}', version ="
         f" version + 1, effective_at = '{MOMENT}' WHERE student_id = 1 AND course_id = 2", ()),
    ],
    "0007": [
        (TOKEN, ("admin", None, "a", None, None)),
        (TOKEN, ("student", 1, "b", None, None)),
        (TOKEN, ("reader", None, "c", MOMENT, "A #1")),
        (TOKEN, ("reader", None, "d", None, None)),
        ("DELETE FROM token WHERE lookup = 'd'", ()),
    ],
    "0008": [
        (f"INSERT INTO kept_answer VALUES (1, 'k', 'f', 201, '{{}}', x'00', '{MOMENT}')", ()),
        (f"INSERT INTO kept_answer VALUES (2, 'k', 'f', 201, '{{}}', x'00', '{MOMENT}')", ()),
    ],
    "0011": [
        ("INSERT INTO course (code, section, title, term, instructor) VALUES"
         " ('C1', '02', 'T', 'F', 'Ada Lovelace'), ('C1', '03', 'T', 'F', NULL),"
         " ('C3', 'A', 'T', NULL, NULL)", ()),
        ("INSERT INTO course_meeting (course_id, weekday, from_time, to_time, room)"
         " VALUES (3, 1, '08:00', '09:00', 'R 101')", ()),
        (ENROLL, (2, 3, "enrolled")),
    ],
    "0012": [
        ("INSERT INTO student (number, given_name, family_name, email) VALUES"
         " ('S-1', 'Zoë', 'Özil', 'o@example.org'), ('S-2', NULL, 'Sukarno', 'O@example.org')", ()),
    ],
    "0015": [
        (ENROLL, (2, 2, "enrolled")),
        (f"{VOID} WHERE student_id = 2 AND course_id = 2", ()),
        (f"{VOID} WHERE student_id = 2 AND course_id = 1", ()),
        ("INSERT INTO student (id, given_name, family_name) VALUES (60, 'Dan', 'O')", ()),
        (ENROLL.replace("changed_by)", "changed_by, place_of)").replace("'A #1')", "'A #1', 4)"),
         (60, 1, "waitlisted")),
        ("INSERT INTO student (family_name, status) VALUES ('Erased', 'inactive')", ()),
        (f"INSERT INTO erasure SELECT max(id), '{MOMENT}', 'A #1', 'asked' FROM student", ()),
    ],
    "0016": [
        (f"UPDATE student_course SET status = 'completed', completed_at = '{MOMENT}', passed = 0,"
         " grade = 'F', version = version + 1 WHERE student_id = 1 AND course_id = 1", ()),
        (f"UPDATE student_course SET passed = 1, grade = 'A', version = version + 1, effective_at ="
         f" '{MOMENT}', {CORRECTS} WHERE student_id = 1 AND course_id = 1", ()),
        (f"UPDATE student_course SET status = 'enrolled', version = version + 1, effective_at ="
         f" '{MOMENT}', {CORRECTS}, {RESTORES} WHERE student_id = 1 AND course_id = 1", ()),
    ],
    "0018": [
        (f"UPDATE term SET drop_until = '{MOMENT}'", ()),
        (f"UPDATE course SET drop_until = '{MOMENT}'", ()),
    ],
    "0019": [
        ("UPDATE student SET groups = '[\"SENIOR\",\"2027\"]' WHERE id = 1", ()),
        ("UPDATE course SET open_to = '[\"SENIOR\"]' WHERE id = 1", ()),
        (f"UPDATE course SET early_access = '{{\"SENIOR\":\"{MOMENT}\"}}' WHERE id = 1", ()),
    ],
    "0020": [
        ("INSERT INTO course_requirement (course_id, choice, code, kind)"
         " VALUES (1, 1, 'X1', 'concurrent'), (1, 1, 'X2', 'concurrent')", ()),
        ("UPDATE course SET counts_as = '[\"CS9\"]' WHERE id = 1", ()),
    ],
    "0021": [
        ("INSERT INTO session (token_id, digest, created_at, seen_at, expires_at)"
         f" VALUES (1, 'd', '{MOMENT}', '{MOMENT}', '{MOMENT}')", ()),
        ("INSERT INTO sign_in_link (token_id, digest, created_at, created_by, expires_at)"
         f" VALUES (1, 'd', '{MOMENT}', 'A #1', '{MOMENT}')", ()),
    ],
    "0022": [("UPDATE school SET name = 'Northside'", ())],
    "0023": [
        ("INSERT INTO import (source, format, digest, made_at, made_by, after_change, last_change,"
         " after_event, last_event)"
         f" VALUES ('s', 'list', '{64 * '0'}', '{MOMENT}', 'A #1', 0, 0, 0, 0)", ()),
        ("INSERT INTO source_record (import_id, source, kind, sourced_id, content)"
         " VALUES (1, 's', 'orgs', 'o', '{}')", ()),
    ],
    "0024": [
        ("UPDATE student_course SET queue_number = 0, queue_fraction = '5', change_reason = 'why',"
         " version = version + 1 WHERE student_id = 60", ()),
    ],
    "0025": [
        ("UPDATE student_course SET instead_of = 2, change_reason = 'why', version = version + 1"
         " WHERE student_id = 60", ()),
    ],
    "0026": [("UPDATE import SET format = 'clever', version = version + 1", ())],
    "0027": [
        (f"UPDATE term SET enroll_until = '{MOMENT}'", ()),
    ],
    "0028": [(f"INSERT INTO merge VALUES (60, 1, '{MOMENT}', 'A #1')", ())],
    "0029": [
        ("INSERT INTO gone_id (kind, sourced_id, source, gone_at, first_id, content)"
         f" VALUES ('users', 'u', 's', '{MOMENT}', 1, '{{}}')", ()),
    ],
}  # fmt: skip


def fill(file: Path, number: str) -> None:
    """Write rows of every kind that the schema of this migration can hold."""
    with closing(sqlite3.connect(file)) as db, db:
        for since, statements in ROWS.items():
            for sql, parameters in statements if since <= number else ():
                db.execute(sql, parameters)


# Tables that only have rows within a transaction.
EMPTY = {"acting", "changed_column"}

Snapshot = dict[str, list[tuple[object, ...]]]


def snapshot(file: Path, columns: dict[str, list[str]] | None = None) -> tuple[Snapshot, Any]:
    """Every row of every table, and the columns of each; or of the given columns only."""
    with closing(sqlite3.connect(file)) as db:
        tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%yoyo%'"
        columns = columns or {
            table: [
                name for (name,) in db.execute(f"SELECT name FROM pragma_table_info('{table}')")
            ]
            for (table,) in db.execute(tables).fetchall()
        }
        found = {
            table: db.execute(f"SELECT {', '.join(names)} FROM {table} ORDER BY 1, 2").fetchall()
            for table, names in columns.items()
        }
    known = {*columns}
    found["sqlite_sequence"] = [row for row in found["sqlite_sequence"] if row[0] in known]
    return found, columns


def test_the_schema_is_the_same_in_every_locale(file: Path, schemas: dict[str, Path]):
    locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}

    ended = run_command("migrate", "--database", file, env=os.environ | locale)

    assert ended.returncode == 0, ended.stderr
    assert schema(file) == schema(schemas[NUMBERS[-1]])


@pytest.mark.parametrize(
    "number",
    [NUMBERS[0], *(pytest.param(number, marks=pytest.mark.slow) for number in NUMBERS[1:])],
)
def test_the_rows_of_each_schema_survive_up_down_and_up(
    schemas: dict[str, Path], file: Path, number: str
):
    shutil.copy(schemas[number], file)
    fill(file, number)
    before, columns = snapshot(file)
    assert all(rows for table, rows in before.items() if table not in EMPTY)

    migrations.migrate(file)
    assert snapshot(file, columns)[0] == before
    migrations.rollback(file, to=number)
    assert snapshot(file) == (before, columns)
    migrations.migrate(file)
    assert snapshot(file, columns)[0] == before


@pytest.mark.slow
@pytest.mark.parametrize("to", NUMBERS)
def test_the_rows_of_the_last_schema_are_kept_as_far_down_as_they_can_be(
    schemas: dict[str, Path], file: Path, to: str
):
    shutil.copy(schemas[NUMBERS[-1]], file)
    whole = schema(file)
    fill(file, "9999")
    before, _ = snapshot(file)

    migrations.rollback(file, to=to)

    assert schema(file) == schema(schemas[to])
    after, _ = snapshot(file)
    for table in ("student", "term", "course", "student_course", "token", "kept_answer"):
        if table in after:
            assert len(after[table]) == len(before[table])
    migrations.migrate(file)
    assert schema(file) == whole


def test_a_token_keeps_its_id_and_its_stored_responses_across_0010(file: Path):
    migrations.migrate(file, to="0009")
    fill(file, "0009")
    before, _ = snapshot(file)

    migrations.migrate(file, to="0010")

    assert snapshot(file)[0] == before
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("PRAGMA foreign_keys = ON")
        assert db.execute(
            f"{TOKEN} RETURNING id", ("monitor", None, "m", None, None)
        ).fetchone() == (5,)
        db.execute("DELETE FROM token WHERE id = 1")
        assert db.execute("SELECT token_id FROM kept_answer").fetchall() == [(2,)]
        with pytest.raises(sqlite3.IntegrityError, match="token_role_known"):
            db.execute(TOKEN, ("owner", None, "o", None, None))


def test_a_database_without_tokens_has_none_across_0010(file: Path):
    migrations.migrate(file, to="0009")

    migrations.migrate(file, to="0010")
    migrations.rollback(file, to="0009")

    with closing(sqlite3.connect(file)) as db, db:
        assert db.execute(f"{TOKEN} RETURNING id", ("admin", None, "a", None, None)).fetchone() == (
            1,
        )


def test_a_monitor_is_a_revoked_reader_after_a_rollback(file: Path):
    migrations.migrate(file)
    earlier = "2026-08-01T08:00:00.000Z"
    with closing(sqlite3.connect(file)) as db, db:
        db.execute(TOKEN, ("monitor", None, "a", None, None))
        db.execute(TOKEN, ("monitor", None, "b", earlier, "A #1"))
        db.execute(TOKEN, ("reader", None, "c", None, None))

    migrations.rollback(file, to="0009")

    with closing(sqlite3.connect(file)) as db:
        new, old, reader = db.execute(
            "SELECT role, revoked_at, revoked_by, version FROM token ORDER BY id"
        ).fetchall()
    assert (new[0], new[2], new[3]) == ("reader", "rollback of 0010", 2)
    assert new[1] > MOMENT[:4]
    assert old == ("reader", earlier, "A #1", 2)
    assert reader == ("reader", None, None, 1)


def test_a_void_enrollment_is_a_dropped_one_after_a_rollback(file: Path):
    migrations.migrate(file)
    later = "2026-10-01T08:00:00.000Z"
    with closing(sqlite3.connect(file)) as db, db:
        for sql, parameters in ROWS["0001"]:
            db.execute(sql, parameters)
        db.execute(ENROLL, (1, 1, "enrolled"))
        db.execute(
            f"UPDATE student_course SET status = 'completed', completed_at = '{later}',"
            f" changed_at = '{later}', version = 2"
        )
        db.execute(
            "UPDATE student_course SET status = 'void', enrolled_at = NULL, waitlisted_at = NULL,"
            " completed_at = NULL, version = 3"
        )

    migrations.rollback(file, to="0014")

    with closing(sqlite3.connect(file)) as db, db:
        assert db.execute(
            "SELECT status, enrolled_at, completed_at, dropped_at FROM student_course"
        ).fetchall() == [("dropped", None, None, later)]
        assert db.execute(
            "SELECT from_status, to_status, effective_at FROM student_course_event ORDER BY id"
        ).fetchall() == [
            (None, "enrolled", MOMENT),
            ("enrolled", "completed", later),
            ("completed", "dropped", later),
        ]
        db.execute("UPDATE student_course SET status = 'enrolled', enrolled_at = changed_at")
    migrations.migrate(file)


def test_a_code_becomes_the_label_where_it_ran_in_several_sections(file: Path):
    migrations.migrate(file, to="0011")
    long = "L" * 30
    with closing(sqlite3.connect(file)) as db, db:
        db.executemany(
            "INSERT INTO course (code, section, title) VALUES (?, ?, 'T')",
            [
                ("ART", "01"),
                ("ART", "02"),
                ("BIO", "01"),
                ("CHE", None),
                ("CHE", "01"),
                ("ART-02", None),
                (long, "01"),
                (long, "02"),
                ("LAW", "0-1"),
                ("LAW", None),
                ("LAW-0", "1"),
                ("LAW-0", None),
            ],
        )

    migrations.rollback(file, to="0010")

    with closing(sqlite3.connect(file)) as db:
        assert [code for (code,) in db.execute("SELECT code FROM course ORDER BY id")] == [
            "ART-01",
            "ART-2",
            "BIO",
            "CHE",
            "CHE-01",
            "ART-02",
            f"{long}-7",
            f"{long}-8",
            "LAW-0-1",
            "LAW",
            "LAW-0-11",
            "LAW-0",
        ]


def test_what_the_schema_before_0012_cannot_hold_is_changed(file: Path):
    migrations.migrate(file, to="0012")
    long = "e\N{COMBINING ACUTE ACCENT}" * 100
    with closing(sqlite3.connect(file)) as db, db:
        db.executemany(
            "INSERT INTO student (number, given_name, family_name, email) VALUES (?, ?, ?, ?)",
            [("7", None, long, "A@b.c"), (None, "A", "B", "a@b.c"), (None, "C", "D", "ä@b.c")],
        )

    migrations.rollback(file, to="0011")

    with closing(sqlite3.connect(file)) as db:
        found = db.execute("SELECT given_name, family_name, email FROM student ORDER BY id")
        assert found.fetchall() == [
            ("-", long[:100], "A@b.c"),
            ("A", "B", None),
            ("C", "D", "ä@b.c"),
        ]


def test_names_are_sorted_when_0012_was_applied(file: Path):
    migrations.migrate(file, to="0011")
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("INSERT INTO student (given_name, family_name) VALUES ('Zoë', 'Ødegård')")

    migrations.migrate(file, to="0012")

    with closing(sqlite3.connect(file)) as db:
        found = db.execute("SELECT family_sort, given_sort, updated_at FROM student").fetchone()
        assert found[:2] == ("odegard", "zoe")
        assert found[2] <= Timestamp.now()


def test_what_was_there_is_found_when_0013_was_applied(file: Path):
    migrations.migrate(file, to="0012")
    fill(file, "0012")

    migrations.migrate(file, to="0013")

    with closing(sqlite3.connect(file)) as db:
        for kind in ("student", "course"):
            shown = f"SELECT word, {kind}_id FROM {kind}_search ORDER BY 1, 2"
            stored = f"SELECT word, {kind}_id FROM {kind}_word ORDER BY 1, 2"
            assert db.execute(shown).fetchall() == db.execute(stored).fetchall() != []


def test_a_record_is_dated_when_0011_was_applied(file: Path):
    migrations.migrate(file, to="0010")
    fill(file, "0010")
    before = Timestamp.now()

    migrations.migrate(file, to="0011")

    with closing(sqlite3.connect(file)) as db:
        for table in ("course", "term"):
            dates = {at for (at,) in db.execute(f"SELECT updated_at FROM {table}")}
            assert all(before <= at <= Timestamp.now() for at in dates)


def test_a_person_who_was_erased_before_0029_is_gone(file: Path):
    migrations.migrate(file, to="0028")
    fill(file, "0028")
    with closing(sqlite3.connect(file)) as db, db:
        db.executemany(
            "INSERT INTO source_record (import_id, source, kind, sourced_id, is_deleted, content)"
            " VALUES (1, 's', 'users', ?, 1, ?)",
            [("erased", "{}"), ("gone", '{"sourcedId":"gone"}')],
        )

    migrations.migrate(file, to="0029")

    with closing(sqlite3.connect(file)) as db:
        ids = db.execute("SELECT kind, sourced_id, source FROM gone_id").fetchall()
    assert ids == [("users", "erased", "s")]


def test_an_id_is_not_given_twice_across_a_migration(file: Path):
    migrations.migrate(file, to="0001")
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("INSERT INTO student (id, given_name, family_name) VALUES (41, 'A', 'B')")
        db.execute("DELETE FROM student")
    migrations.migrate(file)

    with closing(sqlite3.connect(file)) as db, db:
        insert = "INSERT INTO student (given_name, family_name) VALUES ('A', 'B') RETURNING id"
        assert db.execute(insert).fetchone() == (42,)


def test_without_any_migration_nothing_is_left(schemas: dict[str, Path], file: Path):
    shutil.copy(schemas[NUMBERS[-1]], file)
    whole = schema(file)

    migrations.rollback(file, to="0000")

    assert schema(file) == []
    migrations.migrate(file)
    assert schema(file) == whole


def test_every_file_has_a_rollback_a_reason_and_its_place():
    for name in FORWARD:
        text = (resource_dir("migrations") / name).read_text()
        assert re.fullmatch(r"\d{4}(\.[a-z]+(-[a-z]+)+)\.sql", name)
        assert name.replace(".sql", ".rollback.sql") in FILES
        before = ALL[: ALL.index(name.removesuffix(".sql"))][-1:]
        assert re.match(rf"-- \w.*\.\n-- depends: ?{''.join(before)}\n", text)
    assert len(FILES) == 2 * len(FORWARD)


def test_released_files_are_frozen():
    """After adding a migration: cd migrations && sha256sum NNNN.* >> SHA256SUMS"""
    listed = dict(
        reversed(line.split("  "))
        for line in (resource_dir("migrations") / "SHA256SUMS").read_text().splitlines()
    )

    found = {
        name: hashlib.sha256((resource_dir("migrations") / name).read_bytes()).hexdigest()
        for name in FILES
    }
    assert found == listed


# When something is wrong


def test_a_migration_that_fails_half_way_leaves_nothing_behind(file: Path, files: Path):
    migrations.migrate(file, to="0001")
    fill(file, "0001")
    before, was = snapshot(file), schema(file)
    (files / "9999.break-down.sql").write_text(
        f"-- Fails.\n-- depends: {LAST}\n\nCREATE TABLE extra (id);\n\n"
        "UPDATE student SET given_name = 'X';\n\nSELECT missing FROM nowhere;\n"
    )

    with pytest.raises(CommandError, match=r"left as it was: no such table: nowhere"):
        migrations.migrate(file)

    assert snapshot(file) == before
    assert schema(file) == was
    assert migrations.pending(file) == [*REST, "9999.break-down"]


def test_a_migration_that_leaves_an_orphan_is_undone(file: Path, files: Path):
    migrations.migrate(file)
    (files / "9999.lose-terms.sql").write_text(
        f"-- Breaks a reference.\n-- depends: {LAST}\n\n"
        "INSERT INTO course (code, title, term) VALUES ('C', 'T', 'NONE');\n"
    )

    with pytest.raises(CommandError, match="a row of course refers to a row of term"):
        migrations.migrate(file)

    assert snapshot(file)[0]["course"] == []
    assert migrations.pending(file) == ["9999.lose-terms"]


def test_an_installation_without_migrations_is_refused(file: Path, files: Path):
    shutil.rmtree(files)

    with pytest.raises(CommandError, match="missing from this installation"):
        migrations.migrate(file)

    assert not file.exists()


def test_the_database_of_a_newer_release_is_refused(file: Path, files: Path):
    migrations.migrate(file)
    for name in (f"{LAST}.sql", f"{LAST}.rollback.sql"):
        (files / name).unlink()

    for attempt in (migrations.pending, migrations.migrate):
        with pytest.raises(CommandError, match=rf"a newer release .*{LAST}"):
            attempt(file)


def test_the_database_of_another_program_is_refused_and_left_alone(file: Path):
    with closing(sqlite3.connect(file)) as db:
        db.execute("CREATE TABLE photo (id)")
    before = file.read_bytes()

    with pytest.raises(CommandError, match="another program"):
        migrations.migrate(file)

    assert file.read_bytes() == before
    assert list(file.parent.iterdir()) == [file]


def test_a_file_that_is_no_database_is_refused_and_left_alone(file: Path):
    file.write_text("Dear diary, " * 100)

    with pytest.raises(CommandError, match="not a database"):
        migrations.migrate(file)

    assert file.read_text() == "Dear diary, " * 100


@pytest.mark.parametrize("to", ["9999", "", "0001.x", "create"])
def test_a_migration_that_is_not_there_is_refused(file: Path, to: str):
    with pytest.raises(UsageError, match=f"is not one of: {', '.join(ALL)}"):
        migrations.migrate(file, to=to)


def test_rolling_back_what_is_not_there_is_refused(file: Path):
    with pytest.raises(CommandError, match="there is no database"):
        migrations.rollback(file, to="0000")

    assert not file.exists()


# Backups


def test_a_database_that_is_not_new_is_backed_up_before_it_changes(file: Path):
    assert migrations.migrate(file, to="0001").backup is None
    fill(file, "0001")
    file.chmod(0o600)
    before, columns = snapshot(file)

    up = migrations.migrate(file).backup
    down = migrations.rollback(file, to="0000").backup

    assert up is not None
    assert up.parent == file.parent
    assert re.fullmatch(rf"enrollment\.db\.before-{SECOND}\.\d{{8}}T[\d.]{{13}}Z\.backup", up.name)
    assert snapshot(up) == (before, columns)
    assert migrations.pending(up) == REST
    assert up.stat().st_mode & 0o777 == 0o600
    assert down is not None
    assert snapshot(down, columns)[0] == before
    assert migrations.pending(down) == []
    assert not list(file.parent.glob("*.partial*"))


def test_a_backup_is_one_file(file: Path):
    migrations.migrate(file)

    backup = migrations.rollback(file, to="0001").backup

    assert backup is not None
    with closing(sqlite3.connect(backup)) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    digest = f"{backup.name}.sha256"
    assert {path.name for path in file.parent.iterdir()} == {file.name, backup.name, digest}


def test_a_backup_replaces_no_other(file: Path):
    migrations.migrate(file)
    backups = set()
    for _ in range(5):
        backups |= {migrations.rollback(file, to=ALL[-2]).backup, migrations.migrate(file).backup}

    assert len(backups) == 10
    assert all(backup and backup.is_file() for backup in backups)


def test_a_damaged_database_is_not_migrated(file: Path):
    migrations.migrate(file, to="0001")
    fill(file, "0001")
    with closing(sqlite3.connect(file)) as db:
        query = "SELECT rootpage FROM sqlite_master WHERE name = 'student_by_name'"
        (page,) = db.execute(query).fetchone()
    content = bytearray(file.read_bytes())
    content[(page - 1) * 4096 + 200 : page * 4096] = bytes(4096 - 200)
    file.write_bytes(content)

    with pytest.raises(CommandError, match=r"damaged|malformed"):
        migrations.migrate(file)

    assert file.read_bytes() == content
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_what_cannot_be_backed_up_is_not_changed(file: Path):
    migrations.migrate(file, to="0001")
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute("INSERT INTO course (code, title, term) VALUES ('C', 'T', 'NONE')")

    with pytest.raises(CommandError, match="a row of course refers to a row of term"):
        migrations.migrate(file)

    assert migrations.pending(file) == REST
    assert not [path for path in file.parent.iterdir() if "before" in path.name]


def test_nothing_pending_changes_nothing(file: Path):
    migrations.migrate(file)
    before = file.read_bytes()

    assert migrations.migrate(file) == ([], None)
    assert migrations.rollback(file, to=LAST) == ([], None)

    assert file.read_bytes() == before


def test_a_dry_run_changes_nothing(file: Path):
    assert migrations.migrate(file, dry_run=True).ids == ALL
    assert not file.exists()

    migrations.migrate(file, to="0001")
    fill(file, "0001")
    before = snapshot(file)
    assert migrations.migrate(file, dry_run=True) == (REST, None)

    assert snapshot(file) == before
    assert migrations.pending(file) == REST


def test_a_dry_run_finds_what_would_fail(file: Path, files: Path):
    migrations.migrate(file)
    (files / "9999.break-down.sql").write_text(f"-- Fails.\n-- depends: {LAST}\n\nSELECT x;\n")

    with pytest.raises(CommandError, match="no such column"):
        migrations.migrate(file, dry_run=True)


# Serving


def test_only_a_new_or_empty_database_is_migrated_without_being_asked(file: Path):
    file.touch()
    assert migrations.ensure_current(file).ids == ALL
    assert migrations.ensure_current(file).ids == []

    migrations.rollback(file, to="0001")
    with pytest.raises(CommandError, match=rf"{LAST}; first run: enrollment migrate --database"):
        migrations.ensure_current(file)
    assert migrations.pending(file) == REST
    assert migrations.migrate(file).ids == REST


# Processes


def test_processes_that_migrate_at_once_apply_each_migration_once(file: Path):
    command = [sys.executable, "-m", "enrollment", "migrate", "--database", str(file)]
    processes = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for _ in range(4)
    ]

    outputs = [process.communicate(timeout=60)[0] for process in processes]

    assert [process.returncode for process in processes] == [0] * 4, outputs
    applied = re.findall(r"^applied +(\S+)$", "".join(outputs), re.MULTILINE)
    assert applied == ALL


AS_STRANGER = """
import getpass, os, sys
from pathlib import Path
from enrollment.maintenance import migrations
migrations.migrate(Path(sys.argv[1]))
os.setuid(54321)
for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
    os.environ.pop(name, None)
try:
    getpass.getuser()
except (KeyError, OSError):
    print(*migrations.migrate(Path(sys.argv[2])).ids)
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become a user without a passwd entry")
def test_a_user_without_a_passwd_entry_can_migrate(tmp_path: Path):
    directory = tmp_path / "theirs"
    directory.mkdir()
    os.chown(directory, 54321, 54321)
    for parent in directory.parents[:4]:
        parent.chmod(parent.stat().st_mode | 0o011)
    # The first run imports all, from where the stranger might not be able to read.
    command = [sys.executable, "-c", AS_STRANGER, tmp_path / "warm.db", directory / "enrollment.db"]

    run = subprocess.run(command, capture_output=True, text=True, timeout=60)

    assert run.stdout.split() == ALL, run.stderr


def test_the_log_of_yoyo_tells_what_was_done(file: Path):
    migrations.migrate(file)
    migrations.rollback(file, to="0001")

    with closing(sqlite3.connect(file)) as db:
        query = "SELECT migration_id, operation FROM _yoyo_log ORDER BY rowid"
        assert db.execute(query).fetchall() == [
            *((id, "apply") for id in ALL),
            *((id, "rollback") for id in reversed(REST)),
        ]
        query = "SELECT migration_id FROM _yoyo_migration"
        assert db.execute(query).fetchall() == [(FIRST,)]


def test_the_service_works_on_a_database_that_went_down_and_up(database_file: Path):
    migrations.rollback(database_file, to="0001")
    migrations.migrate(database_file)

    add_staff_tokens(database_file)
    app = make_app(Config(database=database_file))
    client = Client(app)
    course = client.course(capacity=1)
    client.enroll(client.student(), course)
    client.enroll(client.student(), course, status=409)
    assert len(client.events()) == 1
    app.database.close()
