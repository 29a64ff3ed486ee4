"""?dry_run=true: the same way, the same answer, and nothing of it left."""

from typing import Any

import pytest
from webtest import TestResponse

from enrollment.api.operations import OPERATIONS
from tests.support.client import Client, broken
from tests.support.undone import undone

# Here the transactions count, so no other is around them.
pytestmark = pytest.mark.usefixtures("location")

TERM = {"code": "X", "title": "X", "start_on": "2026-01-01", "end_on": "2026-02-01"}
WRITES: dict[tuple[str, str], Any] = {
    ("POST", "/v1/students"): {"given_name": "Ben", "family_name": "Babbage"},
    ("POST", "/v1/students/batch"): {
        "items": [{"given_name": "Ben", "family_name": "Babbage"}],
        "mode": "each",
    },
    ("PUT", "/v1/students/1"): {"given_name": "Ben", "family_name": "Babbage"},
    ("DELETE", "/v1/students/2"): None,
    ("POST", "/v1/students/2/erasure"): {"reason": "asked in writing"},
    ("POST", "/v1/students/1/merge"): {"into": 2},
    ("POST", "/v1/students/1/holds"): {"reason": "unpaid fees"},
    ("DELETE", "/v1/students/1/holds/1"): None,
    ("POST", "/v1/terms"): TERM,
    ("PUT", "/v1/terms/1"): TERM,
    ("DELETE", "/v1/terms/1"): None,
    ("POST", "/v1/courses"): {"code": "X", "title": "X"},
    ("POST", "/v1/courses/batch"): {"items": [{"code": "X", "title": "X"}]},
    ("POST", "/v1/terms/1/courses"): {"copy_from": "2026-FALL"},
    ("PUT", "/v1/courses/1"): {"code": "X", "title": "X"},
    ("DELETE", "/v1/courses/2"): None,
    ("POST", "/v1/courses/3/promotions"): {"seats": 1},
    ("POST", "/v1/courses/1/students"): {"students": [{"student_id": 2}], "mode": "each"},
    ("POST", "/v1/students/2/courses"): {"course_id": 1},
    ("POST", "/v1/tokens"): {"name": "Ada", "role": "reader"},
    ("DELETE", "/v1/tokens/3"): None,
    ("PUT", "/v1/students/1/courses"): {"courses": [{"course_id": 2}]},
    ("PUT", "/v1/students/1/courses/1"): {"status": "completed"},
    ("POST", "/v1/students/1/courses/1/corrections"): {
        "take_back": "latest_change",
        "reason": "a slip",
    },
    ("PUT", "/v1/students/3/courses/3/position"): {"position": 2, "reason": "a slip"},
    ("DELETE", "/v1/students/1/courses/1"): None,
    ("PATCH", "/v1/students/1"): {"email": "ada@example.org"},
    ("PATCH", "/v1/terms/1"): {"title": "Autumn"},
    ("PATCH", "/v1/courses/1"): {"capacity": 7},
    # A file, as it is.
    ("POST", "/v1/imports"): "Number,Family name\n00412,Diallo\n",
    ("DELETE", "/v1/imports/1"): None,
}


@pytest.fixture
def college(client: Client) -> Client:
    client.term()
    client.enroll(client.student(), client.course())
    client.hold(1)
    client.delete("/v1/students/1/holds/1", status=204)
    client.hold(1, "missing papers")
    client.delete("/v1/students/1/holds/2", status=204)
    client.student()
    client.course()
    manual = client.course(capacity=1, promotion="manual")
    client.enroll(1, manual)
    client.enroll(client.student(), manual, waitlist=True)
    client.enroll(client.student(), manual, waitlist=True)
    client.put_status(1, manual, "dropped")
    client.post("/v1/imports", "Number,Email\n", headers={"Content-Type": "text/csv"}, status=201)
    return client


def everything(client: Client) -> list[Any]:
    paths = ("students", "terms", "courses", "events", "students/1/holds", "students/1/courses")
    return [client.get(f"/v1/{path}").json for path in paths]


def send(client: Client, method: str, address: str, body: Any, **headers: str) -> Any:
    if body is None:
        return client.delete(address, headers=headers, status="*")
    if isinstance(body, str):
        sent = {"Content-Type": "text/csv"} | headers
        return client.post(address, body.encode(), headers=sent, status="*")
    return getattr(client, f"{method.lower()}_json")(address, body, headers=headers, status="*")


def test_every_write_is_tried_here():
    def shape(path: str) -> str:
        return "/".join("*" if part[0] in "<123" else part for part in path.split("/") if part)

    # What sends a file back writes nothing.
    writes = [op for op in OPERATIONS if op.method != "GET" and not op.download]
    expected = {(op.method, shape(op.path)) for op in writes}

    assert {(method, shape(path)) for method, path in WRITES} == expected


def test_a_dry_run_answers_as_the_write_does_and_changes_nothing(
    college: Client, subtests: pytest.Subtests
):
    before = everything(college)
    for (method, path), body in WRITES.items():
        with subtests.test(f"{method} {path}"):
            tried = send(college, method, f"{path}?dry_run=true", body)
            assert everything(college) == before
            with undone(college.app.database):
                done = send(college, method, path, body)
                last = before[3]["items"][-1]["id"]
                left = college.walk(f"/v1/events?after={last}")
            assert_alike(tried, done, left)


def assert_alike(tried: TestResponse, done: TestResponse, left: list[dict[str, Any]]) -> None:
    """A dry run answers as the write does, with the events that the write has left."""
    assert tried.json.pop("dry_run") is True
    events = tried.json["events"]
    assert [without_times(event) for event in events] == [without_times(event) for event in left]
    if done.status_int == 204:
        assert (tried.status_int, list(tried.json)) == (200, ["dry_run", "events"])
    else:
        assert tried.status_int == done.status_int
        answer = {name: tried.json[name] for name in done.json}
        assert without_times(answer) == without_times(done.json)


def without_times(value: Any) -> Any:
    if isinstance(value, dict):
        # The text of a new token is never the same.
        kept = {name for name in value if name[-3:] != "_at" and name != "token"}
        return {name: without_times(value[name]) for name in kept}
    return [without_times(inner) for inner in value] if isinstance(value, list) else value


def test_the_write_is_confirmed_against_the_tag_of_its_dry_run(
    college: Client, subtests: pytest.Subtests
):
    # A new student, term, course or hold is held against nothing.
    confirmed = [write for write in WRITES if write[0] != "POST"]
    confirmed += [("POST", "/v1/students/2/courses"), ("POST", "/v1/courses/1/students")]
    for method, path in confirmed:
        body = WRITES[method, path]
        with subtests.test(f"{method} {path}"), undone(college.app.database):
            tag = send(college, method, f"{path}?dry_run=true", body).headers["ETag"]

            assert send(college, method, path, body, **{"If-Match": tag}).status_int < 300
            # A hold that was released stays as it is: so does its tag.
            if "holds" not in path:
                again = send(college, method, path, body, **{"If-Match": tag})
                assert again.status_int in (404, 412)


def test_a_new_record_has_no_tag_to_be_held_against(college: Client):
    tried = send(college, "POST", "/v1/students?dry_run=true", WRITES["POST", "/v1/students"])

    assert "ETag" not in tried.headers
    assert "Location" not in tried.headers


def test_a_dry_run_is_refused_as_the_write_is(college: Client):
    path, before = "/v1/students/2/courses?dry_run=true", college.events()

    answer = college.post_json(path, {"course_id": 99}, status=409)
    assert broken(answer) == [("/course_id", "unknown_course")]
    college.post_json(path, {"course_id": 1}, headers={"If-Match": '"x"'}, status=412)
    assert college.events() == before


@pytest.mark.parametrize("value", ["1", "", "True", "yes", "null"])
def test_dry_run_is_true_or_false(college: Client, value: str):
    address = f"/v1/students/1/courses/1?dry_run={value}"

    assert broken(college.delete(address, status=422)) == [("dry_run", "invalid_value")]
    college.delete("/v1/students/1/courses/1?dry_run=false", status=204)
    assert college.status(1, 1) == "dropped"


def test_a_read_takes_no_dry_run(college: Client):
    answer = college.get("/v1/students/1?dry_run=true", status=422)

    assert broken(answer) == [("dry_run", "unknown_name")]
