"""Files of a served database that are removed, replaced, emptied or overwritten by hand."""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from enrollment.cli.main import main
from enrollment.maintenance.backup import back_up
from tests.support.command import Captured
from tests.support.server import Server, serving

pytestmark = pytest.mark.slow

STUDENT = {"given_name": "Ada", "family_name": "Lovelace"}
LIST = b"Number,Given name,Family name\n1,Emmy,Noether\n"
SEEN = 3


@pytest.fixture
def server(database_file: Path) -> Iterator[Server]:
    """With a few students, who are in the write-ahead log alone."""
    with serving(database_file) as server:
        for _ in range(SEEN):
            assert server.post("/v1/students", STUDENT).status == 201
        yield server


def students(server: Server) -> int:
    return len(server.get("/v1/students?limit=1000").json["items"])


def require_refusals(server: Server, *also: str) -> None:
    codes = {"database_moved", *also}
    for _ in range(2):
        refused = server.post("/v1/students", STUDENT)
        assert refused.status == 503
        assert refused.json["code"] in codes
        assert server.get("/readyz").json["code"] in codes
    if not also:
        assert server.log.read_text().count("ERROR database_moved: ") == 1


def lose(file: Path, how: str) -> None:
    if how == "moved":
        file.rename(file.with_name("elsewhere"))
    elif how == "replaced":
        other = file.with_name("other")
        # This process has the database not open, so to read its files frees no locks.
        shutil.copy(file, other)
        other.replace(file)
    else:
        file.unlink()


@pytest.mark.parametrize("how", ["moved", "replaced", "removed"])
@pytest.mark.parametrize("suffixes", [[""], ["-wal"], ["-shm"], ["-wal", "-shm"]], ids=" ".join)
def test_a_file_that_is_no_longer_at_its_path_is_not_written_to(
    server: Server, database_file: Path, suffixes: list[str], how: str
):
    for suffix in suffixes:
        lose(Path(f"{database_file}{suffix}"), how)

    require_refusals(server)
    # No file was brought in before, so the process that does that would find what is there now.
    for query in ("", "?dry_run=true"):
        assert server.import_(LIST, query).json["code"] == "database_moved"
    assert students(server) == SEEN


def test_an_import_that_was_refused_is_not_brought_in_by_the_next_request(
    server: Server, database_file: Path
):
    assert server.import_(LIST, "?dry_run=true").status == 201
    log = Path(f"{database_file}-wal")
    log.rename(log.with_name("elsewhere"))
    assert server.import_(LIST).json["code"] == "database_moved"

    log.with_name("elsewhere").rename(log)

    assert server.import_(LIST, "?dry_run=true").status == 201
    assert students(server) == SEEN
    assert server.import_(LIST).status == 201
    assert students(server) == SEEN + 1


@pytest.mark.parametrize("request_", ["write", "readyz"])
@pytest.mark.parametrize("suffixes", [["-wal"], ["-shm"], ["-wal", "-shm"]], ids="".join)
def test_what_a_removed_log_holds_outlives_a_crash_once_that_is_noticed(
    server: Server, database_file: Path, suffixes: list[str], request_: str
):
    for suffix in suffixes:
        Path(f"{database_file}{suffix}").unlink()
    if request_ == "write":
        assert server.post("/v1/students", STUDENT).status == 503
    else:
        assert server.get("/readyz").status == 503
    server.kill()

    with serving(database_file) as again:
        assert students(again) == SEEN
        assert again.post("/v1/students", STUDENT).status == 201


def empty(file: Path) -> None:
    with file.open("wb"):
        pass


def overwrite(file: Path) -> None:
    size = file.stat().st_size
    with file.open("r+b") as opened:
        opened.write(bytes(size))


@pytest.mark.parametrize("spoil", [empty, overwrite])
def test_a_log_that_is_emptied_or_overwritten_is_not_written_to(
    server: Server, database_file: Path, spoil: Callable[[Path], None]
):
    spoil(Path(f"{database_file}-wal"))

    require_refusals(server)
    assert server.import_(LIST).json["code"] == "database_moved"


@pytest.fixture
def others(database_file: Path, tmp_path: Path) -> dict[str, Path]:
    """Databases that someone may copy over the one that is served."""
    backup = tmp_path / "backup"
    back_up(database_file, backup)
    older = Path(shutil.copy(database_file, tmp_path / "older"))
    college = Path(shutil.copy(database_file, tmp_path / "college"))
    with closing(sqlite3.connect(college)) as db:
        for number in range(200):
            with db:
                db.execute("INSERT INTO course (code, title) VALUES (?, 'Art')", (f"A{number}",))
    empty = tmp_path / "empty"
    empty.touch()
    text = tmp_path / "text"
    text.write_text("no database\n" * 20_000)
    return {file.name: file for file in (backup, older, college, empty, text)}


# If another program has emptied the log just before, a copy that is older can't be told from it.
@pytest.mark.parametrize(
    ("name", "log"),
    [
        (name, log)
        for name in ("backup", "older", "college", "empty", "text")
        for log in ("full", "brought in", "emptied")
        if (name, log) != ("older", "emptied")
    ],
)
def test_a_database_that_is_overwritten_is_not_written_to(
    others: dict[str, Path], server: Server, database_file: Path, name: str, log: str
):
    if log != "full":
        mode = "PASSIVE" if log == "brought in" else "TRUNCATE"
        with closing(sqlite3.connect(database_file)) as db:
            assert db.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()[0] == 0
    if name == "older" and log == "full":
        # Nothing was brought into the database, so it is still the same, and nothing is lost.
        shutil.copyfile(others[name], database_file)
        assert server.post("/v1/students", STUDENT).status == 201
        return

    shutil.copyfile(others[name], database_file)

    # A request reads before it writes, and then may find what it can't read.
    also = ["database_damaged"] if name not in ("backup", "older") else []
    require_refusals(server, *also)
    assert server.import_(LIST).json["code"] in ("database_moved", *also)


def by_hand(file: Path, *statements: str) -> None:
    with closing(sqlite3.connect(file, isolation_level=None, timeout=5)) as db:
        for statement in statements:
            db.execute(statement).fetchall()


ART = "INSERT INTO course (code, title) VALUES (hex(randomblob(8)), 'Art')"


@pytest.mark.parametrize(
    "statements",
    [
        [ART],
        ["PRAGMA wal_checkpoint(PASSIVE)"],
        ["PRAGMA wal_checkpoint(RESTART)"],
        ["PRAGMA wal_checkpoint(TRUNCATE)"],
        ["PRAGMA wal_checkpoint(TRUNCATE)", ART],
        ["PRAGMA journal_size_limit = 0", "PRAGMA wal_checkpoint(PASSIVE)", ART],
        ["PRAGMA wal_autocheckpoint = 1", ART, ART, ART],
        ["VACUUM"],
        ["VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"],
        ["CREATE TABLE more (x)", "DROP TABLE more", "PRAGMA wal_checkpoint(TRUNCATE)"],
        ["PRAGMA user_version = 7", "PRAGMA application_id = 7", "PRAGMA wal_checkpoint(TRUNCATE)"],
    ],
    ids=", ".join,
)
def test_what_others_do_with_sqlite_is_not_refused(
    server: Server, database_file: Path, statements: list[str]
):
    for round_ in range(3):
        by_hand(database_file, *statements)
        assert server.get("/readyz").status == 200
        by_hand(database_file, *statements)
        assert server.post("/v1/students", STUDENT).status == 201
        assert students(server) == SEEN + round_ + 1
    server.kill()
    with serving(database_file) as again:
        assert students(again) == SEEN + 3


def test_a_program_that_dies_while_it_writes_is_not_taken_for_one_that_overwrites(
    server: Server, database_file: Path
):
    dies = (
        "import os, sqlite3, sys\n"
        "db = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "db.execute('PRAGMA cache_size = 1')\n"
        "db.execute('BEGIN IMMEDIATE')\n"
        "for _ in range(2000):\n"
        f"    db.execute({ART!r})\n"
        "os._exit(0)\n"
    )
    subprocess.run([sys.executable, "-c", dies, database_file], check=True)

    assert server.get("/readyz").status == 200
    assert server.post("/v1/students", STUDENT).status == 201


def test_a_file_whose_times_alone_are_changed_is_written_to(server: Server, database_file: Path):
    for suffix in ("", "-wal", "-shm"):
        Path(f"{database_file}{suffix}").touch()

    assert server.post("/v1/students", STUDENT).status == 201
    assert server.get("/readyz").status == 200


def test_what_is_restored_through_sqlite_is_written_to(
    others: dict[str, Path], server: Server, database_file: Path
):
    with (
        closing(sqlite3.connect(others["college"])) as college,
        closing(sqlite3.connect(database_file)) as db,
    ):
        college.backup(db)
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    assert server.post("/v1/students", STUDENT).status == 201
    assert students(server) == 1


needs_proc = pytest.mark.skipif(
    not Path("/proc/self/fd").is_dir(), reason="this system has no /proc"
)


@needs_proc
@pytest.mark.parametrize("how", ["moved", "removed"])
@pytest.mark.parametrize("suffixes", [["-wal"], ["-shm"], ["-wal", "-shm"]], ids="".join)
def test_no_backup_is_made_of_a_database_without_its_log(
    server: Server,
    database_file: Path,
    tmp_path: Path,
    capsys: Captured,
    suffixes: list[str],
    how: str,
):
    for suffix in suffixes:
        lose(Path(f"{database_file}{suffix}"), how)
    target = tmp_path / "monday"

    assert main(["backup", str(target), "--database", str(database_file)]) == 1

    told = capsys.readouterr()
    names = " and ".join(f"enrollment.db{suffix}" for suffix in suffixes)
    verb = "has" if len(suffixes) == 1 else "have"
    reason = f"is in use by process {server.process.pid}, whose {names} {verb} been moved"
    assert reason in told.err
    assert told.out == ""
    assert not list(tmp_path.glob("*monday*"))
    assert main(["doctor", "--database", str(database_file)]) == 1
    assert f"{reason}, replaced or removed" in capsys.readouterr().out
    assert server.stop() == 0
    assert main(["backup", str(target), "--database", str(database_file)]) == 0
    assert f": {SEEN} students" in capsys.readouterr().out


COMMANDS = {
    "token create": ["token", "create", "--name", "Ada", "--role", "admin"],
    "token students": ["token", "students", "cards.csv"],
    "token list": ["token", "list"],
    "import": ["import", "list.csv"],
    "imports": ["imports"],
    "export": ["export", "x.zip"],
    "school": ["school", "Lakeside"],
    "migrate": ["migrate"],
    "migrate status": ["migrate", "status"],
    "backup": ["backup", "x.backup"],
    "doctor": ["doctor"],
}


@needs_proc
@pytest.mark.parametrize("lost", ["log", "file", "all"])
def test_no_command_uses_what_is_in_the_place_of_a_database_that_is_served(
    server: Server,
    database_file: Path,
    tmp_path: Path,
    capsys: Captured,
    monkeypatch: pytest.MonkeyPatch,
    lost: str,
):
    """If one opened it, it could write there in vain, or bring the log of the service into it."""
    monkeypatch.chdir(tmp_path)
    Path("list.csv").write_bytes(LIST)
    other = tmp_path / "other.db"
    back_up(database_file, other)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    suffixes = {"log": ["-wal", "-shm"], "file": [""], "all": ["", "-wal", "-shm"]}[lost]
    for suffix in suffixes:
        file = Path(f"{database_file}{suffix}")
        file.rename(elsewhere / file.name)
    if lost != "log":
        shutil.copy(other, database_file)

    for name, arguments in COMMANDS.items():
        assert main([*arguments, "--database", str(database_file)]) == 1, name
        told = capsys.readouterr()
        assert "been moved, replaced or removed" in told.err + told.out, name

    # Once they are back, nothing is missing.
    for suffix in suffixes:
        file = Path(f"{database_file}{suffix}")
        (elsewhere / file.name).rename(file)
    assert server.post("/v1/students", STUDENT).status == 201
    server.kill()
    with serving(database_file) as again:
        assert students(again) == SEEN + 1
