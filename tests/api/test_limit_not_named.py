"""A PUT of a course lifts no limit unnoticed while students wait for it."""

from typing import Any

import pytest

from tests.api.test_waitlist import enrolled, join, waiting
from tests.support.client import Client, broken
from tests.support.undone import undone

MONDAY = [{"weekday": 1, "from": "09:00", "to": "10:00"}]
# A value of each limit with which a student can still wait for the course.
LIMITS: dict[str, Any] = {
    "term": "2099-FALL",
    "credits": 5.0,
    "capacity": 0,
    "waitlist_capacity": 9,
    "promotion": "manual",
    "enroll_from": "2020-01-01T00:00:00.000Z",
    "enroll_until": "2099-01-01T00:00:00.000Z",
    "status": "closed",
    "prerequisites": [{"code": "CS100"}],
    "corequisites": ["CS100"],
    "meetings": MONDAY,
    "open_to": ["SENIOR"],
}
# What limits nothing, or less than its default does.
OTHERS: dict[str, Any] = {
    "section": "02",
    "instructor": "Edgar Codd",
    "drop_until": "2099-01-01T00:00:00.000Z",
    "repeatable": True,
    "counts_as": ["INF101"],
}


@pytest.fixture
def course(client: Client) -> int:
    """A course without seats, for which a student waits."""
    client.term(code="2099-FALL", start_on="2099-08-31", end_on="2099-12-18")
    course = client.course(code="CS101", capacity=0)
    join(client, course)
    return course


def put(client: Client, course: int, status: int, *, without: str = "", **fields: Any) -> Any:
    """Send the whole course without one field."""
    own = client.get(f"/v1/courses/{course}").json
    body = {name: own[name] for name in (*LIMITS, *OTHERS, "code", "title", "early_access")}
    del body[without or "early_access"]
    return client.put_json(f"/v1/courses/{course}", body | fields, status=status)


def test_a_limit_that_is_left_out_is_not_lifted(
    client: Client, course: int, subtests: pytest.Subtests
):
    for field, value in LIMITS.items():
        with subtests.test(field), undone(client.app.database):
            client.patch_json(f"/v1/courses/{course}", {field: value}, status=200)
            before = client.get(f"/v1/courses/{course}").json
            events = client.events()

            answer = put(client, course, 409, without=field)

            assert broken(answer) == [(f"/{field}", "limit_not_named")]
            assert answer.json["errors"][0]["details"] == {"course": "CS101", "field": field}
            assert client.get(f"/v1/courses/{course}").json == before
            assert client.events() == events
            put(client, course, 200)


def test_what_has_its_default_may_be_left_out(
    client: Client, course: int, subtests: pytest.Subtests
):
    for field in LIMITS.keys() - {"capacity"}:
        with subtests.test(field), undone(client.app.database):
            put(client, course, 200, without=field)


def test_what_is_no_limit_may_be_left_out(client: Client, course: int, subtests: pytest.Subtests):
    for field, value in OTHERS.items():
        with subtests.test(field), undone(client.app.database):
            client.patch_json(f"/v1/courses/{course}", {field: value}, status=200)

            put(client, course, 200, without=field)


def test_a_limit_that_is_named_is_lifted(client: Client, course: int):
    ((student, _),) = waiting(client, course)

    put(client, course, 200, capacity=None)

    assert enrolled(client, course) == [student]
    # No one waits any more.
    client.put_json(f"/v1/courses/{course}", {"code": "CS101", "title": "Databases"}, status=200)


def test_every_limit_and_every_other_reason_is_listed(client: Client, course: int):
    client.patch_json(f"/v1/courses/{course}", {"promotion": "manual"}, status=200)
    body = {"code": "CS101", "title": "Databases", "term": "NONE"}
    path = f"/v1/courses/{course}"

    for query in ("", "?dry_run=true"):
        answer = client.put_json(f"{path}{query}", body, status=409)
        assert sorted(broken(answer)) == [
            ("/capacity", "limit_not_named"),
            ("/promotion", "limit_not_named"),
            ("/term", "unknown_term"),
        ]


def test_a_patch_changes_what_it_names(client: Client, course: int):
    client.patch_json(f"/v1/courses/{course}", {"title": "Networks"}, status=200)
    assert client.get(f"/v1/courses/{course}").json["capacity"] == 0

    client.patch_json(f"/v1/courses/{course}", {"capacity": None}, status=200)

    assert waiting(client, course) == []


def test_who_only_took_the_course_is_no_reason(client: Client):
    course = client.course(code="CS101", capacity=5)
    client.enroll(client.student(), course)

    client.put_json(f"/v1/courses/{course}", {"code": "CS101", "title": "Databases"}, status=200)
