"""The command `enrollment copy`: what it refuses, and that it leaves nothing then."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from enrollment.cli.main import main
from enrollment.maintenance.migrations import migrate
from enrollment.model.location import Location
from tests.support.client import Client
from tests.support.command import Captured
from tests.support.engine import connected

UNREACHABLE = "postgresql://127.0.0.1:1/school"


def copy(source: Location | str, target: Location | str) -> int:
    return main(["copy", "--from", str(source), "--to", str(target)])


def names() -> set[str]:
    """The files in the folder, without those beside a database that keep locks and logs."""
    return {path.name for path in Path().iterdir() if path.suffix in ("", ".db")}


@pytest.fixture
def files(here: Path) -> None:
    """What could be mistaken for a school."""
    migrate(Path("older.db"), to="0001")
    Path("empty.db").touch()
    Path("text.db").write_text("no database\n" * 100)
    with closing(sqlite3.connect("other.db")) as db:
        db.execute("CREATE TABLE thing (id INTEGER)")
    Path("folder").mkdir()


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("missing.db", "missing.db does not exist"),
        ("empty.db", "empty.db is not a database of this service"),
        ("text.db", "text.db is left as it was: file is not a database"),
        ("other.db", "other.db is left as it was: the database is that of another program"),
        ("folder", "folder is a folder, not a database"),
        ("older.db", "older.db has pending migrations: 0002."),
        (UNREACHABLE, f"{UNREACHABLE} is left as it was: connection failed: "),
    ],
)
def test_what_is_no_school_is_not_copied(source: str, message: str, capsys: Captured):
    before = {*Path().iterdir()}

    assert copy(source, "new.db") == 1

    assert capsys.readouterr().err.startswith(f"enrollment: {message}")
    assert {path for path in {*Path().iterdir()} - before if source not in path.name} == set()


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("text.db", "text.db is left as it was: file is not a database"),
        ("other.db", "other.db is left as it was: the database is that of another program"),
        ("folder", "folder is a folder, not a database"),
        ("older.db", "older.db has pending migrations: 0002."),
        ("no/such/folder.db", "cannot write beside no/such/folder.db: No such file or directory"),
        (UNREACHABLE, f"{UNREACHABLE} is left as it was: connection failed: "),
    ],
)
def test_what_is_no_empty_database_is_not_filled(
    location: Location, target: str, message: str, capsys: Captured
):
    before = names()

    assert copy(location, target) == 1

    assert capsys.readouterr().err.startswith(f"enrollment: {message}")
    assert names() == before


def test_a_database_with_rows_is_not_filled(
    here: Path, location: Location, client: Client, capsys: Captured
):
    migrate(Path("one.db"))
    client.student()

    assert copy("one.db", location) == 1

    assert f"{location} is not empty: there are rows in the table " in capsys.readouterr().err
    with connected(location) as db:
        assert db.execute("SELECT count(*) FROM student").fetchone()[0] == 1


def test_a_database_is_not_copied_to_itself(location: Location, here: Path, capsys: Captured):
    assert copy(location, location) == 1
    migrate(Path("one.db"))
    assert copy("one.db", here / "one.db") == 1

    first, second = capsys.readouterr().err.splitlines()
    assert first == f"enrollment: --from and --to are the same database, {location}"
    assert second == f"enrollment: --from and --to are the same database, {here / 'one.db'}"


def test_a_copy_can_be_copied_back(
    here: Path, location: Location, client: Client, capsys: Captured
):
    client.enroll(client.student(), client.course())

    assert copy(location, "one.db") == 0
    assert copy("one.db", "two.db") == 0

    first, second = capsys.readouterr().out.splitlines()
    assert first.removeprefix("one.db") == second.removeprefix("two.db")
    assert "1 student, 0 terms, 1 course, 1 enrollment, 1 event" in first
