"""The commands on a PostgreSQL server, where they do not do the same as on a file."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from enrollment.cli.main import main
from enrollment.model.location import Location, ServerUrl
from tests.support.client import Client
from tests.support.engine import connected, table_names
from tests.support.postgresql import PostgreSQL

Captured = pytest.CaptureFixture[str]
FIRST = "0027.begin-on-postgresql"


@pytest.fixture
def run(
    postgresql: PostgreSQL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., int]]:
    """What runs a command in an empty folder, on an empty database."""
    monkeypatch.chdir(tmp_path)
    url = postgresql.create_database("commands")
    yield lambda *arguments: main([*arguments, "--database", str(url)])
    postgresql.drop_database("commands")


def test_a_database_is_migrated_and_rolled_back(
    run: Callable[..., int], postgresql: PostgreSQL, capsys: Captured
):
    assert run("migrate", "--dry-run") == 0
    assert run("migrate", "status") == 0
    assert run("migrate") == 0
    assert run("migrate") == 0
    url = postgresql.url("commands")
    assert capsys.readouterr().out == (
        f"would apply  {FIRST}\npending  {FIRST}\napplied  {FIRST}\n"
        f"{url} has no pending migrations\n"
    )
    assert run("token", "create", "--name", "Ada", "--role", "admin") == 0

    assert run("migrate", "rollback", "--to", "0000", "--yes") == 0

    assert capsys.readouterr().out.endswith(f"rolled back  {FIRST}\n")
    with connected(ServerUrl(url)) as db:
        assert [name for name in table_names(db) if "yoyo" not in name] == []
    (backup,) = Path().glob("commands.before-rollback-to-0000.*.backup")
    with connected(backup) as db:
        assert db.execute("SELECT name FROM token").fetchone()[0] == "Ada"


def test_a_backup_of_a_server_fills_an_empty_one_and_no_other(
    run: Callable[..., int], location: Location, client: Client, capsys: Captured
):
    student = client.student()
    client.enroll(student, client.course())
    assert main(["backup", "monday", "--database", str(location)]) == 0
    assert main(["backup", "verify", "monday"]) == 0

    assert main(["restore", "monday", "--database", str(location)]) == 1
    assert f"{location} is not empty" in capsys.readouterr().err
    assert run("restore", "monday") == 0

    assert run("token", "list", "--json") == 0
    restored = capsys.readouterr().out.splitlines()[-1]
    assert main(["token", "list", "--json", "--database", str(location)]) == 0
    assert json.loads(restored) == json.loads(capsys.readouterr().out) != []


@pytest.mark.usefixtures("run")
def test_a_password_is_not_shown(capsys: Captured, monkeypatch: pytest.MonkeyPatch):
    url = "postgresql://ada:secret@127.0.0.1:1/school?password=secret"
    monkeypatch.setenv("ENROLLMENT_DATABASE", url)

    assert main(["config", "show"]) == 0
    for arguments in (["doctor"], ["token", "list"], ["migrate"], ["backup", "x"], ["demo"]):
        assert main(arguments) == 1

    captured = capsys.readouterr()
    assert "postgresql://ada@127.0.0.1:1/school" in captured.out
    assert "Connection refused" in captured.err
    assert "secret" not in captured.out + captured.err
