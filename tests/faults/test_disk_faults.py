"""A disk that is full, a file that is read-only, damaged, or of a newer release."""

import errno
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from enrollment.cli.main import main
from enrollment.maintenance.backup import back_up
from enrollment.maintenance.snapshot import digest, digest_file
from tests.faults.inject import ALL, SYNC, WRITE, Fault, Plan
from tests.support.command import Captured, run_command
from tests.support.server import PATIENCE, Reply, Server, free_port, serving

pytestmark = pytest.mark.slow

STUDENT = {"given_name": "x" * 100, "family_name": "y" * 100}
# Commands that need to write.
WRITES = (
    ["token", "create", "--name", "Ada", "--role", "admin"],
    ["demo"],
    ["migrate", "rollback", "--yes", "--to", "0001"],
)


def create_until_refused(server: Server) -> tuple[int, Reply]:
    """How many students could be created, and the refusal."""
    for created in range(2000):
        reply = server.post("/v1/students", STUDENT)
        if reply.status != 201:
            return created, reply
    pytest.fail("nothing was refused")


def names(server: Server) -> int:
    return len(server.get("/v1/students?limit=1000").json["items"])


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder]
    if not shutil.which("mount") or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("to mount a small disk is not allowed here")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def fill(folder: Path, free: int = 0) -> Path:
    """Fill a disk but for so many bytes, and return the file that takes its room."""
    filler = folder / "filler"
    with filler.open("wb") as opened:
        os.posix_fallocate(opened.fileno(), 0, shutil.disk_usage(folder).free - free)
    return filler


def test_a_disk_that_is_full_refuses_until_there_is_room(small_disk: Path, database_file: Path):
    file = small_disk / "enrollment.db"
    shutil.copy(database_file, file)
    with serving(file) as server:
        filler = fill(small_disk, 400_000)
        created, reply = create_until_refused(server)
        assert (reply.status, reply.json["code"]) == (507, "disk_full")
        assert names(server) == created > 0
        assert server.get("/readyz").json["code"] == "disk_full"
        server.post("/v1/students", STUDENT)
        assert server.log.read_text().count("ERROR disk_full: database or disk is full: ") == 1

        filler.unlink()
        assert server.get("/readyz").status == 200
        assert server.post("/v1/students", STUDENT).status == 201
        server.kill()

    with serving(file) as server:
        assert names(server) == created + 1


def test_data_can_be_saved_from_a_disk_that_is_full(
    small_disk: Path, database_file: Path, tmp_path: Path
):
    file = small_disk / "enrollment.db"
    with closing(sqlite3.connect(database_file)) as db, db:
        db.execute("INSERT INTO course (code, title) VALUES ('CS101', 'Databases')")
    shutil.copy(database_file, file)
    filler = fill(small_disk)

    for verb in WRITES:
        ended = run_command(*verb, "--database", file)
        assert (ended.returncode, ended.stderr.endswith(": its disk is full\n")) == (1, True), ended
    for verb in (["migrate", "status"], ["token", "list"], ["export", "x.zip"], ["backup", "x"]):
        ended = run_command(*verb, "--database", file, cwd=tmp_path)
        assert (ended.returncode, ended.stderr) == (0, "")
    assert " 1 course," in ended.stdout

    filler.unlink()
    with serving(file, folder=tmp_path) as server:
        assert len(server.get("/v1/courses").json["items"]) == 1


@pytest.mark.parametrize("free", [0, 200_000])
def test_a_database_for_which_there_is_no_room_is_not_begun(
    small_disk: Path, database_file: Path, free: int
):
    fill(small_disk, free)
    file = small_disk / "new.db"
    before = {*small_disk.iterdir(), small_disk / "new.db.lock"}

    for verb in (
        *(["migrate"], ["demo"], ["serve", "--port", free_port()]),
        ["copy", "--from", database_file, "--to", file],
    ):
        where = [] if "--to" in verb else ["--database", file]
        ended = run_command(*verb, *where)
        assert ended.returncode == 1
        assert ended.stderr == f"enrollment: {file} is left as it was: its disk is full\n"
        # The file of a lock stays: another process may have it open.
        assert {*small_disk.iterdir()} == before


def test_temporary_files_that_find_no_room_are_not_blamed_on_the_database(
    small_disk: Path, database_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    fill(small_disk)
    rows = "".join(f"{number},Ada,Lovelace {number}\n" for number in range(40_000))
    people = tmp_path / "people.csv"
    people.write_text(f"Number,Given name,Family name\n{rows}")
    monkeypatch.setenv("TMPDIR", str(small_disk))
    reason = f"The folder of temporary files, {small_disk}, is full (TMPDIR names another)."

    with serving(database_file) as server:
        reply = server.import_(people.read_bytes())
        assert (reply.status, reply.json["code"]) == (507, "disk_full")
        assert reply.json["detail"] == reason
        assert "Traceback" not in server.log.read_text()
    for command in ("check", "import"):
        ended = run_command(command, people, cwd=tmp_path)
        assert (ended.returncode, ended.stderr) == (1, f"enrollment: {people}: {reason}\n")


def test_a_quota_that_is_used_up_refuses_until_it_is_raised(database_file: Path):
    with serving(database_file) as server:
        process, size = server.process.pid, database_file.stat().st_size
        _, most = resource.prlimit(process, resource.RLIMIT_FSIZE)
        resource.prlimit(process, resource.RLIMIT_FSIZE, (size, most))
        created, reply = create_until_refused(server)
        assert (reply.status, reply.json["code"]) == (503, "disk_failed")
        assert names(server) == created > 0
        # Each look at readiness takes a page of what is left, and a student takes more.
        for _ in range(50):
            reply = server.get("/readyz")
            if reply.status == 503:
                break
            assert server.post("/v1/students", STUDENT).status == 503
        assert (reply.status, reply.json["code"]) == (503, "disk_failed")
        assert server.get("/readyz").status == 503

        resource.prlimit(process, resource.RLIMIT_FSIZE, (most, most))
        assert server.get("/readyz").status == 200
        assert server.post("/v1/students", STUDENT).status == 201
        assert names(server) == created + 1


def test_a_log_that_cannot_be_written_stops_no_one(database_file: Path, preloaded: Plan):
    with serving(database_file) as server:
        preloaded.strike(Fault(WRITE, errno.ENOSPC, lasting=True), 1, "*/log-*")

        replies = [server.post("/v1/students", STUDENT).status for _ in range(5)]

        assert preloaded.mend() > 0
        assert replies == [201] * 5
        assert server.stop() == 0


FAILING = [
    Fault(SYNC, errno.EIO, lasting=True),
    Fault(SYNC, errno.EIO, ALL, lasting=True),
    Fault(WRITE, errno.EIO, lasting=True),
    Fault(WRITE, errno.EDQUOT, lasting=True),
    Fault(WRITE, errno.ENOSPC, lasting=True),
]


@pytest.mark.parametrize("fault", FAILING, ids=str)
@pytest.mark.parametrize("mended_by", ["readyz", "write"])
def test_a_service_whose_writes_fail_is_not_ready_until_one_succeeds(
    database_file: Path, preloaded: Plan, fault: Fault, mended_by: str
):
    with serving(database_file) as server:
        # That the token is used is noted after the first request, and before the second is done.
        assert server.post("/v1/students", STUDENT).status == 201
        assert server.post("/v1/students?dry_run=true", STUDENT).status == 201
        preloaded.strike(fault, 1, "*/enrollment.db*")

        # Nothing has been written since, so nothing is known of it.
        assert server.get("/readyz").status == 200
        refused = server.post("/v1/students", STUDENT)
        assert refused.json["code"] in ("disk_failed", "disk_full")
        for _ in range(3):
            unready = server.get("/readyz")
            assert (unready.status, unready.json["code"]) == (refused.status, refused.json["code"])
            assert server.get("/livez").status == 200
            # Neither a dry run nor a refusal shows that the disk is well.
            assert server.post("/v1/students?dry_run=true", STUDENT).status == 201
            assert server.post("/v1/students", {}).status == 422

        preloaded.mend()
        if mended_by == "write":
            assert server.post("/v1/students", STUDENT).status == 201
        assert server.get("/readyz").status == 200
        assert server.get("/readyz").status == 200
        before = names(server)
        server.kill()

    with serving(database_file) as server:
        assert names(server) == before


def test_a_disk_that_becomes_read_only_can_be_read(database_file: Path, preloaded: Plan):
    with serving(database_file) as server:
        assert server.post("/v1/students", STUDENT).status == 201
        preloaded.strike(Fault(WRITE, errno.EROFS, lasting=True), 1, "*/enrollment.db*")

        assert server.post("/v1/students", STUDENT).json["code"] == "disk_failed"
        assert names(server) == 1

        preloaded.mend()
        assert server.post("/v1/students", STUDENT).status == 201


@pytest.fixture
def ordinary() -> list[str]:
    """What a command runs under so that the modes of files bind it: they don't bind root."""
    if os.geteuid():
        return []
    if not shutil.which("setpriv"):
        pytest.skip("the modes of files do not bind root, and there is no setpriv")
    privileges = "-dac_override,-dac_read_search"
    return ["setpriv", f"--bounding-set={privileges}", f"--inh-caps={privileges}"]


@contextmanager
def placed(database: Path, file_mode: int, folder_mode: int) -> Iterator[Path]:
    """A copy of a database in a folder of its own, with these modes during the `with`."""
    folder = database.with_name("here")
    folder.mkdir()
    file = shutil.copy(database, folder / "enrollment.db")
    file.chmod(file_mode)
    folder.chmod(folder_mode)
    yield file
    folder.chmod(0o700)


@pytest.mark.parametrize(
    ("file_mode", "folder_mode", "findings"),
    [
        (0o400, 0o700, ["may not read and write {file}"]),
        (0o000, 0o700, ["may not read and write {file}", "{file} may not be read"]),
        (0o600, 0o500, ["may not write in {folder}"]),
    ],
    ids=["file is read-only", "file can't be read", "folder is read-only"],
)
def test_the_doctor_finds_that_the_file_or_its_folder_may_not_be_written_to(
    database_file: Path,
    ordinary: list[str],
    file_mode: int,
    folder_mode: int,
    findings: list[str],
):
    with placed(database_file, file_mode, folder_mode) as file:
        ended = run_command("doctor", "--database", file, under=ordinary)

    wrong = [line for line in ended.stdout.splitlines() if line.startswith("wrong ")]
    assert len(wrong) == len(findings), ended
    for line, finding in zip(wrong, findings, strict=True):
        assert finding.format(file=file, folder=file.parent) in line
    assert ended.returncode == 1
    assert ended.stderr.endswith(" checks failed\n")


@pytest.mark.parametrize(
    ("file_mode", "folder_mode", "at_fault"),
    [
        (0o400, 0o700, ""),
        (0o600, 0o500, ", since this user may not write to {folder}"),
        (0o400, 0o500, ""),
    ],
    ids=["file is read-only", "folder is read-only", "both are"],
)
def test_a_write_that_is_refused_leaves_no_file_that_its_owner_cannot_write_to(
    database_file: Path, ordinary: list[str], file_mode: int, folder_mode: int, at_fault: str
):
    with placed(database_file, file_mode, 0o700) as file:
        file.with_name("enrollment.db.lock").touch()
        before = set(file.parent.iterdir())
        file.parent.chmod(folder_mode)
        for arguments in WRITES:
            ended = run_command(*arguments, "--database", file, under=ordinary)
            assert ended.returncode == 1
            reason = f"{file} can be read, but not written to"
            assert reason + at_fault.format(folder=file.parent) + "\n" in ended.stderr

        assert set(file.parent.iterdir()) == before


@pytest.mark.parametrize("folder_mode", [0o700, 0o500])
def test_a_database_that_can_only_be_read_is_exported_and_nothing_is_left_beside_it(
    database_file: Path, tmp_path: Path, ordinary: list[str], folder_mode: int
):
    commands = (
        *(["export", "x.zip"], ["school"], ["imports"], ["token", "list"]),
        ["backup", "x.backup"],
    )
    with placed(database_file, 0o400, folder_mode) as file:
        for arguments in commands:
            ended = run_command(*arguments, "--database", file, under=ordinary, cwd=tmp_path)
            assert (ended.returncode, ended.stderr) == (0, "")

    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize(
    ("name", "mode", "refusal", "finding"),
    [
        ("-shm", 0o400, "since this user may not write to {file}", "may not write to {file}"),
        (".lock", 0o000, "cannot lock {file}: Permission denied", "may not read {file}"),
    ],
)
def test_a_file_beside_the_database_that_is_in_the_way_is_named(
    database_file: Path, ordinary: list[str], name: str, mode: int, refusal: str, finding: str
):
    # A program that may only read leaves a log and an index.
    with closing(sqlite3.connect(f"{database_file.as_uri()}?mode=ro", uri=True)) as db:
        db.execute("SELECT id FROM student").fetchall()
    beside = database_file.with_name(database_file.name + name)
    beside.touch()
    beside.chmod(mode)
    serve = ["serve", "--port", str(free_port())]

    said = [
        run_command(*command, "--database", database_file, under=ordinary)
        for command in (serve, ["doctor"])
    ]

    assert [ended.returncode for ended in said] == [1, 1]
    assert refusal.format(file=beside) in said[0].stderr
    assert f"wrong this user {finding.format(file=beside)}" in said[1].stdout


@pytest.mark.parametrize(
    ("file_mode", "folder_mode", "reason"),
    [
        (0o400, 0o700, "can be read, but not written to"),
        (0o600, 0o500, "cannot write beside"),
        (0o000, 0o700, "may not be read"),
    ],
    ids=["file is read-only", "folder is read-only", "file can't be read"],
)
def test_what_may_not_be_read_or_written_beside_is_not_served(
    database_file: Path, ordinary: list[str], file_mode: int, folder_mode: int, reason: str
):
    with placed(database_file, file_mode, folder_mode) as file:
        ended = run_command("serve", "--database", file, "--port", free_port(), under=ordinary)

    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert line.startswith("enrollment: ")
    assert reason in line
    assert str(file) in line


def test_a_file_that_is_refused_is_not_left_open(database_file: Path, ordinary: list[str]):
    database_file.chmod(0o400)
    code = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from enrollment.problems.errors import CommandError\n"
        "from enrollment.storage.engine import open_database\n"
        "file = Path(sys.argv[1])\n"
        "try:\n"
        "    open_database(file, 1)\n"
        "except CommandError as error:\n"
        "    held = [os.path.realpath(handle) for handle in Path('/proc/self/fd').iterdir()]\n"
        "    print(sum(name.startswith(str(file)) for name in held), error)\n"
    )

    ended = subprocess.run(
        [*ordinary, sys.executable, "-c", code, str(database_file)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )

    assert ended.stdout == f"0 {database_file} can be read, but not written to\n", ended


def test_a_database_of_a_newer_release_is_refused_by_each_command(
    database_file: Path, tmp_path: Path, capsys: Captured
):
    older = tmp_path / "older"
    back_up(database_file, older)
    with closing(sqlite3.connect(database_file)) as db, db:
        db.execute(
            "INSERT INTO _yoyo_migration (migration_hash, migration_id)"
            " VALUES ('x', '9999.build-a-campus')"
        )
    newer = shutil.copy(database_file, tmp_path / "newer")
    digest_file(Path(newer)).write_text(f"{digest(Path(newer))}  newer\n")
    before = database_file.read_bytes()

    for command in (
        ["serve", "--port", free_port()],
        ["serve", "--port", free_port(), "--migrate"],
        ["migrate"],
        ["migrate", "status"],
        ["migrate", "rollback", "--to", "0000", "--yes"],
        ["backup", tmp_path / "copy"],
        ["backup", "verify", newer],
        ["restore", newer],
        ["doctor"],
        ["demo"],
        ["token", "list"],
        ["token", "create", "--name", "Ada", "--role", "admin"],
    ):
        arguments = [*map(str, command), "--database", str(database_file)]
        code = main(arguments)

        told = capsys.readouterr()
        assert (code, told.err.count("\n")) == (1, 1)
        reason = "a newer release of enrollment (9999.build-a-campus)"
        (line,) = [line for line in "".join(told).splitlines() if reason in line]
        named = newer if newer in command else database_file
        assert str(named) in line
    assert database_file.read_bytes() == before
    assert not (tmp_path / "copy").exists()


def test_a_page_that_is_damaged_while_it_is_served_is_told_and_found(
    database_file: Path, capsys: Captured
):
    with closing(sqlite3.connect(database_file, isolation_level=None)) as db:
        db.execute(
            "INSERT INTO term (code, title, start_on, end_on)"
            " VALUES ('FALL', 'Fall', '2026-08-31', '2026-12-18')"
        )
        (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'term'").fetchone()
        (size,) = db.execute("PRAGMA page_size").fetchone()
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with serving(database_file) as server:
        assert server.post("/v1/students", STUDENT).status == 201
        with database_file.open("r+b") as opened:
            opened.seek((page - 1) * size)
            opened.write(b"\xff" * size)

        reply = server.get("/v1/terms")

        assert (reply.status, reply.json["code"]) == (503, "database_damaged")
        assert server.get("/v1/terms").status == 503
        log = server.log.read_text()
        assert log.count("ERROR database_damaged: database disk image is malformed: ") == 1
        assert "Traceback" not in log
        assert server.get("/v1/students").status == 200
        server.kill()

    assert main(["doctor", "--database", str(database_file)]) == 1
    told = capsys.readouterr()
    assert "the schema is the newest" in told.out
    assert "can't be read: database disk image is malformed" in told.out
