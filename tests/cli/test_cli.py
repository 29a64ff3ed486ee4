"""The command line: what it prints, where, and how it ends."""

import io
import json
import os
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from enrollment.__main__ import run
from enrollment.cli.main import MODULES, main, parser_of
from enrollment.config import Config
from enrollment.maintenance import migrations
from enrollment.storage.lock import Purpose, lock_file
from tests.support.command import Captured, run_command
from tests.support.server import PATIENCE, free_port, serving

FIRST, *REST = ALL = [id for id, _ in migrations.status(Path("no such file"))]


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Commands run in an empty directory, with no settings in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in ("DATABASE", "HOST", "PORT", "BUSY_TIMEOUT", "LOG_FORMAT"):
        monkeypatch.delenv(f"ENROLLMENT_{name}", raising=False)
    return tmp_path


def test_a_verb_is_the_same_with_and_without_the_others(capsys: Captured):
    for verb in MODULES:
        helps = []
        for parser in (parser_of(verb), parser_of()):
            with pytest.raises(SystemExit):
                parser.parse_args([verb, "--help"])
            helps.append(capsys.readouterr().out)
        assert helps[0] == helps[1]
        assert helps[0].startswith(f"usage: enrollment {verb} ")


def test_migrate_says_what_it_applied(capsys: Captured):
    assert main(["migrate"]) == 0
    assert capsys.readouterr() == ("".join(f"applied  {id}\n" for id in ALL), "")

    assert main(["migrate"]) == 0
    assert capsys.readouterr().out == "enrollment.db has no pending migrations\n"
    assert main(["migrate", "--to", "0001"]) == 0
    assert capsys.readouterr().out == "enrollment.db has no pending migrations up to 0001\n"


def test_migrate_goes_as_far_as_it_is_told_and_says_where_the_backup_is(
    directory: Path, capsys: Captured
):
    assert main(["migrate", "--to", "0001", "--database", "x.db"]) == 0
    assert capsys.readouterr().out == f"applied  {FIRST}\n"

    assert main(["migrate", "--dry-run", "--database", "x.db"]) == 0
    assert capsys.readouterr().out == "".join(f"would apply  {id}\n" for id in REST)
    assert main(["migrate", "status", "--database", "x.db"]) == 0
    pending = "".join(f"pending  {id}\n" for id in REST)
    assert capsys.readouterr().out == f"applied  {FIRST}\n{pending}"

    assert main(["migrate", "--database", "x.db"]) == 0
    backup, *applied = capsys.readouterr().out.splitlines()
    assert applied == [f"applied  {id}" for id in REST]
    assert (directory / backup.split()[1]).is_file()


def test_rollback_lists_what_it_undoes_and_asks_first(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
):
    main(["migrate"])
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    assert main(["migrate", "rollback", "--to", "0001"]) == 1
    out, err = capsys.readouterr()
    assert f"This rolls back {', '.join(reversed(REST))} in" in out
    assert err == "enrollment: nothing was changed: type yes, or use --yes\n"
    assert migrations.pending(Path("enrollment.db")) == []

    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert main(["migrate", "rollback", "--to", "0001"]) == 1
    assert "nothing was changed" in capsys.readouterr().err

    monkeypatch.setattr(sys, "stdin", io.StringIO("yes\n"))
    assert main(["migrate", "rollback", "--to", "0001"]) == 0
    assert capsys.readouterr().out.endswith(f"rolled back  {REST[0]}\n")

    assert main(["migrate", "rollback", "--to", "0001", "--yes"]) == 0
    assert capsys.readouterr().out == "enrollment.db has no migrations after 0001\n"


@pytest.mark.parametrize("answer", ["<&-", "</dev/null", "</dev/zero"])
def test_without_an_answer_nothing_is_rolled_back(answer: str):
    main(["migrate"])
    # The limit is for an answer that never ends.
    shell = ["sh", "-c", f'ulimit -v 1000000; exec "$@" {answer}', "sh"]

    ended = run_command("migrate", "rollback", "--to", "0001", under=shell)

    assert ended.returncode == 1
    assert ended.stderr == "enrollment: nothing was changed: type yes, or use --yes\n"
    assert migrations.pending(Path("enrollment.db")) == []


@pytest.mark.parametrize("place", ["verb", "subverb"])
def test_the_database_may_be_named_before_or_after_the_subverb(capsys: Captured, place: str):
    named = ["--database", "named.db"]
    before, after = (named, []) if place == "verb" else ([], named)
    main(["migrate"])
    main(["migrate", *named])
    capsys.readouterr()

    assert main(["migrate", *before, "rollback", *after, "--to", "0001", "--yes"]) == 0
    assert main(["migrate", *before, "status", *after]) == 0

    pending = "".join(f"pending  {id}\n" for id in REST)
    assert capsys.readouterr().out.endswith(f"applied  {FIRST}\n{pending}")
    assert migrations.pending(Path("named.db")) == REST
    assert migrations.pending(Path("enrollment.db")) == []


def test_a_database_that_is_served_is_not_changed(capsys: Captured):
    main(["migrate"])
    with lock_file(Path("enrollment.db"), Purpose.SERVE):
        for arguments in (["migrate"], ["migrate", "rollback", "--to", "0001", "--yes"], ["demo"]):
            assert main(arguments) == 1
            assert "in use by process" in capsys.readouterr().err

    assert migrations.pending(Path("enrollment.db")) == []


def test_settings_come_from_the_flag_then_the_environment(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ENROLLMENT_DATABASE", "environment.db")
    main(["migrate"])
    main(["migrate", "--database", "flag.db"])

    assert {path.name for path in Path().glob("*.db")} == {"environment.db", "flag.db"}


def test_a_wrong_variable_is_named(capsys: Captured, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ENROLLMENT_PORT", "http")

    assert main(["serve"]) == 2

    expected = "enrollment: ENROLLMENT_PORT is 'http', expected a number from 1 to 65535\n"
    assert capsys.readouterr().err == expected


def test_a_variable_that_sets_nothing_is_named(capsys: Captured, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ENROLLMENT_PORTT", "1")

    assert main(["serve"]) != 0

    assert capsys.readouterr().err == "enrollment: there is no setting ENROLLMENT_PORTT\n"


def test_every_setting_is_shown_with_its_origin(capsys: Captured, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ENROLLMENT_PORT", "8080")
    monkeypatch.setenv("ENROLLMENT_HOST", "0.0.0.0")
    monkeypatch.setenv("ENROLLMENT_ALLOWED_HOSTS", "")

    assert main(["config", "show", "--host", "::1"]) == 0

    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == ["setting", "value", "from"]
    assert {line.index(line.split()[1]) for line in lines} == {head.index("value")}
    shown = {name: [value, origin] for name, value, origin in map(str.split, lines)}
    assert shown.keys() == {setting.name for setting in fields(Config)}
    assert shown["host"] == ["::1", "--host"]
    assert shown["port"] == ["8080", "ENROLLMENT_PORT"]
    assert shown["allowed_hosts"] == ["none", "ENROLLMENT_ALLOWED_HOSTS"]
    assert shown["database"] == ["enrollment.db", "default"]


def test_serve_refuses_a_database_with_pending_migrations(capsys: Captured):
    main(["migrate", "--to", "0001"])
    capsys.readouterr()

    assert main(["serve", "--port", str(free_port())]) == 1

    assert capsys.readouterr().err == (
        f"enrollment: enrollment.db has pending migrations: {', '.join(REST)}; "
        "first run: enrollment migrate --database enrollment.db\n"
    )


def test_without_a_verb_the_help_is_printed(capsys: Captured):
    assert main([]) == 0

    assert "VERB" in capsys.readouterr().out


def test_a_flag_that_is_unknown_is_told_with_the_usage_of_its_verb(capsys: Captured):
    with pytest.raises(SystemExit):
        main(["token", "list", "--x"])

    assert capsys.readouterr().err.startswith("usage: enrollment token list [-h]")


@pytest.mark.parametrize(
    "verb", [[], ["serve"], ["migrate"], ["migrate", "status"], ["migrate", "rollback"], ["demo"]]
)
def test_help_tells_what_a_verb_does(verb: list[str], capsys: Captured):
    with pytest.raises(SystemExit) as caught:
        main([*verb, "--help"])

    text = capsys.readouterr().out
    assert caught.value.code == 0
    assert re.match(r"usage: enrollment", text)
    if verb:
        assert "--database DATABASE" in text
        assert "$ENROLLMENT_DATABASE, else enrollment.db" in " ".join(text.split())


def test_an_interrupt_ends_with_130(monkeypatch: pytest.MonkeyPatch):
    class Terminal(io.StringIO):
        def readline(self, *_: object) -> str:
            raise KeyboardInterrupt

    main(["migrate"])
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(sys, "argv", ["enrollment", "migrate", "rollback", "--to", "0001"])

    assert run() == 130


# Interrupts the process while it imports this module.
INTERRUPTED = """
import os, runpy, signal, sys

module = sys.argv.pop()

def interrupt(event, arguments):
    if event == "import" and arguments[0] == module:
        os.kill(os.getpid(), signal.SIGINT)

sys.addaudithook(interrupt)
runpy.run_module("enrollment", run_name="__main__")
"""


@pytest.mark.parametrize("module", ["enrollment.cli.main", "msgspec", "tqdm"])
def test_an_interrupt_at_the_start_ends_with_130(module: str):
    command = [sys.executable, "-c", INTERRUPTED, module]

    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)

    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_the_module_is_the_command():
    assert re.fullmatch(r"enrollment \d+\.\d+\.\d+\n", run_command("--version").stdout)


def test_a_server_needs_a_driver_that_few_have():
    code = (
        "import sys; sys.modules['psycopg'] = None;"
        "from enrollment.cli.main import main; sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", code, "migrate", "--database", "postgresql://host/school"]

    run = subprocess.run(command, capture_output=True, text=True, timeout=60)

    assert run.returncode == 1
    assert run.stderr == (
        "enrollment: the driver for PostgreSQL is missing: pip install 'enrollment[postgresql]'\n"
    )


@pytest.mark.parametrize("command", ["openapi", "config show", "--help"])
def test_a_reader_that_has_seen_enough_is_no_error(command: str):
    buffered = os.environ | {"PYTHONUNBUFFERED": ""}
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "wb") as closed:
        run = subprocess.run(
            [sys.executable, "-m", "enrollment", *command.split()],
            env=buffered,
            stdout=closed,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )

    assert (run.returncode, run.stderr) == (141, "")


UNBUFFERED = pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])


def run_to(output: str, command: str, unbuffered: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the service with its output sent elsewhere, as a shell writes that. Its
    environment has this value of PYTHONUNBUFFERED, which containers often set."""
    return subprocess.run(
        f"exec {sys.executable} -m enrollment {command} {output}",
        env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
        shell=True,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize(
    ("command", "output", "reason"),
    [
        ("config show", "> /dev/full", "No space left on device"),
        ("", ">&-", "standard output is closed"),
        ("config show", ">&-", "standard output is closed"),
        ("openapi", "> /dev/full", "No space left on device"),
        ("openapi", ">&-", "standard output is closed"),
        ("token list", ">&-", "standard output is closed"),
        ("token students out.csv", ">&-", "standard output is closed"),
        ("export out.zip", "> /dev/full", "No space left on device"),
        ("export out.zip", ">&-", "standard output is closed"),
        ("--help", "> /dev/full", "No space left on device"),
    ],
)
@UNBUFFERED
def test_what_can_not_be_printed_has_failed(
    command: str, output: str, reason: str, unbuffered: str
):
    main(["migrate"])

    run = run_to(output, command, unbuffered)

    assert run.returncode == 1
    (line,) = run.stderr.splitlines()
    assert line.startswith("enrollment: ")
    assert line.endswith(reason)
    # Without any output, nothing is done.
    assert output != ">&-" or [*Path().glob("out.*")] == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("output", ["2> /dev/full", "2>&-"], ids=["full", "closed"])
@pytest.mark.parametrize(
    ("command", "status"), [("fly", 2), ("serve --port x", 2), ("token list", 1)]
)
@UNBUFFERED
def test_the_status_is_the_same_if_the_reason_can_not_be_printed(
    command: str, status: int, output: str, unbuffered: str
):
    assert run_to(output, command, unbuffered).returncode == status


def test_a_folder_that_was_removed_is_named(tmp_path: Path):
    shell = ["sh", "-c", 'mkdir gone && cd gone && rmdir ../gone && exec "$@"', "sh"]

    ended = run_command("migrate", under=shell)

    assert ended.returncode == 1
    assert ended.stderr == "enrollment: the folder in which this runs has been removed\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("output", ["> /dev/full", ">&-"], ids=["full", "closed"])
@pytest.mark.parametrize(
    "command",
    ["token create --name Ada --role admin", f"serve --port {free_port()}"],
    ids=["token create", "serve"],
)
@UNBUFFERED
def test_a_token_that_could_not_be_shown_is_not_kept(
    output: str, command: str, unbuffered: str, capsys: Captured
):
    main(["migrate"])

    run = run_to(output, command, unbuffered)

    assert run.returncode == 1
    (line,) = run.stderr.splitlines()
    assert line.startswith("enrollment: ")
    capsys.readouterr()
    assert main(["token", "list"]) == 0
    assert capsys.readouterr().out == ""


def test_a_name_that_the_terminal_can_not_show_is_shown_in_another_way():
    main(["migrate"])
    plain = os.environ | {"PYTHONIOENCODING": "ascii"}

    for arguments in (["create", "--name", "J\u00fcrgen", "--role", "reader"], ["list"]):
        assert "J\\xfcrgen" in run_command("token", *arguments, env=plain).stdout


def test_an_address_that_others_can_reach_is_served_only_when_someone_has_a_token(
    tmp_path: Path, capsys: Captured
):
    arguments = ["serve", "--host", "0.0.0.0", "--port", str(free_port())]
    file = tmp_path / "enrollment.db"
    arguments += ["--database", str(file)]

    assert main(arguments) == 1

    (line,) = capsys.readouterr().err.splitlines()
    assert f"`enrollment token create --name NAME --role admin --database {file}`" in line


def test_variables_that_kubernetes_injects_are_no_settings(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured
):
    address = "tcp://10.0.0.1:8000"
    for name, value in {
        "ENROLLMENT_SERVICE_HOST": "10.0.0.1",
        "ENROLLMENT_SERVICE_PORT": "8000",
        "ENROLLMENT_SERVICE_PORT_HTTP": "8000",
        "ENROLLMENT_PORT": address,
        "ENROLLMENT_PORT_8000_TCP": address,
        "ENROLLMENT_PORT_8000_TCP_PROTO": "tcp",
        "ENROLLMENT_PORT_8000_TCP_PORT": "8000",
        "ENROLLMENT_PORT_8000_TCP_ADDR": "10.0.0.1",
    }.items():
        monkeypatch.setenv(name, value)

    assert main(["config", "show", "--json"]) == 0

    assert json.loads(capsys.readouterr().out)["port"] == {"value": 8000, "from": "default"}
    monkeypatch.setenv("ENROLLMENT_SERVICE_HOSTS", "10.0.0.1")
    assert main(["config", "show"]) == 2


def test_the_settings_are_shown_as_json(capsys: Captured):
    assert main(["config", "show", "--json", "--port", "9000"]) == 0

    shown = json.loads(capsys.readouterr().out)
    assert shown["port"] == {"value": 9000, "from": "--port"}
    assert shown["database"] == {"value": "enrollment.db", "from": "default"}
    assert shown["allowed_hosts"]["value"] == ["localhost", "127.0.0.1", "::1"]


def test_the_name_of_a_file_may_be_no_text(tmp_path: Path):
    database, people, backup = (os.fsdecode(name) for name in (b"n\xff.db", b"p\xff.csv", b"b\xff"))
    (tmp_path / people).write_text("Number,Given name,Family name\n1,Ada,Lovelace\n")
    (tmp_path / "folder").mkdir()
    verbs = (
        ["migrate"],
        ["import", people, "--report", "report.json"],
        ["imports"],
        ["imports", "--json"],
        ["backup", "folder"],
        ["backup", backup],
        ["restore", backup],
        ["migrate", "rollback", "--to", "0027", "--yes"],
        ["config", "show", "--json"],
    )

    told = {}
    for verb in verbs:
        ended = run_command(*verb, "--database", database, cwd=tmp_path)
        assert (ended.returncode, ended.stderr) == (0, "")
        told[" ".join(verb[:2])] = ended.stdout

    assert told["imports"].endswith("  p\\xff.csv\n")
    assert json.loads(told["imports --json"])[0]["file_name"] == "p\\xff.csv"
    assert json.loads(told["config show"])["database"]["value"] == database
    assert run_command("check", people, "--json", cwd=tmp_path).returncode == 0
    assert run_command("backup", "verify", backup, cwd=tmp_path).returncode == 0
    digest = (tmp_path / f"{backup}.sha256").read_bytes()
    assert digest.endswith(b"  b\xff\n")


def test_tokens_are_created_listed_and_revoked_while_the_service_runs(
    tmp_path: Path, capsys: Captured
):
    with serving(tmp_path / "enrollment.db") as server:
        capsys.readouterr()
        assert main(["token", "create", "--name", "Ada", "--role", "reader"]) == 0
        text = capsys.readouterr().out.splitlines()[-1]
        reader = {"Authorization": f"Bearer {text}"}
        assert server.request("GET", "/v1/students", **reader).status == 200

        assert main(["token", "list", "--json"]) == 0
        listed = json.loads(capsys.readouterr().out)
        assert [(token["id"], token["name"]) for token in listed] == [
            (1, "first admin"),
            (2, "Ada"),
        ]
        assert main(["token", "revoke", "2"]) == 0

        assert server.request("GET", "/v1/students", **reader).status == 401
        assert server.stop() == 0


def test_a_doctor_and_a_status_are_shown_as_json(capsys: Captured):
    main(["migrate"])
    capsys.readouterr()

    assert main(["doctor", "--json"]) == 0
    findings = json.loads(capsys.readouterr().out)
    assert {"level": "ok", "text": "the schema is the newest"} in findings
    assert main(["migrate", "status", "--json"]) == 0
    states = json.loads(capsys.readouterr().out)
    assert states[0] == {"id": "0001.create-student-term-course", "applied": True}
