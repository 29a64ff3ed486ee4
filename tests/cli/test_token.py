"""The command `enrollment token`."""

import csv
import re
from pathlib import Path

import pytest

from enrollment.app import App
from enrollment.cli.main import main
from enrollment.model.location import Location
from tests.support.client import Client
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


def list_written(path: str) -> list[dict[str, str]]:
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.usefixtures("location")
def test_each_active_student_without_a_valid_token_gets_one(
    app: App, client: Client, capsys: Captured
):
    ada = client.student(family_name="Lovelace", number="00412", email="ada@college.example")
    grace = client.student(family_name="x" * 100)
    client.student(status="inactive")
    # A token that is valid, and one that is not.
    fields = {"name": "own", "role": "student"}
    client.post_json("/v1/tokens", {**fields, "student_id": client.student()}, status=201)
    revoked = client.post_json("/v1/tokens", {**fields, "student_id": ada}, status=201).json
    client.delete(f"/v1/tokens/{revoked['id']}", status=204)

    assert main(["token", "students", "tokens.csv", "--expires", "2999-01-01T00:00:00Z"]) == 0
    assert main(["token", "students", "again.csv"]) == 0

    assert capsys.readouterr().out.splitlines() == [
        "wrote     tokens.csv: 2 tokens",
        "left out  1 student with a valid token",
        "wrote     again.csv: 0 tokens",
        "left out  3 students with a valid token",
    ]
    assert list_written("again.csv") == []
    assert Path("tokens.csv").stat().st_mode & 0o777 == 0o600
    first, second = list_written("tokens.csv")
    own = {"Number": "00412", "Email": "ada@college.example", "Token": first["Token"]}
    assert first == {"Family name": "Lovelace", "Given name": "Ada", **own}
    assert second["Family name"] == "x" * 100
    for row, student, name in ((first, ada, "Lovelace, Ada"), (second, grace, "x" * 100)):
        student_client = Client(app, row["Token"])
        student_client.get(f"/v1/students/{student}", status=200)
        student_client.get("/v1/students", status=403)
        (token,) = [
            token
            for token in client.get("/v1/tokens").json["items"]
            if token["student_id"] == student and not token["revoked_at"]
        ]
        assert (token["name"], token["created_by"]) == (name, "command line")
        assert token["expires_at"] == "2999-01-01T00:00:00.000Z"
    assert first["Token"] != second["Token"]


@pytest.mark.usefixtures("location")
def test_the_tokens_of_students_can_be_a_workbook(client: Client):
    client.student()

    assert main(["token", "students", "tokens.xlsx"]) == 0

    assert Path("tokens.xlsx").read_bytes().startswith(b"PK")
