"""/v1/events"""

import pytest

from tests.support.client import Client
from tests.support.tokens import ACTOR


def test_an_event_tells_who_when_and_from_which_status_to_which(client: Client):
    student, course = client.student(), client.course()
    enrolled = client.enroll(student, course).json

    assert client.get("/v1/events").json == {
        "items": [
            {
                "id": 1,
                "student_id": student,
                "course_id": course,
                "from_status": None,
                "to_status": "enrolled",
                "effective_at": enrolled["enrolled_at"],
                "recorded_at": enrolled["enrolled_at"],
                "actor": ACTOR,
                "reason": None,
                "overridden": [],
            }
        ],
        "next": None,
    }


def test_the_feed_is_read_on_from_the_last_event(client: Client):
    student = client.student()
    for _ in range(5):
        client.enroll(student, client.course())

    first = client.get("/v1/events?limit=2")
    assert first.headers["Link"] == '</v1/events?after=2&limit=2>; rel="next"'
    assert first.json["next"] == 2
    assert [item["id"] for item in client.walk("/v1/events?limit=2")] == [1, 2, 3, 4, 5]
    assert [item["id"] for item in client.walk("/v1/events?after=4")] == [5]
    assert client.get("/v1/events?after=5").json == {"items": [], "next": None}


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_an_enrollment_has_a_history_of_its_own(client: Client, limit: int):
    student, course = client.student(), client.course()
    client.enroll(student, course)
    client.enroll(client.student(), course)
    client.enroll(student, client.course())
    client.put_status(student, course, "dropped")
    client.enroll(student, course)

    path = f"/v1/students/{student}/courses/{course}/events"
    events = client.walk(f"{path}?limit={limit}")

    assert [event["to_status"] for event in events] == ["enrolled", "dropped", "enrolled"]
    assert events == [event for event in client.walk("/v1/events") if event["id"] in (1, 4, 5)]


def test_what_never_was_has_no_history(client: Client):
    path = f"/v1/students/{client.student()}/courses/{client.course()}/events"

    assert client.get(path, status=404).json["code"] == "enrollment_not_found"


def test_a_refused_change_leaves_no_gap(client: Client):
    student, full = client.student(), client.course(capacity=0)
    client.enroll(student, client.course())
    client.want(student, [full], status=409)
    client.enroll(student, client.course())

    assert [item["id"] for item in client.walk("/v1/events")] == [1, 2]
