"""Writes of a student, a term or a course that change nothing, and those that change one field."""

from typing import Any

import pytest

from enrollment.app import App
from enrollment.model.courses import CourseInput
from enrollment.model.records import StudentInput, TermInput
from tests.support.client import Client
from tests.support.undone import undone

MEETING = {"weekday": 1, "from": "08:00", "to": "09:30", "room": "A 1"}
TERM = {
    "code": "Fall",
    "title": "Fall term",
    "start_on": "2026-08-31",
    "end_on": "2026-12-18",
    "enroll_from": "2026-06-01T00:00:00.000Z",
    "enroll_until": "2026-09-15T00:00:00.000Z",
    "drop_until": "2026-10-01T00:00:00.000Z",
    "max_credits": 30.0,
}
# A record of each kind, in which each field has a value, and another value for each field.
RECORDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "students": (
        {
            "number": "S-1041",
            "given_name": "Ada",
            "family_name": "Lovelace",
            "email": "ada@example.org",
            "status": "active",
            "max_credits": 20.0,
            "groups": ["CS", "MATH"],
        },
        {
            "number": "s-1041",
            "given_name": "ada",
            "family_name": "LoveLace",
            "email": "Ada@example.org",
            "status": "inactive",
            "max_credits": None,
            "groups": ["MATH", "CS"],
        },
    ),
    "terms": (
        TERM,
        {
            "code": "FALL",
            "title": "Fall Term",
            "start_on": "2026-09-01",
            "end_on": "2026-12-19",
            "enroll_from": None,
            "enroll_until": "2026-09-15T00:00:00.001Z",
            "drop_until": None,
            "max_credits": 30.5,
        },
    ),
    "courses": (
        {
            "code": "CS102",
            "section": "A",
            "title": "Networks",
            "term": "Fall",
            "instructor": "Grace Hopper",
            "credits": 7.5,
            "capacity": 20,
            "waitlist_capacity": 5,
            "promotion": "automatic",
            "enroll_from": "2026-06-01T00:00:00.000Z",
            "enroll_until": "2026-09-15T00:00:00.000Z",
            "drop_until": "2026-10-01T00:00:00.000Z",
            "status": "open",
            "repeatable": False,
            "prerequisites": [{"code": "CS101"}, {"any_of": ["M1", "M2"], "concurrent": True}],
            "corequisites": ["LAB102"],
            "meetings": [MEETING, MEETING | {"weekday": 3, "start_on": "2026-09-01", "every": 2}],
            "open_to": ["CS"],
            "early_access": [{"group": "CS", "enroll_from": "2026-05-01T00:00:00.000Z"}],
            "counts_as": ["NET1"],
        },
        {
            "code": "cs102",
            "section": "a",
            "title": "networks",
            "term": None,
            "instructor": None,
            "credits": 8,
            "capacity": None,
            "waitlist_capacity": 6,
            "promotion": "manual",
            "enroll_from": "2026-06-01T00:00:00.001Z",
            "enroll_until": None,
            "drop_until": None,
            "status": "closed",
            "repeatable": True,
            "prerequisites": [{"code": "CS101"}, {"any_of": ["M1", "m2"], "concurrent": True}],
            "corequisites": ["LAB102", "LAB103"],
            "meetings": [MEETING],
            "open_to": [],
            "early_access": [],
            "counts_as": ["net1"],
        },
    ),
}
# What only a response to a write has.
LISTS = ("dropped", "affected", "required_by_old_code")


@pytest.fixture
def path(client: Client, kind: str) -> str:
    """The path of the record, with a term for the course."""
    if kind == "courses":
        client.post_json("/v1/terms", TERM, status=201)
    return client.post_json(f"/v1/{kind}", RECORDS[kind][0], status=201).headers["Location"]


@pytest.mark.parametrize("kind", RECORDS)
def test_a_write_that_changes_nothing_changes_nothing(client: Client, kind: str, path: str):
    record = RECORDS[kind][0]
    before, changes = client.get(path), client.walk("/v1/changes")

    for answer in (
        client.put_json(path, record, status=200),
        client.patch_json(path, {}, status=200),
        client.patch_json(path, record, status=200, headers={"If-Match": before.headers["ETag"]}),
    ):
        lists = {name: [] for name in LISTS if name in answer.json}
        assert answer.json == before.json | lists
        assert answer.headers["ETag"] == before.headers["ETag"]
    client.put_json(path, record, status=412, headers={"If-Match": '"7"'})

    assert client.get(path).json == before.json
    assert client.walk("/v1/changes") == changes


@pytest.mark.parametrize("kind", RECORDS)
def test_each_field_alone_makes_a_new_version_also_if_only_the_case_differs(
    app: App, client: Client, kind: str, path: str
):
    before, others = client.get(path), RECORDS[kind][1]

    for name, other in others.items():
        with undone(app.database):
            answer = client.patch_json(path, {name: other}, status=200)
            changes = client.walk(f"{path}/changes")

        assert (name, answer.json["version"]) == (name, 2)
        assert answer.headers["ETag"] != before.headers["ETag"]
        assert changes[-1]["version"] == 2


def test_each_field_is_tried():
    structs = {"students": StudentInput, "terms": TermInput, "courses": CourseInput}

    for kind, (record, others) in RECORDS.items():
        assert record.keys() == others.keys() == set(structs[kind].__struct_fields__)


def test_a_write_that_changes_nothing_gives_no_seat(app: App, client: Client):
    term = client.term()
    course = client.course(capacity=1, waitlist_capacity=1, term=term)
    client.enroll(client.student(), course)
    waiting = client.student()
    client.enroll(waiting, course, waitlist=True)
    with app.database.write() as db:
        db.execute("UPDATE course SET capacity = 2")
    events = client.events()

    for path in ("/v1/terms/1", f"/v1/courses/{course}", f"/v1/students/{waiting}"):
        client.patch_json(path, {}, status=200)
        assert client.events() == events

    client.patch_json(f"/v1/courses/{course}", {"title": "Another"}, status=200)
    assert client.status(waiting, course) == "enrolled"
