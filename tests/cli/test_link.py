"""`token link`, and the link that `serve` prints on a new file."""

import re
from pathlib import Path

import pytest

from enrollment.app import App
from enrollment.cli.main import main
from enrollment.model.location import Location
from tests.support.browser import Browser, text
from tests.support.command import Captured
from tests.support.engine import connected
from tests.support.server import serving

LINK = r"/sign-in/link_[0-9a-f]{48}"


def link(location: Location, *arguments: str) -> int:
    return main(["token", "link", *arguments, "--database", str(location)])


@pytest.mark.parametrize(
    ("flags", "start"),
    [
        ([], "http://127.0.0.1:8000"),
        (["--port", "8001"], "http://127.0.0.1:8001"),
        (["--url", "https://school.example/"], "https://school.example"),
    ],
)
def test_a_link_is_printed_and_signs_in(
    location: Location, app: App, capsys: Captured, flags: list[str], start: str
):
    assert link(location, "2", *flags) == 0

    about, url = capsys.readouterr().out.splitlines()
    assert about == "signs in as registrar, registrar; once, for 15 minutes:"
    assert re.fullmatch(re.escape(start) + LINK, url)
    browser = Browser(app, token=None)
    browser.get(url.removeprefix(start)).form.submit(status=303)
    assert "Find a student" in text(browser.get("/start"))


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("DELETE FROM token WHERE id = 2", "There is no token 2."),
        ("UPDATE token SET revoked_at = created_at, revoked_by = 'x'", "token 2 is revoked"),
        ("UPDATE token SET expires_at = created_at", "token 2 is expired"),
    ],
)
def test_a_token_that_no_one_can_use_has_no_link(
    location: Location, capsys: Captured, sql: str, reason: str
):
    with connected(location) as db:
        db.execute(sql)

    assert link(location, "2") == 1

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
