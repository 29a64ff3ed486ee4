"""`token link`, and the link that `serve` prints on a new file."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from enrollment.app import make_app
from enrollment.cli.main import main
from enrollment.config import Config
from tests.support.browser import Browser, text
from tests.support.server import serving

LINK = r"/sign-in/link_[0-9a-f]{48}"


def link(file: Path, *arguments: str) -> int:
    return main(["token", "link", *arguments, "--database", str(file)])


@pytest.mark.parametrize(
    ("flags", "start"),
    [
        ([], "http://127.0.0.1:8000"),
        (["--port", "8001"], "http://127.0.0.1:8001"),
        (["--url", "https://school.example/"], "https://school.example"),
    ],
)
def test_a_link_is_printed_and_signs_in(
    database_file: Path, capsys: pytest.CaptureFixture[str], flags: list[str], start: str
):
    assert link(database_file, "2", *flags) == 0

    about, url = capsys.readouterr().out.splitlines()
    assert about == "signs in as registrar, registrar; once, for 15 minutes:"
    assert re.fullmatch(re.escape(start) + LINK, url)
    app = make_app(Config(database=database_file))
    browser = Browser(app, token=None)
    browser.get(url.removeprefix(start)).form.submit(status=303)
    assert "Find a student" in text(browser.get("/start"))
    app.database.close()


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("DELETE FROM token WHERE id = 2", "There is no token 2."),
        ("UPDATE token SET revoked_at = created_at, revoked_by = 'x'", "token 2 is revoked"),
        ("UPDATE token SET expires_at = created_at", "token 2 is expired"),
    ],
)
def test_a_token_that_no_one_can_use_has_no_link(
    database_file: Path, capsys: pytest.CaptureFixture[str], sql: str, reason: str
):
    with closing(sqlite3.connect(database_file)) as db, db:
        db.execute(sql)

    assert link(database_file, "2") == 1

    captured = capsys.readouterr()
    assert reason in captured.err
    assert captured.out == ""


def test_serve_prints_a_link_beside_the_first_token_and_the_log_masks_it(tmp_path: Path):
    with serving(tmp_path / "new.db") as server:
        (path,) = re.findall(LINK, server.log.read_text())
        page = server.get(path)

        assert page.status == 200
        assert b"Sign in as first admin?" in page.body
    log = server.log.read_text()
    assert "/sign-in/link_... 200" in log
    assert log.count(path) == 1
