"""/v1/events"""

import pytest

from enrollment.app import App
from tests.support.client import Client, broken
from tests.support.tokens import ACTOR, TOKENS


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
                "corrects": None,
                "restores": None,
                "passed": None,
                "grade": None,
                "position": None,
                "instead_of": None,
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


@pytest.fixture
def busy(client: Client, app: App) -> Client:
    """Events 1 to 5: by two actors, of two students, in two courses."""
    registrar = Client(app, TOKENS["registrar"])
    for _ in range(2):
        client.student(), client.course()
    client.enroll(1, 1)
    registrar.enroll(2, 1)
    registrar.enroll(1, 2)
    client.put_status(1, 1, "dropped")
    registrar.put_status(1, 2, "completed")
    return client


SELECTED = [
    ("student_id=1", [1, 3, 4, 5]),
    ("course_id=1", [1, 2, 4]),
    ("student_id=1&course_id=1", [1, 4]),
    ("actor=registrar%20%232", [2, 3, 5]),
    ("kind=enrolled", [1, 2, 3]),
    ("kind=dropped", [4]),
    ("kind=waitlisted", []),
    ("actor=registrar%20%232&kind=enrolled", [2, 3]),
    ("student_id=1&actor=admin%20%231&kind=dropped", [4]),
    ("course_id=2&actor=registrar%20%232&kind=completed", [5]),
    ("course_id=2&kind=dropped", []),
    ("student_id=1&course_id=1&kind=dropped", [4]),
    ("student_id=9", []),
    ("actor=REGISTRAR%20%232", []),
    ("since=2020-01-01", [1, 2, 3, 4, 5]),
    ("until=2999-01-01", [1, 2, 3, 4, 5]),
    ("since=2999-01-01", []),
    ("until=2020-01-01", []),
    ("student_id=1&since=2020-01-01&until=2999-01-01&after=3", [4, 5]),
]


@pytest.mark.parametrize("limit", [1, 100])
def test_events_are_selected(busy: Client, subtests: pytest.Subtests, limit: int):
    for query, ids in SELECTED:
        with subtests.test(query):
            assert [item["id"] for item in busy.walk(f"/v1/events?limit={limit}&{query}")] == ids


def test_a_period_of_events_is_exact(busy: Client):
    moments = [item["recorded_at"] for item in busy.walk("/v1/events")]

    for since in moments:
        for until in moments:
            found = busy.walk(f"/v1/events?since={since}&until={until}&limit=2")
            assert [item["recorded_at"] for item in found] == [
                moment for moment in moments if since <= moment < until
            ]


def test_what_is_selected_has_no_gap_that_fills_later(busy: Client):
    first = busy.get("/v1/events?student_id=1&limit=2").json
    busy.enroll(2, 2)
    busy.enroll(1, 1)

    rest = busy.walk(f"/v1/events?student_id=1&after={first['next']}")

    assert [item["id"] for item in first["items"] + rest] == [1, 3, 4, 5, 7]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("kind=x", "kind"),
        ("student_id=0", "student_id"),
        ("course_id=x", "course_id"),
        ("since=2026-02-30", "since"),
        ("until=yesterday", "until"),
        ("actor=%00", "actor"),
    ],
)
def test_a_wrong_filter_is_refused(client: Client, query: str, parameter: str):
    answer = client.get(f"/v1/events?{query}", status=422)

    assert broken(answer) == [(parameter, "invalid_value")]


def test_what_one_request_ends_is_in_the_order_of_the_courses(client: Client):
    double, student = client.student(), client.student()
    courses = [client.course() for _ in range(12)]
    for course in reversed(courses):
        client.enroll(double, course)
        client.enroll(student, course)

    client.want(student, [])
    client.post_json(f"/v1/students/{double}/merge", {"into": student}, status=200)

    dropped = [course for _, course, _, status in client.events() if status == "dropped"]
    void = [course for _, course, _, status in client.events() if status == "void"]
    assert (dropped, void[:12]) == (courses, courses)
