"""Commands that are killed, or whose calls fail, at the first, second, third of these calls."""

import errno
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from enrollment.data.integrity import list_history_mismatches
from enrollment.maintenance import migrations
from enrollment.maintenance.backup import back_up
from enrollment.maintenance.snapshot import digest, digest_file
from enrollment.storage.offline import list_corruptions
from tests.faults.inject import (
    ALL,
    HALF,
    KILL,
    LINK,
    OPEN,
    SYNC,
    TRUNCATE,
    UNLINK,
    WRITE,
    CommandLine,
    Ended,
    Fault,
    Plan,
)

pytestmark = pytest.mark.slow

# Before the next of these calls, all is as after the last one.
KILLS = [Fault(OPEN | WRITE, KILL, HALF), Fault(SYNC | TRUNCATE | LINK | UNLINK, KILL, ALL)]
FAILURES = [
    Fault(OPEN, errno.EACCES),
    Fault(WRITE, errno.EIO, HALF),
    Fault(WRITE, errno.ENOSPC, lasting=True),
    Fault(SYNC, errno.EIO),
    Fault(SYNC, errno.EIO, lasting=True),
    Fault(TRUNCATE | LINK | UNLINK, errno.EIO),
]
OLD, NEW = "0014", "0029"


class State(NamedTuple):
    """What a database holds: the last migration, and every enrollment with its events."""

    schema: str
    enrollments: list[Any]
    events: list[Any]


def read(file: Path) -> State:
    """From a copy, so that the file itself is left to the commands."""
    copy = file.parent.with_name("copy")
    shutil.copytree(file.parent, copy)
    with closing(sqlite3.connect(copy / file.name)) as db:
        db.execute("PRAGMA synchronous = OFF")
        db.row_factory = sqlite3.Row
        assert list_corruptions(db) == []
        query = "SELECT student_id, course_id, status, version FROM student_course"
        enrollments = [tuple(row) for row in db.execute(query)]
        query = "SELECT id, student_id, course_id, to_status FROM student_course_event"
        events = [tuple(row) for row in db.execute(query)]
        applied = [id for id, is_applied in migrations.status(copy / file.name) if is_applied]
        schema = applied[-1][:4]
        # The query is that of the newest schema.
        assert schema != NEW or list_history_mismatches(db) == []
    shutil.rmtree(copy)
    return State(schema, enrollments, events)


class College:
    """A folder with a database as a kill has left it: what was acknowledged last is in its log."""

    def __init__(self, folder: Path, schema: str) -> None:
        self.folder = folder / "here"
        self.database = self.folder / "enrollment.db"
        self._original = folder / "original"
        self._original.mkdir()
        crashed = folder / "crashed"
        crashed.mkdir()
        file = crashed / "enrollment.db"
        migrations.migrate(file, schema)
        with closing(sqlite3.connect(file, isolation_level=None)) as db:
            enroll(db, range(1, 30))
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            enroll(db, range(30, 40))
            for name in ("enrollment.db", "enrollment.db-wal"):
                shutil.copy(crashed / name, self._original)
        self.reset()
        self.state = read(self.database)
        assert len(self.state.enrollments) == 39

    def reset(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self._original, self.folder)

    def names(self, pattern: str = "*") -> set[str]:
        return {path.name for path in self.folder.glob(pattern)}


def enroll(db: sqlite3.Connection, numbers: range) -> None:
    for number in numbers:
        db.execute("INSERT INTO student (given_name, family_name) VALUES ('Ada', 'Lovelace')")
        db.execute("INSERT INTO course (code, title) VALUES (?, 'Databases')", (f"CS{number}",))
        db.execute(
            "INSERT INTO student_course"
            " (student_id, course_id, status, enrolled_at, changed_at, changed_by)"
            " VALUES (?1, ?1, 'enrolled', ?2, ?2, 'a test')",
            (number, "2026-01-01T00:00:00.000Z"),
        )


def endings(
    commands: CommandLine, plan: Plan, fault: Fault, reset: Callable[[], None], *command: Any
) -> Iterator[Ended]:
    """How the command ends on the same folder, struck at its first call, at its second, and so on,
    until there are no more."""
    for n in fault.turns():
        reset()
        plan.strike(fault, n, "*/here/*")
        ended = commands.run(*command)
        if not plan.mend():
            assert ended.code == 0, ended
            break
        yield ended
    assert n > 1


@pytest.mark.parametrize("fault", KILLS, ids=str)
@pytest.mark.parametrize("back", [False, True], ids=["migrate", "rollback"])
def test_a_killed_migration_has_been_done_or_not(
    commands: CommandLine, plan: Plan, tmp_path: Path, fault: Fault, back: bool
):
    before, after = (NEW, OLD) if back else (OLD, NEW)
    college = College(tmp_path, before)
    command = ["migrate", "rollback", "--to", after, "--yes"] if back else ["migrate"]
    command += ["--database", str(college.database)]

    for ended in endings(commands, plan, fault, college.reset, *command):
        assert ended.code == -9 or fault.done == ALL, ended
        state = read(college.database)
        assert state in (college.state, college.state._replace(schema=after))
        again = commands.run(*command)
        assert again.code == 0, again
        assert read(college.database) == college.state._replace(schema=after)
        assert college.names(".*") == set()


@pytest.mark.parametrize("fault", KILLS, ids=str)
def test_a_killed_backup_is_whole_or_is_not_there(
    commands: CommandLine, plan: Plan, tmp_path: Path, fault: Fault
):
    college = College(tmp_path, NEW)
    target = college.folder / "monday"
    command = ["backup", target, "--database", college.database]

    for _ in endings(commands, plan, fault, college.reset, *command):
        assert read(college.database) == college.state
        if target.exists():
            assert read(target) == college.state
            assert is_as_written(target)
        again = commands.run(*command)
        if again.code:
            assert "already exists" in again.err
            target.unlink()
            again = commands.run(*command)
        assert again.code == 0, again
        assert commands.run("backup", "verify", target).code == 0
        assert college.names(".*") == set()


@pytest.mark.parametrize("fault", KILLS, ids=str)
def test_killed_backups_into_a_folder_leave_whole_ones_and_what_the_next_one_clears(
    commands: CommandLine, plan: Plan, tmp_path: Path, fault: Fault
):
    college = College(tmp_path, NEW)
    backups = college.folder / "backups"
    command = ["backup", backups, "--keep", "1", "--database", college.database]

    def reset() -> None:
        college.reset()
        backups.mkdir()
        back_up(college.database, backups)
        # A digest whose backup was taken elsewhere is not ours to remove.
        (backups / "elsewhere.sha256").touch()

    for _ in endings(commands, plan, fault, reset, *command):
        whole = list(backups.glob("[!.]*.backup"))
        assert 1 <= len(whole) <= 2
        assert all(is_as_written(backup) for backup in whole)
        again = commands.run(*command)
        assert again.code == 0, again
        (left,) = backups.glob("*.backup")
        assert {file.name for file in backups.iterdir()} == {
            "elsewhere.sha256",
            left.name,
            f"{left.name}.sha256",
        }


def is_as_written(copy: Path) -> bool:
    return digest_file(copy).read_text() == f"{digest(copy)}  {copy.name}\n"


@pytest.mark.parametrize("fault", KILLS, ids=str)
def test_a_killed_restore_has_been_done_or_not(
    commands: CommandLine, plan: Plan, tmp_path: Path, fault: Fault
):
    college = College(tmp_path, NEW)
    target = tmp_path / "monday"
    back_up(college.database, target)
    with closing(sqlite3.connect(college.database)) as db, db:
        db.execute("UPDATE student_course SET status = 'dropped', dropped_at = changed_at")
    changed = read(college.database)
    assert changed != college.state

    command = ["restore", target, "--database", college.database]

    for _ in endings(commands, plan, fault, college.reset, *command):
        assert read(college.database) in (college.state, changed)
        again = commands.run(*command)
        assert again.code == 0, again
        assert college.names(".*") == set()
        kept = college.names("*.before-restore.*.backup")
        assert college.names("*.sha256") == {f"{name}.sha256" for name in kept}
        assert all(is_as_written(college.folder / name) for name in kept)


@pytest.mark.parametrize("fault", FAILURES, ids=str)
@pytest.mark.parametrize("verb", ["migrate", "backup", "restore"])
def test_a_command_whose_call_fails_says_why_and_leaves_nothing_behind(
    commands: CommandLine, plan: Plan, tmp_path: Path, fault: Fault, verb: str
):
    college = College(tmp_path, OLD if verb == "migrate" else NEW)
    command: list[Any] = [verb, "--database", college.database]
    target = college.folder / "monday"
    if verb == "backup":
        command += [target]
    if verb == "restore":
        back_up(college.database, tmp_path / "monday")
        command += [tmp_path / "monday"]

    for ended in endings(commands, plan, fault, college.reset, *command):
        if ended.code:
            assert ended.code == 1, ended
            assert ended.err.startswith("enrollment: "), ended
            assert ended.err.count("\n") == 1, ended
            assert read(college.database) == college.state, ended
            assert college.names("[!.]*.before-restore.*") == set(), ended
        if not fault.calls & UNLINK:
            assert college.names(".*") == set(), ended
        if verb == "backup":
            assert target.exists() == ended.out.startswith("backup "), ended
            assert target.exists() == target.with_name("monday.sha256").exists(), ended
