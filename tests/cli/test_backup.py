"""Backups: made while the service runs, verified, put back; and the doctor."""

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from enrollment.app import App
from enrollment.cli.main import main
from enrollment.maintenance import migrations
from enrollment.maintenance.snapshot import temporary_file
from enrollment.model.location import Location
from enrollment.storage import sqlite_check
from tests.support.client import Client
from tests.support.command import Captured
from tests.support.engine import locked
from tests.support.server import serving


@pytest.fixture
def college(client: Client, database_file: Path) -> Path:
    """A database with some history, which the application has open."""
    student, course = client.student(), client.course()
    client.enroll(student, course)
    client.put_status(student, course, "completed")
    return database_file


@pytest.fixture
def at_rest(college: Path, tmp_path: Path) -> Path:
    """A copy that no one has open."""
    path = tmp_path / "rest" / "enrollment.db"
    path.parent.mkdir()
    with closing(sqlite3.connect(college)) as db, closing(sqlite3.connect(path)) as copy:
        db.backup(copy)
    return path


def run(*arguments: str | Path) -> int:
    return main([str(argument) for argument in arguments])


def back_up(database: Path, target: Path, *flags: str) -> int:
    return run("backup", target, "--database", database, *flags)


def events(database: Path) -> int:
    with closing(sqlite3.connect(database)) as db:
        return db.execute("SELECT count(*) FROM student_course_event").fetchone()[0]


def test_a_backup_of_what_is_served_is_whole_and_is_put_back(
    database_file: Path, tmp_path: Path, capsys: Captured
):
    target = tmp_path / "monday"
    with serving(database_file) as server:
        server.post("/v1/students", {"given_name": "Ada", "family_name": "Lovelace"})
        assert back_up(database_file, target) == 0
        server.post("/v1/students", {"given_name": "Ben", "family_name": "Babbage"})
        assert run("restore", target, "--database", database_file) == 1
        assert "in use by process" in capsys.readouterr().err
        server.stop()

    assert run("restore", target, "--database", database_file) == 0

    with serving(database_file) as server:
        items = server.get("/v1/students").json["items"]
    assert [item["given_name"] for item in items] == ["Ada"]
    (kept,) = tmp_path.glob("enrollment.db.before-restore.*.backup")
    with closing(sqlite3.connect(kept)) as db:
        assert db.execute("SELECT count(*) FROM student").fetchone() == (2,)


def test_what_was_put_aside_is_put_back_likewise(at_rest: Path, tmp_path: Path):
    assert back_up(at_rest, tmp_path / "monday") == 0
    before = events(at_rest)
    assert run("restore", tmp_path / "monday", "--database", at_rest) == 0
    (kept,) = at_rest.parent.glob("*.before-restore.*.backup")

    assert run("backup", "verify", kept) == 0
    assert run("restore", kept, "--database", at_rest) == 0

    assert events(at_rest) == before == 2


def test_a_link_to_a_database_stays_one(at_rest: Path, tmp_path: Path):
    assert back_up(at_rest, tmp_path / "monday") == 0
    link = tmp_path / "link.db"
    link.symlink_to(at_rest)

    assert run("restore", tmp_path / "monday", "--database", link) == 0

    assert link.resolve() == at_rest
    assert len(list(at_rest.parent.glob("*.before-restore.*.backup"))) == 1


def test_a_pipe_is_not_replaced_by_a_backup(at_rest: Path, tmp_path: Path, capsys: Captured):
    assert back_up(at_rest, tmp_path / "monday") == 0
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    before = set(tmp_path.iterdir())
    capsys.readouterr()

    assert run("restore", tmp_path / "monday", "--database", pipe) == 1

    assert capsys.readouterr().err == f"enrollment: {pipe} is not a file\n"
    assert set(tmp_path.iterdir()) == before
    assert pipe.is_fifo()


def test_what_another_program_has_open_is_not_replaced(
    at_rest: Path, tmp_path: Path, capsys: Captured
):
    assert back_up(at_rest, tmp_path / "monday") == 0
    before = at_rest.read_bytes()
    with closing(sqlite3.connect(at_rest)) as other:
        assert other.execute("SELECT count(*) FROM student").fetchone() == (1,)

        assert run("restore", tmp_path / "monday", "--database", at_rest) == 1

    assert "is in use by another program" in capsys.readouterr().err
    assert at_rest.read_bytes() == before
    assert list(at_rest.parent.glob("*.backup")) == []
    assert run("restore", tmp_path / "monday", "--database", at_rest) == 0


def test_of_two_backups_to_one_name_one_is_made_and_sound(at_rest: Path, tmp_path: Path):
    command = [sys.executable, "-m", "enrollment", "backup", "monday", "--database", str(at_rest)]
    processes = [
        subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    ends = [(process.communicate(timeout=60), process.returncode) for process in processes]

    assert sorted(code for _, code in ends) == [0, 1, 1], ends
    assert run("backup", "verify", tmp_path / "monday") == 0
    assert list(tmp_path.glob(".*.partial")) == []


def test_a_copy_is_for_its_owner_alone_from_its_first_byte(at_rest: Path, tmp_path: Path):
    with temporary_file(tmp_path / "monday") as partial:
        assert partial.stat().st_mode & 0o077 == 0


def test_what_a_crash_has_left_in_the_log_is_kept_and_meets_no_other_file(
    at_rest: Path, tmp_path: Path
):
    target = tmp_path / "monday"
    assert back_up(at_rest, target) == 0
    db = sqlite3.connect(at_rest)
    db.execute("PRAGMA journal_mode = WAL")
    with db:
        db.execute("INSERT INTO student (given_name, family_name) VALUES ('Late', 'Comer')")
    crashed = tmp_path / "crashed" / "enrollment.db"
    shutil.copytree(at_rest.parent, crashed.parent)
    db.close()

    assert run("restore", target, "--database", crashed) == 0

    with closing(sqlite3.connect(crashed)) as db:
        query = "SELECT count(*) FROM student WHERE given_name = 'Late'"
        assert db.execute(query).fetchone() == (0,)
    (kept,) = crashed.parent.glob("*.before-restore.*.backup")
    with closing(sqlite3.connect(kept)) as db:
        assert db.execute(query).fetchone() == (1,)


@pytest.mark.parametrize("place", [0.001, 0.25, 0.5, 0.75, 0.999])
def test_a_byte_that_is_flipped_makes_a_backup_fail(
    at_rest: Path, tmp_path: Path, capsys: Captured, place: float
):
    target = tmp_path / "monday"
    assert back_up(at_rest, target) == 0
    content = bytearray(target.read_bytes())
    content[int(len(content) * place)] ^= 1
    target.write_bytes(content)
    before = at_rest.read_bytes()

    assert run("backup", "verify", target) == 1
    assert run("restore", target, "--database", at_rest) == 1

    assert capsys.readouterr().err.count("has changed since it was written") == 2
    assert at_rest.read_bytes() == before


def test_a_backup_whose_digest_is_missing_is_not_trusted(
    at_rest: Path, tmp_path: Path, capsys: Captured
):
    target = tmp_path / "monday"
    assert back_up(at_rest, target) == 0
    target.with_name("monday.sha256").unlink()

    assert run("backup", "verify", target) == 1
    assert "monday.sha256 is missing" in capsys.readouterr().err


@pytest.fixture
def older(at_rest: Path, request: pytest.FixtureRequest) -> Path:
    """The college as the release of an older schema has left it."""
    assert run("migrate", "rollback", "--yes", "--to", request.param, "--database", at_rest) == 0
    return at_rest


@pytest.mark.slow
@pytest.mark.parametrize("older", ["0001", "0005", "0007"], indirect=True)
def test_a_backup_of_an_older_schema_is_verified_and_put_back_as_it_is(
    older: Path, tmp_path: Path, capsys: Captured
):
    applied = [id for id, is_applied in migrations.status(older) if is_applied]

    assert back_up(older, tmp_path / "monday") == 0
    assert f"verified  {applied[-1]}: 1 student, 0 terms, 1 course," in capsys.readouterr().out
    assert run("restore", tmp_path / "monday", "--database", older) == 0

    assert [id for id, is_applied in migrations.status(older) if is_applied] == applied
    (kept,) = older.parent.glob("*.before-restore.*.backup")
    assert run("backup", "verify", kept) == 0


@pytest.mark.slow
@pytest.mark.parametrize("older", ["0001", "0005"], indirect=True)
def test_the_copy_that_migrate_makes_of_an_older_schema_is_put_back(older: Path, capsys: Captured):
    before = migrations.status(older)
    assert run("migrate", "--database", older) == 0
    (copy,) = older.parent.glob("*.before-000*.backup")

    assert run("backup", "verify", copy) == 0
    assert run("restore", copy, "--database", older) == 0

    assert migrations.status(older) == before
    assert run("migrate", "--database", older) == 0
    assert run("doctor", "--database", older) == 0


@pytest.mark.parametrize("older", ["0005"], indirect=True)
def test_a_state_of_an_older_schema_that_its_history_does_not_tell_is_found(
    older: Path, tmp_path: Path, capsys: Captured
):
    tamper(older)

    assert back_up(older, tmp_path / "monday") == 1

    assert "student 1 in course 1: state and history differ" in capsys.readouterr().err


def test_a_copy_that_could_not_be_verified_is_reported_as_such(
    at_rest: Path, tmp_path: Path, capsys: Captured
):
    tamper(at_rest)
    target = tmp_path / "monday"

    assert back_up(at_rest, target) == 1

    shown = f"backup    {target} is not verified: `enrollment backup verify {target}`\n"
    assert capsys.readouterr().out == shown
    assert target.exists()


def test_a_backup_without_room_to_verify_is_reported_as_such(at_rest: Path, tmp_path: Path):
    target = tmp_path / "monday"
    assert back_up(at_rest, target) == 0

    verify = f"ulimit -f 8; exec {sys.executable} -m enrollment backup verify {target}"
    ended = subprocess.run(verify, shell=True, stderr=subprocess.PIPE, text=True, timeout=60)

    assert ended.returncode == 1
    (line,) = [line for line in ended.stderr.splitlines() if line.startswith("enrollment:")]
    assert line.startswith(f"enrollment: {target} can't be copied to ")
    assert line.endswith(": File too large; TMPDIR can name another folder")


def test_another_programs_database_is_refused_before_it_is_copied(tmp_path: Path, capsys: Captured):
    file = tmp_path / "other.db"
    with closing(sqlite3.connect(file)) as db, db:
        db.execute("CREATE TABLE album (title TEXT)")

    assert back_up(file, tmp_path / "monday") == 1

    shown = capsys.readouterr()
    assert "the database is that of another program" in shown.err
    assert shown.out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["other.db"]


def tamper(database: Path) -> None:
    """Change the state behind the back of the history, as no statement could."""
    trigger = "student_course_update_is_recorded"
    with closing(sqlite3.connect(database)) as db, db:
        query = "SELECT sql FROM sqlite_master WHERE name = ?"
        (code,) = db.execute(query, (trigger,)).fetchone()
        db.execute(f"DROP TRIGGER {trigger}")
        db.execute("UPDATE student_course SET status = 'dropped', dropped_at = changed_at")
        db.execute(code)


def test_a_state_that_its_history_does_not_tell_is_found(
    at_rest: Path, tmp_path: Path, capsys: Captured
):
    assert run("doctor", "--database", at_rest) == 0
    tamper(at_rest)

    assert back_up(at_rest, tmp_path / "monday") == 1
    assert run("doctor", "--database", at_rest) == 1

    shown = capsys.readouterr()
    assert shown.err.count("student 1 in course 1: state and history differ") == 1
    assert "wrong student 1 in course 1: state and history differ" in shown.out


def test_a_search_that_does_not_find_what_is_there_is_found_and_mended(
    at_rest: Path, capsys: Captured
):
    with closing(sqlite3.connect(at_rest)) as db, db:
        db.execute("DELETE FROM student_word WHERE word = 'lovelace'")
        db.execute("INSERT INTO course_word (word, course_id) VALUES ('poetry', 1)")

    assert run("doctor", "--database", at_rest) == 1

    shown = capsys.readouterr().out
    assert "wrong the words by which a search finds course 1 are not its own" in shown
    assert "wrong the words by which a search finds student 1 are not its own" in shown
    with closing(sqlite3.connect(at_rest)) as db, db:
        for number in ("changed", None):
            db.execute("UPDATE student SET number = ?", (number,))
        for section in ("changed", None):
            db.execute("UPDATE course SET section = ?", (section,))
    assert run("doctor", "--database", at_rest) == 0


def test_a_record_that_is_gone_without_a_trace_is_told(at_rest: Path, capsys: Captured):
    with closing(sqlite3.connect(at_rest)) as db, db:
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("INSERT INTO student (number, family_name) VALUES ('1041', 'A'), ('1042', 'B')")
        db.execute("DELETE FROM student WHERE number = '1042'")
        db.execute("INSERT OR REPLACE INTO student (number, family_name) VALUES ('1041', 'B')")

    assert run("doctor", "--database", at_rest) == 0

    told = capsys.readouterr().out
    assert told.count("is gone, and no change on record says so") == 1
    assert "warn  student 2 is gone" in told


@pytest.mark.parametrize(
    ("table", "change", "shown"),
    [
        ("student_course", "version = version + 1", "student 1 in course 1: state"),
        ("student_course", "changed_at = '2999-01-01T00:00:00.000Z'", "student 1 in course 1:"),
        ("student_course", "completed_at = '2999-01-01T00:00:00.000Z'", "student 1 in course 1:"),
        ("student_course_event", "course_id = 2", "student 1 in course 1: state"),
        ("student_course_event", "course_id = 2", "student 1 in course 2: state"),
        ("student_course_event", "from_status = 'dropped' WHERE id = 1", "event 1 does not go on"),
        ("student_course_event", "to_status = 'waitlisted' WHERE id = 1", "event 2 does not go on"),
        (
            "student_course_event",
            "recorded_at = '2999-01-01T00:00:00.000Z' WHERE id = 1",
            "event 2",
        ),
        (
            "student_course_event",
            "effective_at = '2020-01-01T00:00:00.000Z' WHERE id = 2",
            "event 2",
        ),
        ("student_course_event", "id = 3 WHERE id = 2", "event 3 does not go on"),
        ("student_course_event", "id = id + 2", "event 3 does not go on"),
    ],
)
def test_a_history_that_was_tampered_with_is_found(
    at_rest: Path, capsys: Captured, table: str, change: str, shown: str
):
    with closing(sqlite3.connect(at_rest)) as db, db:
        triggers = db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            db.execute(f"DROP TRIGGER {name}")
        db.execute(f"UPDATE {table} SET {change}")

    assert run("doctor", "--database", at_rest) == 1
    assert f"wrong {shown}" in capsys.readouterr().out


def test_a_folder_keeps_the_newest(at_rest: Path, tmp_path: Path, capsys: Captured):
    folder = tmp_path / "backups"
    folder.mkdir()
    (folder / "other.backup").touch()
    for _ in range(4):
        assert back_up(at_rest, folder, "--keep", "2") == 0

    left = sorted(path.name for path in folder.iterdir())
    assert len(left) == 5
    assert sum(name.endswith(".sha256") for name in left) == 2
    assert "other.backup" in left


def test_a_backup_replaces_nothing(at_rest: Path, tmp_path: Path, capsys: Captured):
    target = tmp_path / "monday"
    target.write_text("something else")

    assert back_up(at_rest, target) == 1
    assert target.read_text() == "something else"
    assert "already exists" in capsys.readouterr().err
    assert list(tmp_path.glob("*.partial")) == []


def test_a_new_database_is_for_its_owner_alone(tmp_path: Path, capsys: Captured):
    file = tmp_path / "enrollment.db"

    assert run("migrate", "--database", file) == 0

    assert file.stat().st_mode & 0o077 == 0
    assert run("doctor", "--database", file) == 0
    assert "ok    other users may not read the file (-rw-------)" in capsys.readouterr().out


def test_a_file_that_others_may_read_is_warned_of(at_rest: Path, capsys: Captured):
    at_rest.chmod(0o644)

    assert run("doctor", "--database", at_rest) == 0
    advice = f"warn  other users may read the file (-rw-r--r--): chmod go= {at_rest}\n"
    assert advice in capsys.readouterr().out


def test_what_was_put_back_is_not_warned_of(at_rest: Path, tmp_path: Path, capsys: Captured):
    assert back_up(at_rest, tmp_path / "monday") == 0
    assert run("restore", tmp_path / "monday", "--database", at_rest) == 0

    assert run("doctor", "--database", at_rest) == 0
    assert "ok    the journal mode is delete; `enrollment serve`" in capsys.readouterr().out


def test_a_log_that_has_grown_is_warned_of(at_rest: Path, capsys: Captured):
    log = at_rest.with_name("enrollment.db-wal")
    log.touch()
    os.truncate(log, 100_000_000)

    assert run("doctor", "--database", at_rest) == 0
    assert "warn  the write-ahead log has 100 MB" in capsys.readouterr().out


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="this system has no /dev/shm")
def test_a_file_in_memory_is_warned_of(at_rest: Path, capsys: Captured):
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        file = shutil.copy(at_rest, folder)

        assert run("doctor", "--database", file) == 0

    assert "warn  the filesystem is tmpfs" in capsys.readouterr().out


def test_a_file_on_a_network_is_wrong(
    at_rest: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sqlite_check, "_filesystem", lambda _: "nfs4")

    assert run("doctor", "--database", at_rest) == 1
    assert "wrong the filesystem is nfs4" in capsys.readouterr().out


def test_pending_migrations_are_wrong(tmp_path: Path, capsys: Captured):
    file = tmp_path / "enrollment.db"
    run("migrate", "--to", "0027", "--database", file)

    assert run("doctor", "--database", file) == 1
    assert "wrong migrations are pending: 0028.add-merges" in capsys.readouterr().out


def test_livez_and_readyz(client: Client, location: Location):
    client.extra_environ.clear()
    assert client.get("/livez").json == {"status": "live"}
    assert client.get("/readyz").json == {"status": "ready"}
    with locked(location):
        assert client.get("/readyz", status=503).json["code"] == "database_busy"
        assert client.get("/livez").json == {"status": "live"}


def test_a_schema_of_another_release_is_not_ready(app: App, client: Client):
    with app.database.write() as db:
        db.execute("DELETE FROM _yoyo_migration WHERE migration_id LIKE '0028%'")
    assert client.get("/readyz", status=503).json["code"] == "database_outdated"
    with app.database.write() as db:
        for id in ("0028.add-merges", "9999.of-the-future"):
            db.execute(
                "INSERT INTO _yoyo_migration (migration_hash, migration_id)"
                f" VALUES ('{id}', '{id}')"
            )
    assert client.get("/readyz", status=503).json["code"] == "database_outdated"
