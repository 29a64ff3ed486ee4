"""Commands that are refused: each says why in one line, and changes nothing."""

import os
import shlex
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from enrollment.cli.main import main
from enrollment.model.location import Location
from tests.support.command import Captured
from tests.support.engine import stored_in
from tests.support.server import free_port

CREATE = "token create --name Ada --role admin"
VERIFY = "expected a FILE, or the word verify and a FILE"
WITH_SUBVERB = "cannot be used with `status` or `rollback`"
NO_FILE = (
    "expected the name of a file, or postgresql://... with @ / ? % and spaces in the password"
    " percent-encoded (%40 for @)"
)
CIRCLE = "circle.db is a link that leads in a circle, not a database"
NO_HOST = "expected names without scheme, port or path, by commas"
# What was not understood, with the status 2.
USAGE = [
    ("fly", "invalid choice: 'fly'"),
    ("serve --data x.db", "unrecognized arguments: --data"),
    ("serve --x", "unrecognized arguments: --x"),
    ("serve --port 0", "--port is '0', expected a number from 1 to 65535"),
    ("serve --port x", "--port is 'x', expected a number from 1 to 65535"),
    ("serve --busy-timeout -1", "--busy-timeout is '-1', expected seconds from 0 to"),
    ("serve --busy-timeout nan", "--busy-timeout is 'nan', expected seconds from 0 to"),
    ("serve --log-format xml", "--log-format is 'xml', expected plain or json"),
    ("serve --body-timeout 0", "--body-timeout is '0', expected seconds up to 3600"),
    ("migrate status --x", "unrecognized arguments: --x"),
    ("migrate --to x", "'x' is not one of: 00"),
    ("migrate --to x --database new.db", "'x' is not one of: 00"),
    ("migrate rollback --yes --to 9999", "'9999' is not one of: 00"),
    ("migrate --dry-run status", WITH_SUBVERB),
    ("migrate --to 0001 status", WITH_SUBVERB),
    ("migrate --dry-run rollback --to 0001 --yes", WITH_SUBVERB),
    ("migrate --to 0001 rollback --to 0001 --yes", WITH_SUBVERB),
    ("migrate --database ''", f"--database is '', {NO_FILE}"),
    ("migrate --database /", f"--database is '/', {NO_FILE}"),
    ("migrate --database folder/", f"--database is 'folder/', {NO_FILE}"),
    ("migrate --database :memory:", f"--database is ':memory:', {NO_FILE}"),
    ("migrate --database 'file:x.db?mode=ro'", f"--database is 'file:x.db?mode=ro', {NO_FILE}"),
    ("migrate --database mysql://ada:x@h/x", f"--database is 'mysql://...', {NO_FILE}"),
    ("migrate --database postgres://ada:s?@h", f"--database is 'postgres://...', {NO_FILE}"),
    ("copy --to x.db --from postgres://ada:s?@h", f"copy: error: argument --from: {NO_FILE}"),
    ("config show --allowed-hosts localhost,[::1],http://x.de", NO_HOST),
    ("config show --allowed-hosts localhost,[::1],x.de/", NO_HOST),
    ("config show --allowed-hosts localhost,[::1],x.de:8000", NO_HOST),
    ("config show --allowed-hosts localhost,[::1],[::1]:8000", NO_HOST),
    ("config show --allowed-hosts 'localhost,[::1],x y'", NO_HOST),
    ("demo --students 0", "--students: expected a number from 1 to 1000000"),
    ("demo --students x", "--students: expected a number from 1 to 1000000"),
    ("backup folder --keep 0", "--keep: expected a number from 1 to 1000000"),
    # The word verify is never taken for a file.
    ("backup verify", VERIFY),
    ("backup verify ''", VERIFY),
    ("backup ''", VERIFY),
    ("backup verify x y", VERIFY),
    ("backup x y", VERIFY),
    ("backup verify x --keep 2", VERIFY),
    (f"{CREATE} --role boss", "--role: invalid choice: 'boss'"),
    (f"{CREATE} --name \udcff", "--name: expected 1 to 100 characters without control"),
    (f"{CREATE} --student x", "--student: expected the number of a student"),
    (f"{CREATE} --expires tomorrow", "--expires: expected an RFC 3339 time, such as"),
    ("token revoke enr_abc", "argument ID: expected the number of a token"),
    ("import people.csv --errors maybe", "--errors: Expected one of: refuse"),
    ("import people.csv --removals many", "--removals: Expected a whole number"),
    ("import people.csv --course-id 0", "--course-id: Expected a whole number"),
    ("imports show x", "argument ID: expected the number of an import"),
    ("token revoke 1e3", "argument ID: expected the number of a token"),
    ("token link 1 --url school.example", "expected an address such as https://school.example"),
    ("token link 1 --url ftp://school.example", "expected an address such as https://school"),
    ("imports show 1.0", "argument ID: expected the number of an import"),
    ("imports show 0", "argument ID: expected the number of an import"),
    (f"imports show {'9' * 20}", "argument ID: expected the number of an import"),
    ("check --encoding cp99999 list.csv", "expected the name of an encoding"),
    ("check --encoding hex list.csv", "expected the name of an encoding"),
    ("check --encoding \0 list.csv", "expected the name of an encoding"),
    ("export a.zip --since monday", "--since: Expected a calendar date, YYYY-MM-DD, or a time"),
    ("export a.zip --as \udcff", "--as: Expected no lone surrogates"),
    ("export a.zip --term \udcff", "--term: Expected"),
    ("export -", "an export is not printed: name a folder"),
    ("school ''", "the name:"),
    ("school ' x'", "the name:"),
    (f"school {'x' * 201}", "the name:"),
    ("school 'a\nb'", "the name:"),
]
OF_DATABASE = (
    *(f"serve --port {free_port()}", "migrate", "migrate status", "migrate rollback --to 0000"),
    *("demo", "token list", "token revoke 1", "backup monday", "doctor", "export a.zip", "imports"),
)
# What cannot be done, with the status 1.
FAILED = [
    ("serve --host no.such.host.invalid", "cannot listen on no.such.host.invalid:8000: "),
    ("serve --host 2001:db8::1", "cannot listen on [2001:db8::1]:8000: "),
    ("serve --host '[2001:db8::1]'", "cannot listen on [2001:db8::1]:8000: "),
    ("serve --host a..b", "cannot listen on a..b:8000: Name or service not known"),
    ("migrate --database no/such/place.db", "cannot write beside no/such/place.db: No such"),
    ("migrate --database folder", "folder is a folder, not a database"),
    ("migrate --database circle.db", CIRCLE),
    ("migrate --database other.db", "other.db is left as it was: the database is that of another"),
    ("demo --database other.db", "other.db is left as it was: the database is that of another"),
    ("copy --from new.db --to circle.db", "new.db does not exist"),
    ("migrate rollback --to 0000 --yes --database none.db", "there is no database none.db"),
    ("copy --from none.db --to new.db", "none.db does not exist"),
    ("copy --from circle.db --to new.db", CIRCLE),
    ("token list --database circle.db", CIRCLE),
    (f"serve --port {free_port()} --database folder", "folder is a folder, not a database"),
    (
        f"serve --port {free_port()} --database other.db",
        "other.db is left as it was: the database is that",
    ),
    ("doctor --database /etc", "/etc is a folder, not a database"),
    # To open a pipe would wait for another program.
    *((f"{verb} --database pipe", "pipe is not a file") for verb in OF_DATABASE),
    ("copy --from pipe --to new.db", "pipe is not a file"),
    ("migrate --database piped.db", "piped.db.lock is not a file"),
    # Only serve, migrate and demo make a database.
    (f"{CREATE} --database none.db", "none.db does not exist"),
    ("token list --database none.db", "none.db does not exist"),
    ("token revoke 1 --database none.db", "none.db does not exist"),
    ("backup monday --database none.db", "none.db does not exist"),
    ("doctor --database none.db", "none.db does not exist"),
    ("export a.zip --database none.db", "none.db does not exist"),
    ("backup x --keep 2", "--keep needs a folder, and x is not one"),
    ("backup verify x", "x does not exist"),
    ("backup verify .", ". does not exist, or is not a file"),
    ("restore x", "x does not exist"),
    ("restore ''", ". does not exist, or is not a file"),
    ("token create --name x --role student", "needs a student"),
    (f"{CREATE} --expires 2020-01-01T00:00:00Z", "must be later than now"),
    ("token students tokens.csv --expires 2020-01-01T00:00:00Z", "must be later than now"),
    ("token students tokens.csv --database none.db", "none.db does not exist"),
    ("token students taken.zip", "taken.zip exists already"),
    ("token students 'no folder/tokens.csv'", "No such file"),
    ("token revoke 7", "There is no token 7."),
    ("import nowhere.csv", "enrollment: nowhere.csv: No such file or directory"),
    ("import people.csv --course-id 7", "people.csv: There is no course 7."),
    ("import people.csv --columns x", "Expected HEADER=FIELD"),
    ("import people.csv --encoding hex", "Expected the name of an encoding"),
    ("imports show 7", "There is no import 7."),
    ("check none.zip", "enrollment: none.zip: No such file or directory"),
    ("export a.zip --term 2099", "There is no term with the code 2099."),
    ("export 'no folder/a.zip'", "the folder of no folder/a.zip does not exist"),
    ("export taken.zip", "taken.zip exists already"),
]


def files() -> set[str]:
    """The files in the folder."""
    return {path.name for path in Path().iterdir()}


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(("cases", "status"), [(USAGE, 2), (FAILED, 1)], ids=["usage", "failed"])
def test_a_command_that_is_refused_says_why_and_changes_nothing(
    location: Location,
    capsys: Captured,
    subtests: pytest.Subtests,
    cases: list[tuple[str, str]],
    status: int,
):
    Path("people.csv").write_text("Student ID,Last name,First name\n00412,Diallo,Amara\n")
    Path("taken.zip").touch()
    Path("circle.db").symlink_to("circle.db")
    Path("folder").mkdir()
    os.mkfifo("pipe")
    os.mkfifo("piped.db.lock")
    with closing(sqlite3.connect("other.db")) as db:
        db.execute("CREATE TABLE somewhere (else_)")
    # What is stored includes the file of the lock, which is there from now on.
    main(["migrate"])
    capsys.readouterr()
    before, stored = files(), stored_in(location)

    for command, reason in cases:
        with subtests.test(ascii(command)):
            try:
                ended = main(shlex.split(command))
            except SystemExit as end:
                ended = end.code

            out, err = capsys.readouterr()
            *usage, line = err.splitlines()
            assert ended == status
            assert reason in line
            assert line.startswith("enrollment")
            # argparse shows the usage first. An import prints which rows are at fault.
            assert not usage or usage[0].startswith("usage: ")
            assert not out or command.startswith("import ")
            assert (files(), stored_in(location)) == (before, stored)
