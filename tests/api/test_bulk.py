"""POST /v1/courses/{id}/students: many students at once."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import pytest
from webtest import TestResponse

from tests.support.client import Client, broken
from tests.support.traced import traced

# Here the transactions count, so no other is around them.
pytestmark = pytest.mark.usefixtures("location")


def fill(
    client: Client, course: int, students: list[int], status: int = 201, **fields: Any
) -> TestResponse:
    items = [{"student_id": student} for student in students]
    if fields.pop("waitlist", False):
        items = [item | {"waitlist": True} for item in items]
    path = f"/v1/courses/{course}/students"
    return client.post_json(path, {"students": items} | fields, status=status)


def outcomes(answer: TestResponse) -> list[tuple[int, int, list[str]]]:
    """Of each student: the status, and the codes of what speaks against it."""
    return [
        (item["student_id"], item["status"], [reason["code"] for reason in item.get("errors", [])])
        for item in answer.json["items"]
    ]


def roster(client: Client, course: int, status: str = "enrolled") -> list[int]:
    items = client.walk(f"/v1/courses/{course}/students?status={status}")
    return [item["student_id"] for item in items]


def test_all_are_enrolled_in_the_order_of_the_list(client: Client):
    course = client.course(capacity=3)
    first, second, third = (client.student() for _ in range(3))

    answer = fill(client, course, [third, first, second])

    assert outcomes(answer) == [(third, 201, []), (first, 201, []), (second, 201, [])]
    for item in answer.json["items"]:
        enrollment = client.get(f"/v1/students/{item['student_id']}/courses/{course}").json
        assert item["enrollment"] == enrollment
    assert [event[0] for event in client.events()] == [third, first, second]


def test_all_or_none_and_every_reason_for_each(client: Client):
    course = client.course(capacity=2, code="CS101")
    enrolled, inactive, last = client.student(), client.student(status="inactive"), client.student()
    client.enroll(enrolled, course)

    answer = fill(client, course, [enrolled, inactive, 99, last, last, client.student()], 422)

    assert broken(answer) == [
        ("/students/0/student_id", "already_enrolled"),
        ("/students/1/student_id", "student_inactive"),
        ("/students/2/student_id", "unknown_student"),
        ("/students/4/student_id", "duplicate_student"),
        ("/students/5/student_id", "course_full"),
    ]
    assert roster(client, course) == [enrolled]
    full = answer.json["errors"][-1]
    assert full["detail"] == "No seat of CS101 is free: 2 of 2 taken."


def test_each_who_may_is_enrolled_and_a_refusal_costs_no_seat(client: Client):
    course = client.course(capacity=1)
    inactive, first, second = client.student(status="inactive"), client.student(), client.student()

    answer = fill(client, course, [inactive, first, 99, second], 207, mode="each")

    assert outcomes(answer) == [
        (inactive, 409, ["student_inactive"]),
        (first, 201, []),
        (99, 409, ["unknown_student"]),
        (second, 409, ["course_full"]),
    ]
    assert roster(client, course) == [first]


def test_who_finds_no_seat_may_wait_until_the_waitlist_is_full_too(client: Client):
    course = client.course(capacity=1, waitlist_capacity=2)
    students = [client.student() for _ in range(4)]

    answer = fill(client, course, students, 207, mode="each", waitlist=True)

    assert outcomes(answer)[-1] == (students[-1], 409, ["waitlist_full"])
    states = [
        (item["enrollment"]["status"], item["enrollment"]["position"])
        for item in answer.json["items"][:-1]
    ]
    assert states == [("enrolled", None), ("waitlisted", 1), ("waitlisted", 2)]
    assert roster(client, course, "waitlisted") == students[1:3]


def test_an_override_holds_for_all_of_them(client: Client):
    course = client.course(capacity=0)
    students = [client.student(), client.student()]
    override = {"rules": ["course_full"], "reason": "the dean agrees"}

    fill(client, course, students, override=override)

    assert roster(client, course) == students
    assert [event["overridden"] for event in client.walk("/v1/events")] == [["course_full"]] * 2


def test_a_list_without_students_changes_nothing(client: Client):
    assert fill(client, client.course(), []).json == {"items": []}


def test_a_course_that_does_not_exist_has_no_students(client: Client):
    assert fill(client, 7, [client.student()], 404).json["code"] == "course_not_found"


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({}, "/students", "missing"),
        ({"students": [{}]}, "/students/0/student_id", "missing"),
        ({"students": [{"student_id": 0}]}, "/students/0/student_id", "invalid_value"),
        ({"students": [], "mode": "some"}, "/mode", "invalid_value"),
        ({"students": [1]}, "/students/0", "invalid_value"),
        ({"students": [{"student_id": 1}] * 10_001}, "/students", "invalid_value"),
    ],
    ids=["no list", "no id", "bad id", "bad mode", "bare id", "too many"],
)
def test_what_is_no_list_of_students_is_refused(client: Client, body: Any, pointer: str, code: str):
    answer = client.post_json(f"/v1/courses/{client.course()}/students", body, status=422)

    assert broken(answer) == [(pointer, code)]


def test_a_dry_run_can_be_confirmed_while_no_one_else_takes_a_seat(client: Client):
    course, student = client.course(capacity=2), client.student()
    path, body = f"/v1/courses/{course}/students", {"students": [{"student_id": student}]}
    tag = client.post_json(f"{path}?dry_run=true", body, status=201).headers["ETag"]
    client.enroll(client.student(), course)

    client.post_json(path, body, headers={"If-Match": tag}, status=412)

    tag = client.post_json(f"{path}?dry_run=true", body, status=201).headers["ETag"]
    client.post_json(path, body, headers={"If-Match": tag}, status=201)


def test_a_tag_is_not_fooled_by_one_who_goes_and_one_who_comes(client: Client):
    course, first, second = client.course(capacity=2), client.student(), client.student()
    client.enroll(first, course)
    tag = client.get(f"/v1/courses/{course}").headers["ETag"]
    client.put_status(first, course, "dropped")
    client.enroll(second, course)

    body = {"students": [{"student_id": first}]}
    path = f"/v1/courses/{course}/students"
    client.post_json(path, body, headers={"If-Match": tag}, status=412)


def test_figures_are_those_of_the_moment(client: Client):
    course = client.course(capacity=1, waitlist_capacity=1, code="CS101")
    students = [client.student() for _ in range(4)]

    answer = fill(client, course, students, 409, waitlist=True)

    assert [reason["detail"] for reason in answer.json["errors"]] == [
        "No seat of CS101 is free, and the waitlist is full: 1 of 1 taken."
    ] * 2


def test_who_waits_and_takes_the_seat_waits_no_more(client: Client):
    course = client.course(capacity=1, promotion="manual", code="CS101")
    client.enroll(client.student(), course)
    first, second = client.student(), client.student()
    client.enroll(first, course, waitlist=True)
    body = {"code": "CS101", "title": "Databases", "capacity": 3, "promotion": "manual"}
    client.put_json(f"/v1/courses/{course}", body, status=200)

    fill(client, course, [first, second])

    assert len(roster(client, course)) == 3


def test_of_a_student_who_does_not_exist_nothing_else_is_said(client: Client):
    course = client.course(capacity=0, prerequisites=[{"code": "CS1"}], corequisites=["CS2"])

    assert broken(fill(client, course, [99], 409)) == [
        ("/students/0/student_id", "unknown_student")
    ]


def of_writes(statements: list[str]) -> Iterator[str]:
    """The statements of the transactions that write. A read before one looks the token up, unless
    that was done within the last second."""
    is_write = False
    for statement in statements:
        is_write = statement == "BEGIN IMMEDIATE" or (is_write and statement != "BEGIN")
        if is_write:
            yield statement


@pytest.mark.usefixtures("template")  # SQLite shows its statements.
def test_many_students_take_as_many_statements_as_one(client: Client):
    students = [client.student() for _ in range(200)]
    counts = []
    for wanted in (students[:1], students):
        with traced(client.app.database) as statements:
            fill(client, client.course(capacity=200), wanted)
        # Each once, however many triggers it sets off.
        counts.append(len(list(groupby(of_writes(statements)))))

    assert counts[0] == counts[1] < 30


@pytest.mark.slow
def test_ten_thousand_students_are_enrolled_and_completed_in_one_request_each(client: Client):
    with client.app.database.write() as db:
        db.execute(
            "WITH RECURSIVE number (n) AS ("
            "SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 10000)"
            " INSERT INTO student (given_name, family_name) SELECT 'Ada', 'L' || n FROM number"
        )
    course = client.course(capacity=9_999)
    students = list(range(1, 10_001))

    assert broken(fill(client, course, students, 409)) == [
        ("/students/9999/student_id", "course_full")
    ]
    assert client.events() == []
    fill(client, course, students, 207, mode="each")
    assert client.get(f"/v1/courses/{course}").json["seats"]["enrolled"] == 9_999

    change(client, course, [(student, "completed") for student in students[:-1]])

    assert len(client.walk(f"/v1/courses/{course}/students?status=completed&limit=1000")) == 9_999


# Completing and dropping


def change(
    client: Client, course: int, items: list[tuple[int, str]], status: int = 201, **fields: Any
) -> TestResponse:
    students = [{"student_id": student, "status": to} for student, to in items]
    path = f"/v1/courses/{course}/students"
    return client.post_json(path, {"students": students} | fields, status=status)


def test_a_class_is_completed_dropped_and_filled_in_one_request(client: Client):
    course = client.course(capacity=2)
    first, second, third, fourth = (client.student() for _ in range(4))
    fill(client, course, [first, second])
    items = [(third, "enrolled"), (second, "dropped"), (first, "completed"), (fourth, "enrolled")]

    answer = change(client, course, items, reason="end of term")

    assert outcomes(answer) == [
        (third, 201, []),
        (second, 200, []),
        (first, 200, []),
        (fourth, 201, []),
    ]
    for (student, status), item in zip(items, answer.json["items"], strict=True):
        assert item["enrollment"] == client.get(f"/v1/students/{student}/courses/{course}").json
        assert item["enrollment"]["status"] == status
    assert {event["reason"] for event in client.walk("/v1/events")[2:]} == {"end of term"}


def test_a_seat_that_is_left_goes_to_the_waitlist_first(client: Client):
    course = client.course(capacity=1)
    first, waiting, new = (client.student() for _ in range(3))
    client.enroll(first, course)
    client.enroll(waiting, course, waitlist=True)

    answer = change(client, course, [(first, "dropped"), (new, "enrolled")], 207, mode="each")

    assert outcomes(answer) == [(first, 200, []), (new, 409, ["course_full"])]
    assert roster(client, course) == [waiting]


def test_all_or_none_end_and_every_reason_for_each(client: Client):
    course = client.course()
    enrolled, dropped, never, twice = (client.student() for _ in range(4))
    fill(client, course, [enrolled, dropped, twice])
    client.put_status(dropped, course, "dropped")
    before = client.events()
    items = [
        (enrolled, "completed"),
        (dropped, "completed"),
        (never, "dropped"),
        (99, "completed"),
        (twice, "dropped"),
        (twice, "enrolled"),
        (enrolled, "completed"),
    ]

    answer = change(client, course, items, 422)

    assert broken(answer) == [
        ("/students/1/status", "not_enrolled"),
        ("/students/2/status", "not_enrolled"),
        ("/students/3/student_id", "unknown_student"),
        ("/students/5/student_id", "duplicate_student"),
        ("/students/6/student_id", "duplicate_student"),
    ]
    assert client.events() == before


def test_each_whose_enrollment_may_end_ends(client: Client):
    course = client.course()
    enrolled, done, never = (client.student() for _ in range(3))
    fill(client, course, [enrolled, done])
    client.put_status(done, course, "completed")
    before = client.get(f"/v1/students/{done}/courses/{course}").json
    items = [(enrolled, "completed"), (done, "completed"), (never, "completed"), (99, "dropped")]

    answer = change(client, course, items, 207, mode="each")

    assert outcomes(answer) == [
        (enrolled, 200, []),
        (done, 200, []),
        (never, 409, ["not_enrolled"]),
        (99, 409, ["unknown_student"]),
    ]
    assert answer.json["items"][1]["enrollment"] == before


def test_many_end_when_they_did_and_not_before_the_last_event(client: Client):
    course = client.course()
    early, late = client.student(), client.student()
    client.enroll(early, course, effective_at="2026-09-01T08:00:00Z")
    client.enroll(late, course)
    items = [(early, "completed"), (late, "completed")]
    at = {"effective_at": "2026-09-02T08:00:00Z"}

    assert broken(change(client, course, items, 409, **at)) == [
        ("/effective_at", "effective_too_early")
    ]
    answer = change(client, course, items, 207, mode="each", **at)

    assert outcomes(answer) == [(early, 200, []), (late, 409, ["effective_too_early"])]
    assert answer.json["items"][0]["enrollment"]["completed_at"] == "2026-09-02T08:00:00.000Z"
