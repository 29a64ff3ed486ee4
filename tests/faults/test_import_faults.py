"""Imports that are killed: all of it is there afterwards, or nothing."""

import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from enrollment.data.integrity import list_history_mismatches
from enrollment.maintenance.migrations import migrate
from enrollment.storage.offline import list_corruptions
from tests.faults.inject import ALL, HALF, KILL, OPEN, SYNC, WRITE, CommandLine, Fault, Plan
from tests.faults.test_command_faults import endings

pytestmark = pytest.mark.slow

TABLES = ("student", "course", "term", "student_course", "student_course_event", "import")
TABLES += ("source_record", "record_change")
STUDENTS = 40


def package(folder: Path) -> Path:
    """A package that takes many writes."""
    folder.mkdir()
    users = [f"u{number},true,u{number},Ada,Lovelace" for number in range(STUDENTS)]
    places = [f"e{number},c1,u{number},student" for number in range(STUDENTS)]
    texts = {
        "classes": ["sourcedId,title,classCode", "c1,Databases,CS101"],
        "users": ["sourcedId,enabledUser,username,givenName,familyName", *users],
        "enrollments": ["sourcedId,classSourcedId,userSourcedId,role", *places],
        "roles": ["sourcedId,userSourcedId,role"],
    }
    for name, lines in texts.items():
        (folder / f"{name}.csv").write_text("\n".join(lines))
    return folder


def put_back(file: Path, original: Path) -> None:
    """Make the folder of a database as it was before the import."""
    file.parent.mkdir(exist_ok=True)
    for path in file.parent.iterdir():
        path.unlink()
    file.write_bytes(original.read_bytes())


def counts(file: Path) -> list[int]:
    with closing(sqlite3.connect(file)) as db:
        db.row_factory = sqlite3.Row
        assert list_corruptions(db) == []
        assert list_history_mismatches(db) == []
        return [db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES]


@pytest.mark.parametrize(
    "fault", [Fault(OPEN | WRITE, KILL, HALF), Fault(SYNC, KILL, ALL)], ids=str
)
def test_a_killed_import_has_been_made_or_not(
    commands: CommandLine, plan: Plan, tmp_path: Path, fault: Fault
):
    file, original = tmp_path / "here" / "enrollment.db", tmp_path / "original.db"
    reset = partial(put_back, file, original)
    migrate(original)
    before = counts(original)
    source = package(tmp_path / "package")
    command: list[Any] = ["import", source, "--database", file]
    made = [STUDENTS, 1, 0, STUDENTS, STUDENTS, 1, 2 * STUDENTS + 1, STUDENTS + 1]
    seen = set()
    for ended in endings(commands, plan, fault, reset, *command):
        assert ended.code == -9 or fault.done == ALL, ended
        found = counts(file)
        assert found in (before, made)
        seen.add(found == made)
        again = commands.run(*command)
        assert again.code == 0, again
        assert counts(file)[: len(TABLES) - 3] == made[: len(TABLES) - 3]
    assert False in seen


def statuses(file: Path) -> list[tuple[Any, ...]]:
    """How many enrollments have each status, and how many events correct another."""
    with closing(sqlite3.connect(file)) as db:
        db.row_factory = sqlite3.Row
        assert list_corruptions(db) == []
        assert list_history_mismatches(db) == []
        query = "SELECT status, count(*) FROM student_course GROUP BY status"
        corrections = "SELECT 'corrections', count(corrects) FROM student_course_event"
        return [tuple(row) for row in db.execute(f"{query} UNION ALL {corrections}")]


def test_a_killed_undo_has_corrected_everything_or_nothing(
    commands: CommandLine, plan: Plan, tmp_path: Path
):
    file, original = tmp_path / "here" / "enrollment.db", tmp_path / "original.db"
    reset = partial(put_back, file, original)
    migrate(original)
    done = commands.run("import", package(tmp_path / "package"), "--database", original)
    assert done.code == 0, done
    before = statuses(original)
    command = ["imports", "undo", "1", "--database", file]
    reset()
    undone = commands.run(*command)
    assert undone.code == 0, undone
    after = statuses(file)
    assert after != before
    for ended in endings(commands, plan, Fault(OPEN | WRITE, KILL, HALF), reset, *command):
        assert ended.code == -9, ended
        assert statuses(file) in (before, after)
