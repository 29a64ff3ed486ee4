"""Idempotency-Key: what is sent again is not done again."""

import json
from typing import Any

import pytest

from enrollment.app import App
from enrollment.model.location import Location
from tests.support.client import Client, with_settings
from tests.support.engine import stored_in
from tests.support.tokens import TOKENS

# Here the transactions count, so no other is around them.
pytestmark = pytest.mark.usefixtures("location")

ADA = {"given_name": "Ada", "family_name": "Lovelace"}
BEN = {"given_name": "Ben", "family_name": "Babbage"}


def post(
    client: Client, body: Any, key: str = '"a"', path: str = "/v1/students", status: int = 201
) -> Any:
    return client.post_json(path, body, headers={"Idempotency-Key": key}, status=status)


def test_what_is_sent_again_is_answered_again_and_not_done_again(client: Client):
    first = post(client, ADA)
    again = post(client, ADA)

    assert again.body == first.body
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    for name in ("Location", "ETag", "Content-Type"):
        assert again.headers[name] == first.headers[name]
    assert len(client.get("/v1/students").json["items"]) == 1


def test_the_same_is_the_same_however_it_is_written(client: Client):
    post(client, ADA)
    body = json.dumps(dict(reversed(ADA.items())), indent=3)
    headers = {"Idempotency-Key": '"a"', "Content-Type": "application/json"}

    assert "Idempotency-Replayed" in client.post("/v1/students", body, headers=headers).headers


def test_a_change_that_others_have_made_since_does_not_matter(client: Client):
    student, course = client.student(), client.course(capacity=1)
    path = f"/v1/students/{student}/courses"
    first = post(client, {"course_id": course}, path=path)
    client.put_status(student, course, "dropped")
    client.enroll(client.student(), course)

    assert post(client, {"course_id": course}, path=path).json == first.json
    assert client.status(student, course) == "dropped"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/students", BEN),
        ("/v1/students?dry_run=false", ADA),
        (
            "/v1/terms",
            {"code": "A", "title": "A", "start_on": "2026-01-01", "end_on": "2026-01-01"},
        ),
    ],
    ids=["body", "query", "path"],
)
def test_idempotency_key_reused(client: Client, path: str, body: Any):
    post(client, ADA)

    answer = post(client, body, path=path, status=422)

    assert answer.json["code"] == "idempotency_key_reused"


def test_another_key_is_another_request(client: Client):
    assert [post(client, ADA, key).json["id"] for key in ('"a"', '"b"', "c")] == [1, 2, 3]
    assert post(client, ADA, '"c"').json["id"] == 3


def test_a_key_belongs_to_its_token(client: Client, app: App):
    post(client, ADA)

    assert post(Client(app, TOKENS["registrar"]), ADA).json["id"] == 2


@pytest.mark.parametrize(
    "key", ["", '""', '"a', 'a"b', "a b", "é", '"' + "a" * 256 + '"', '"a", "b"']
)
def test_idempotency_key_invalid(client: Client, key: str):
    for path in ("/v1/students", "/v1/students?dry_run=true"):
        answer = post(client, ADA, key.encode("utf-8").decode("latin-1"), path, status=400)

        assert answer.json["code"] == "idempotency_key_invalid"
    assert client.get("/v1/students").json["items"] == []


def test_what_was_refused_is_checked_again(client: Client):
    student, course = client.student(), client.course(capacity=0)
    path, body = f"/v1/students/{student}/courses", {"course_id": course}
    post(client, body, path=path, status=409)
    raised = {"code": "CS101", "title": "Databases"}
    client.put_json(f"/v1/courses/{course}", raised, status=200)

    assert post(client, body, path=path).json["status"] == "enrolled"


def test_a_dry_run_takes_no_key(client: Client):
    path = "/v1/students?dry_run=true"
    post(client, ADA, path=path)

    assert post(client, ADA).json["id"] == 1


def test_the_text_of_a_token_is_not_kept(client: Client, location: Location):
    body = {"name": "Ada", "role": "reader"}
    text = post(client, body, path="/v1/tokens").json["token"]

    again = post(client, body, path="/v1/tokens")

    assert "token" not in again.json
    assert again.json["id"] == 4
    assert text[4:16].encode() in (stored := stored_in(location))
    assert text.encode() not in stored


def test_an_answer_is_forgotten_in_time_and_a_few_at_once(app: App):
    client = Client(with_settings(app, retry_window=0))
    for number in range(30):
        post(client, ADA, f'"{number}"')

    assert post(client, BEN, '"29"').json["given_name"] == "Ben"
    with app.database.read() as db:
        assert db.execute("SELECT count(*) FROM kept_answer").fetchone()[0] < 5
