"""What was true when, and what was known when."""

from datetime import UTC, datetime, timedelta

import pytest

from enrollment.model.types import Timestamp
from tests.support.client import Client, broken, today


def moment(day: int, hour: int = 12) -> str:
    return f"2020-01-{day:02}T{hour:02}:00:00.000Z"


@pytest.fixture
def history(client: Client) -> tuple[Client, int, int]:
    """Enrolled on the 5th, dropped on the 10th, enrolled again on the 20th of January 2020."""
    student, course = client.student(), client.course(code="CS101")
    client.enroll(student, course, effective_at=moment(5))
    client.put_status(student, course, "dropped", effective_at=moment(10))
    client.put_status(student, course, "enrolled", effective_at=moment(20))
    return client, student, course


def both(client: Client, student: int, course: int, query: str) -> list[str]:
    """The statuses that the two lists tell, which agree."""
    of_student = client.walk(f"/v1/students/{student}/courses?{query}")
    of_course = client.walk(f"/v1/courses/{course}/students?{query}")
    assert [item["status"] for item in of_student] == [item["status"] for item in of_course]
    return [item["status"] for item in of_student]


AS_OF = [
    ("2020-01-04", []),
    ("2020-01-05", ["enrolled"]),
    ("2020-01-05T11:59:59.999Z", []),
    ("2020-01-05T12:00:00.000Z", ["enrolled"]),
    ("2020-01-05T14:00:00%2B02:00", ["enrolled"]),
    ("2020-01-09", ["enrolled"]),
    ("2020-01-10", ["dropped"]),
    ("2020-01-20", ["enrolled"]),
    ("{today}", ["enrolled"]),
]


def test_as_of_asks_what_was_true(history: tuple[Client, int, int], subtests: pytest.Subtests):
    for as_of, expected in AS_OF:
        with subtests.test(as_of):
            assert both(*history, f"as_of={as_of.format(today=today())}") == expected


def test_the_past_is_told_as_it_was(history: tuple[Client, int, int]):
    client, student, course = history

    (item,) = client.get(f"/v1/students/{student}/courses?as_of=2020-01-15").json["items"]

    assert item == {
        "student_id": student,
        "course_id": course,
        "status": "dropped",
        "position": None,
        "enrolled_at": moment(5),
        "waitlisted_at": None,
        "completed_at": None,
        "dropped_at": moment(10),
        "passed": None,
        "grade": None,
        "instead_of": None,
        "version": 2,
        "code": "CS101",
        "section": None,
        "label": "CS101",
        "title": "Databases",
        "term": None,
        "credits": 0.0,
        "instructor": None,
        "meetings": [],
    }
    (now,) = client.get(f"/v1/students/{student}/courses").json["items"]
    (as_of_now,) = client.get(f"/v1/students/{student}/courses?as_of={today()}").json["items"]
    assert as_of_now == now
    assert (now["enrolled_at"], now["dropped_at"]) == (moment(20), moment(10))


def test_known_at_asks_what_was_known(client: Client):
    student, course = client.student(), client.course()
    client.enroll(student, course, effective_at=moment(5))
    client.put_status(student, course, "dropped", effective_at=moment(10))
    enrolled, dropped = (
        event["recorded_at"]
        for event in client.walk(f"/v1/students/{student}/courses/{course}/events")
    )
    before = (datetime.fromisoformat(enrolled) - timedelta(milliseconds=1)).isoformat()
    before = before.replace("+00:00", "Z")

    assert both(client, student, course, f"known_at={before}") == []
    assert both(client, student, course, f"known_at={dropped}") == ["dropped"]
    # On the 15th the student was no longer there; before it was recorded, no one knew.
    assert both(client, student, course, f"as_of=2020-01-15&known_at={dropped}") == ["dropped"]
    assert both(client, student, course, f"as_of=2020-01-15&known_at={before}") == []
    assert both(client, student, course, f"as_of=2020-01-07&known_at={dropped}") == ["enrolled"]


def test_the_past_is_filtered_and_paged_like_the_present(client: Client):
    course, other = client.course(term=client.term(code="FALL")), client.course()
    students = [client.student() for _ in range(5)]
    for student in students:
        client.enroll(student, course, effective_at=moment(5))
        client.enroll(student, other, effective_at=moment(5))
        client.put_status(student, course, "dropped", effective_at=moment(10 + student))

    def roster(query: str) -> list[int]:
        items = client.walk(f"/v1/courses/{course}/students?limit=2&{query}")
        return [item["student_id"] for item in items]

    assert roster("as_of=2020-01-07") == students
    assert roster("as_of=2020-01-13&status=enrolled") == students[3:]
    assert roster("as_of=2020-01-13&status=dropped") == students[:3]
    items = client.walk("/v1/students/1/courses?as_of=2020-01-07&limit=1")
    assert [item["course_id"] for item in items] == [course, other]
    items = client.walk("/v1/students/1/courses?as_of=2020-01-07&term=FALL")
    assert [item["course_id"] for item in items] == [course]


@pytest.mark.parametrize("kind", ["students/{student}/courses", "courses/{course}/students"])
@pytest.mark.parametrize("name", ["as_of", "known_at"])
def test_what_is_no_time_is_refused(
    client: Client, subtests: pytest.Subtests, kind: str, name: str
):
    path = kind.format(student=client.student(), course=client.course())

    for value in "yesterday 2020-02-30 2020-01-05T12:00:00 2020-1-5 12:00 1767614400 0".split():
        with subtests.test(value):
            answer = client.get(f"/v1/{path}?{name}={value}", status=422)
            assert broken(answer) == [(name, "invalid_value")]


PAST = ("terms/1/census", "students/{student}/courses", "courses/{course}/students")


@pytest.mark.parametrize("path", PAST)
@pytest.mark.parametrize("name", ["as_of", "known_at"])
def test_a_time_in_the_future_is_refused(client: Client, path: str, name: str):
    client.term()
    path = path.format(student=client.student(), course=client.course())
    now = datetime.now(UTC)
    soon = Timestamp.of(now + timedelta(seconds=90))

    for later in (soon, "2999-01-01", "9999-12-31", "2999-01-01T00:00:00Z"):
        answer = client.get(f"/v1/{path}?{name}={later}", status=422)
        assert answer.json["code"] == "time_in_future"
        assert broken(answer) == [(name, "time_in_future")]
    for time in (today(), Timestamp.of(now + timedelta(seconds=30))):
        client.get(f"/v1/{path}?{name}={time}", status=200)


def test_the_next_page_of_today_is_that_of_today(client: Client):
    course = client.course()
    students = [client.student() for _ in range(3)]
    for student in students:
        client.enroll(student, course)

    items = client.walk(f"/v1/courses/{course}/students?as_of={today()}&limit=1")

    assert [item["student_id"] for item in items] == students


def test_an_event_keeps_both_times(client: Client):
    student, course = client.student(), client.course()

    answer = client.enroll(student, course, effective_at="2020-01-05T13:00:00+01:00")

    (event,) = client.walk("/v1/events")
    assert answer.json["enrolled_at"] == event["effective_at"] == moment(5)
    assert event["recorded_at"] > moment(31)


def test_effective_too_early(history: tuple[Client, int, int]):
    client, student, course = history

    answer = client.put_status(student, course, "dropped", 409, effective_at=moment(19))
    assert broken(answer) == [("/effective_at", "effective_too_early")]
    assert answer.json["errors"][0]["details"] == {
        "course_id": course,
        "last_effective_at": moment(20),
    }
    client.put_status(student, course, "dropped", effective_at=moment(20))
    answer = client.enroll(student, course, 409, effective_at=moment(19))
    assert broken(answer) == [("/course_id", "effective_too_early")]
    body = {"students": [{"student_id": student}], "effective_at": moment(19)}
    answer = client.post_json(f"/v1/courses/{course}/students", body, status=409)
    assert broken(answer) == [("/students/0/student_id", "effective_too_early")]


def test_a_set_that_drops_too_early_is_refused_whole(history: tuple[Client, int, int]):
    client, student, course = history
    body = {"courses": [{"course_id": client.course()}], "effective_at": moment(19)}

    answer = client.put_json(f"/v1/students/{student}/courses", body, status=409)

    assert broken(answer) == [("/effective_at", "effective_too_early")]
    assert client.status(student, course) == "enrolled"


def test_what_is_too_early_hides_no_other_reason(history: tuple[Client, int, int]):
    client, student, _ = history
    closed = client.course(status="closed")
    body = {"courses": [{"course_id": closed}, {"course_id": 99}], "effective_at": moment(19)}

    answer = client.put_json(f"/v1/students/{student}/courses", body, status=409)

    assert broken(answer) == [
        ("/effective_at", "effective_too_early"),
        ("/courses/0/course_id", "course_not_open"),
        ("/courses/1/course_id", "unknown_course"),
    ]


def test_effective_in_future(client: Client):
    later = (datetime.now(UTC) + timedelta(minutes=1)).isoformat()

    answer = client.enroll(client.student(), client.course(), 422, effective_at=later)

    assert broken(answer) == [("/effective_at", "effective_in_future")]
    assert client.events() == []


def test_who_is_promoted_is_so_from_now_whatever_was_true_before(client: Client):
    leaver, waiter, course = client.student(), client.student(), client.course(capacity=1)
    client.enroll(leaver, course, effective_at=moment(5))
    client.enroll(waiter, course, waitlist=True, effective_at=moment(6))

    client.put_status(leaver, course, "dropped", effective_at=moment(10))

    events = client.walk("/v1/events")
    assert [event["effective_at"] for event in events[:3]] == [moment(5), moment(6), moment(10)]
    assert events[3]["effective_at"] == events[3]["recorded_at"]
