"""The command `enrollment token`."""

import re

import pytest

from enrollment.cli.main import main
from enrollment.model.location import Location
from tests.support.command import Captured
from tests.support.engine import connected, stored_in
from tests.support.tokens import MOMENT

pytestmark = pytest.mark.usefixtures("here")


def test_a_token_is_created_listed_and_revoked(location: Location, capsys: Captured):
    assert main(["token", "create", "--name", "Front desk", "--role", "registrar"]) == 0
    told, text = capsys.readouterr().out.splitlines()
    assert told == "token 4 of Front desk, registrar; shown only once:"
    assert re.fullmatch("enr_[0-9a-f]{12}_[0-9a-f]{48}", text)
    assert main(["token", "revoke", "4"]) == 0
    assert main(["token", "list"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "token 4 is revoked"
    assert re.fullmatch(
        r"    4  registrar     Front desk, used never, revoked 20\d\d-\S+Z", lines[4]
    )
    assert text[4:16].encode() in (stored := stored_in(location))
    assert text.encode() not in stored


def test_token_list_shows_every_token_and_which_have_expired(location: Location, capsys: Captured):
    expired, later = "2020-01-01T00:00:00.000Z", "2999-01-01T00:00:00.000Z"
    tokens = ", ".join(
        f"('Ada', 'reader', '{number:012x}', '{number:064x}', '{MOMENT}', 'a test',"
        f" '{expired if number == 1_010 else later}')"
        for number in range(10, 1_011)
    )
    with connected(location) as db:
        db.execute(
            "INSERT INTO token (name, role, lookup, digest, created_at, created_by, expires_at)"
            f" VALUES {tokens}"
        )

    assert main(["token", "list"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1_004
    assert lines[3] == f"    4  reader        Ada, used never, valid until {later}"
    assert lines[-1] == f" 1004  reader        Ada, used never, expired {expired}"
