"""The commands on a PostgreSQL server, where they do not do the same as on a file."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from enrollment.app import make_app
from enrollment.cli.main import main
from enrollment.config import Config
from enrollment.model.location import Location, ServerUrl
from tests.support.client import Client
from tests.support.command import Captured
from tests.support.engine import connected, table_names
from tests.support.postgresql import PostgreSQL
from tests.support.server import free_port

MIGRATIONS = ("0027.begin-on-postgresql", "0028.add-merges", "0029.keep-gone-ids")


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
    said = [f"{verb}  {id}" for verb in ("would apply", "pending", "applied") for id in MIGRATIONS]
    assert capsys.readouterr().out.splitlines() == [*said, f"{url} has no pending migrations"]
    assert run("token", "create", "--name", "Ada", "--role", "admin") == 0

    assert run("migrate", "rollback", "--to", "0000", "--yes") == 0

    rolled_back = [f"rolled back  {id}" for id in reversed(MIGRATIONS)]
    assert capsys.readouterr().out.splitlines()[-len(rolled_back) :] == rolled_back
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


@pytest.fixture
def as_clerk(postgresql: PostgreSQL, location: Location) -> Iterator[Callable[[str], ServerUrl]]:
    """What runs statements on the database of the test, and returns its URL for the role clerk,
    who may do nothing there until a statement changes that."""

    def alter(statements: str) -> ServerUrl:
        with psycopg.connect(str(location), autocommit=True) as db:
            db.execute("DROP OWNED BY clerk; ALTER ROLE clerk RESET ALL;" + statements)
        return ServerUrl(str(location).replace("school@", "clerk@"))

    with psycopg.connect(str(location), autocommit=True) as db:
        db.execute("CREATE ROLE clerk LOGIN")
        yield alter
        db.execute("DROP OWNED BY clerk; DROP ROLE clerk")


MAY_READ = "GRANT pg_read_all_data TO clerk;"
MAY_WRITE = "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO clerk;"
CREATE_TOKEN = ("token", "create", "--name", "Ada", "--role", "admin")


def test_a_role_that_lacks_a_right_is_named_with_what_to_do(
    as_clerk: Callable[[str], ServerUrl], capsys: Captured, subtests: pytest.Subtests
):
    serve = ("serve", "--port", str(free_port()))
    cases = {
        "": [("migrate",), serve, ("token", "list"), ("doctor",)],
        MAY_READ: [serve, CREATE_TOKEN, ("doctor",)],
        "ALTER ROLE clerk SET search_path = nowhere;": [
            ("migrate",), serve, ("token", "list"), ("doctor",),
        ],
    }  # fmt: skip
    for statements, commands in cases.items():
        url = as_clerk(statements)
        for command in commands:
            with subtests.test(statements=statements, command=command):
                assert main([*command, "--database", str(url)]) == 1
                out, err = capsys.readouterr()
                assert len(err.splitlines()) == 1
                said = out + err
                assert "own the database and its tables" in said or "RESET search_path" in said
                assert "migrations are pending" not in said


@pytest.mark.usefixtures("run")
def test_a_role_that_may_not_create_tables_is_named_with_what_to_do(
    as_clerk: Callable[[str], ServerUrl], postgresql: PostgreSQL, capsys: Captured
):
    as_clerk("")
    url = postgresql.url("commands").replace("school@", "clerk@")

    for command in (["migrate"], ["serve", "--port", str(free_port())]):
        assert main([*command, "--database", url]) == 1

        (reason,) = capsys.readouterr().err.splitlines()
        assert "permission denied for schema public. Let the role" in reason


def test_settings_of_a_role_do_not_change_what_the_service_does(
    as_clerk: Callable[[str], ServerUrl], subtests: pytest.Subtests
):
    for setting in ("client_encoding = 'LATIN1'", "standard_conforming_strings = off",
                    "statement_timeout = 1"):  # fmt: skip
        with subtests.test(setting):
            url = as_clerk(f"{MAY_WRITE} ALTER ROLE clerk SET {setting};")
            app = make_app(Config(database=url))
            client = Client(app)
            student = client.student(given_name="Łukasz", family_name="O\\'Brien")
            client.enroll(student, client.course(code=setting.split()[0]))
            path = f"/v1/students/{student}"
            assert client.get(path).json["given_name"] == "Łukasz"
            app.database.close()


def test_a_doctor_warns_of_commits_that_a_crash_loses(
    as_clerk: Callable[[str], ServerUrl], capsys: Captured
):
    url = as_clerk(f"{MAY_READ} {MAY_WRITE} ALTER ROLE clerk SET synchronous_commit = off;")

    main(["doctor", "--database", str(url)])

    assert "warn  synchronous_commit is off: a crash" in capsys.readouterr().out


def test_a_database_with_another_encoding_is_not_migrated(postgresql: PostgreSQL, capsys: Captured):
    with psycopg.connect(postgresql.url(), autocommit=True) as db:
        db.execute("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")

    assert main(["migrate", "--database", postgresql.url("latin")]) == 1

    (reason,) = capsys.readouterr().err.splitlines()
    assert "encoding LATIN1" in reason
    assert "CREATE DATABASE latin" in reason
    postgresql.drop_database("latin")
