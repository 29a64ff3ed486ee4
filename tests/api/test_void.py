"""An enrollment that was entered in error: void, it counts for nothing, and its events stay."""

from typing import Any

import pytest
from webtest import TestResponse

from enrollment.model.types import Timestamp
from enrollment.storage.database import Database
from tests.support.client import Client, broken, mismatches

VOID = {"status": "void", "reason": "entered in error"}


def void(client: Client, student: int, course: int, status: int = 200) -> TestResponse:
    return client.put_json(f"/v1/students/{student}/courses/{course}", VOID, status=status)


def seats(client: Client, course: int) -> dict[str, Any]:
    return client.get(f"/v1/courses/{course}").json["seats"]


def test_a_void_enrollment_is_nowhere_but_in_the_history(client: Client):
    student, course = client.student(), client.course(capacity=1)
    enrolled = client.enroll(student, course).json

    answer = void(client, student, course)

    assert answer.json == enrolled | {"status": "void", "enrolled_at": None, "version": 2}
    path = f"/v1/students/{student}/courses/{course}"
    assert client.get(path, status=404).json["code"] == "enrollment_not_found"
    assert client.walk(f"/v1/students/{student}/courses") == []
    assert client.walk(f"/v1/courses/{course}/students") == []
    assert seats(client, course)["enrolled"] == 0
    events = client.walk(f"{path}/events")
    assert [(e["from_status"], e["to_status"], e["reason"]) for e in events] == [
        (None, "enrolled", None),
        ("enrolled", "void", "entered in error"),
    ]
    assert events[1]["effective_at"] == events[0]["effective_at"]
    assert client.walk("/v1/events?kind=void") == events[1:]
    assert mismatches(client.app) == []


def test_since_the_void_was_recorded_the_enrollment_never_was(client: Client):
    client.term(start_on="2026-08-31", end_on="2099-12-18")
    student, course = client.student(), client.course(term="2026-FALL")
    client.enroll(student, course, effective_at="2026-09-01T08:00:00Z")
    client.put_status(student, course, "dropped")
    dropped = client.walk("/v1/events")[-1]["recorded_at"]
    # What is recorded within the same millisecond is known then, too.
    while Timestamp.now() == dropped:
        pass
    void(client, student, course)

    for path in (f"/v1/students/{student}/courses", f"/v1/courses/{course}/students"):
        assert client.walk(f"{path}?as_of=2026-09-02") == []
        assert client.walk(f"{path}?as_of={dropped}") == []
        (believed,) = client.walk(f"{path}?as_of=2026-09-02&known_at={dropped}")
        assert (believed["status"], believed["enrolled_at"]) == (
            "enrolled",
            "2026-09-01T08:00:00.000Z",
        )
    census = "/v1/terms/1/census?as_of=2026-09-02"
    assert client.get(census).json["totals"]["enrolled"] == 0
    assert client.get(f"{census}&known_at={dropped}").json["totals"]["enrolled"] == 1


def test_after_a_void_a_student_enrolls_anew_and_even_earlier(client: Client):
    student, course = client.student(), client.course()
    client.enroll(student, course, effective_at="2026-09-10T08:00:00Z")
    client.put_status(student, course, "dropped")
    void(client, student, course)

    again = client.enroll(student, course, effective_at="2026-09-01T08:00:00Z").json

    assert again["enrolled_at"] == "2026-09-01T08:00:00.000Z"
    assert (again["dropped_at"], again["version"]) == (None, 4)
    (seen,) = client.walk(f"/v1/courses/{course}/students?as_of=2026-09-05")
    assert (seen["status"], seen["dropped_at"]) == ("enrolled", None)
    assert mismatches(client.app) == []
    void(client, student, course)
    path = f"/v1/students/{student}/courses/{course}"
    assert client.put_json(path, {"status": "enrolled"}, status=201).json["version"] == 6


def test_the_seat_of_a_void_enrollment_goes_to_the_waitlist(client: Client):
    course = client.course(capacity=1)
    first, second = client.student(), client.student()
    client.enroll(first, course)
    client.enroll(second, course, waitlist=True)

    void(client, first, course)

    assert client.status(second, course) == "enrolled"


def test_a_place_on_a_waitlist_can_be_void(client: Client):
    course = client.course(capacity=0)
    first, second = client.student(), client.student()
    client.enroll(first, course, waitlist=True)
    client.enroll(second, course, waitlist=True)

    void(client, first, course)

    (waiting,) = client.walk(f"/v1/courses/{course}/students")
    assert (waiting["student_id"], waiting["position"]) == (second, 1)


def test_a_second_void_changes_nothing(client: Client):
    student, course = client.student(), client.course()
    client.enroll(student, course)
    first = void(client, student, course)

    assert void(client, student, course).json == first.json
    assert len(client.events()) == 2


def test_a_void_enrollment_is_neither_completed_nor_dropped(client: Client):
    student, course = client.student(), client.course()
    client.enroll(student, course)
    void(client, student, course)

    for status in ("completed", "dropped"):
        answer = client.put_status(student, course, status, 409)
        assert broken(answer) == [("/status", "not_enrolled")]
    client.delete(f"/v1/students/{student}/courses/{course}", status=404)


@pytest.mark.parametrize(
    ("body", "reasons"),
    [
        ({"status": "void"}, [("/reason", "reason_required")]),
        ({**VOID, "effective_at": "2026-09-01"}, [("/effective_at", "invalid_value")]),
        ({**VOID, "effective_at": "2026-09-01T08:00:00Z"}, [("/effective_at", "void_has_no_time")]),
    ],
    ids=["no reason", "a date", "a time"],
)
def test_reason_required_and_void_has_no_time(
    client: Client, body: dict[str, Any], reasons: list[tuple[str, str]]
):
    student, course = client.student(), client.course()
    client.enroll(student, course)

    answer = client.put_json(f"/v1/students/{student}/courses/{course}", body, status=422)

    assert broken(answer) == reasons
    assert client.status(student, course) == "enrolled"


def test_not_enrolled_who_never_was_in_the_course(client: Client):
    answer = void(client, client.student(), client.course(), 409)

    assert broken(answer) == [("/status", "not_enrolled")]
    assert client.events() == []


def test_enrollment_completed(client: Client):
    student, course = client.student(), client.course(code="CS101", repeatable=True)
    client.complete(student, course)
    client.enroll(student, course)

    answer = void(client, student, course, 409)

    assert broken(answer) == [("/status", "enrollment_completed")]
    assert client.status(student, course) == "enrolled"


def test_void_too_late(client: Client):
    client.term(code="2020-FALL", start_on="2020-08-31", end_on="2020-12-18")
    student, course = client.student(), client.course(term="2020-FALL")
    override = {"rules": ["term_ended"], "reason": "the dean agrees"}
    client.enroll(student, course, override=override)

    assert broken(void(client, student, course, 409)) == [("/status", "void_too_late")]


# Deletion


@pytest.mark.parametrize("kind", ["students", "courses"])
def test_what_has_only_void_enrollments_is_deleted_and_the_history_stays(
    client: Client, database: Database, kind: str
):
    student, course, other = client.student(), client.course(), client.course()
    client.enroll(student, course)
    client.enroll(student, other)
    void(client, student, course)
    void(client, student, other)
    before = client.walk("/v1/events")

    client.delete(f"/v1/{kind}/1", status=204)

    client.get(f"/v1/{kind}/1", status=404)
    assert client.walk("/v1/events") == before
    assert client.get(f"/v1/{kind}/1/changes").json["items"][-1]["after"] is None
    assert mismatches(client.app) == []


@pytest.mark.parametrize(
    ("kind", "code"),
    [("students", "student_has_enrollments"), ("courses", "course_has_enrollments")],
)
def test_one_enrollment_that_is_not_void_keeps_a_record(client: Client, kind: str, code: str):
    first, second = client.student(), client.student()
    course, other = client.course(), client.course()
    for student, wanted in ((first, course), (first, other), (second, course)):
        client.enroll(student, wanted)
    void(client, first, course)

    answer = client.delete(f"/v1/{kind}/1", status=409)

    assert broken(answer) == [("", code)]
    assert answer.json["errors"][0]["details"] == {"enrollments": 1}
