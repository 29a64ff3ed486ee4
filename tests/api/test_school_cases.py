"""Cases that registrars have met elsewhere. Each test is named after what is right."""

from typing import Any

import pytest

from tests.support.client import Client, broken

PAST_TERM = {"code": "2020-FALL", "start_on": "2020-08-31", "end_on": "2020-12-18"}
FALL = {"code": "2099-FALL", "start_on": "2099-08-31", "end_on": "2099-12-18"}
SPRING = {"code": "2100-SPRING", "start_on": "2100-01-18", "end_on": "2100-05-07"}
MONDAY_AT_NINE = {"weekday": 1, "from": "09:00", "to": "10:00"}
OVERRIDE = {"rules": ["term_ended"], "reason": "the dean agrees"}


def codes(answer: Any) -> list[str]:
    return [code for _, code in broken(answer)]


def change_course(client: Client, course: int, **fields: Any) -> Any:
    """Change these fields of a course, and keep the others."""
    own = client.get(f"/v1/courses/{course}").json
    read_only = ("id", "version", "seats", "label", "updated_at")
    body = {name: value for name, value in own.items() if name not in read_only}
    return client.put_json(f"/v1/courses/{course}", body | fields, status=200)


def join(client: Client, course: int, student: int) -> None:
    """Let another student take the only seat of a course, and this one wait."""
    client.enroll(client.student(), course)
    client.enroll(student, course, waitlist=True)


# A cancelled course


def test_a_cancelled_course_takes_no_time(client: Client):
    student = client.student()
    cancelled = client.course(meetings=[MONDAY_AT_NINE])
    client.enroll(student, cancelled)
    other = client.course(meetings=[MONDAY_AT_NINE])
    assert codes(client.enroll(student, other, 409)) == ["time_conflict"]

    change_course(client, cancelled, status="cancelled")

    client.enroll(student, other)


def test_a_cancelled_course_takes_no_credits(client: Client):
    student = client.student(max_credits=5)
    cancelled = client.course(credits=5)
    client.enroll(student, cancelled)

    change_course(client, cancelled, status="cancelled")

    client.enroll(student, client.course(credits=5))


def test_a_cancelled_course_meets_no_corequisite(client: Client):
    student = client.student()
    lab = client.course(code="BIO1L")
    client.enroll(student, lab)
    change_course(client, lab, status="cancelled")

    answer = client.enroll(student, client.course(code="BIO1", corequisites=["BIO1L"]), 409)

    assert codes(answer) == ["corequisite_missing"]


def test_a_course_completed_before_it_was_cancelled_stays_completed(client: Client):
    student, basic = client.student(), client.course(code="CS1")
    client.enroll(student, basic)
    client.put_status(student, basic, "completed")

    change_course(client, basic, status="cancelled")

    client.enroll(student, client.course(prerequisites=[{"code": "CS1"}]))


@pytest.mark.parametrize(
    ("first", "changed"),
    [
        ({"meetings": [MONDAY_AT_NINE]}, {"status": "cancelled"}),
        ({"meetings": [MONDAY_AT_NINE]}, {"meetings": []}),
        ({"credits": 20}, {"credits": 1}),
    ],
    ids=["cancelled", "other meetings", "fewer credits"],
)
def test_a_change_of_a_course_lets_its_students_be_promoted_elsewhere(
    client: Client, first: dict[str, Any], changed: dict[str, Any]
):
    student = client.student(max_credits=20)
    keeps = client.course(**first)
    wanted = client.course(capacity=1, credits=1, meetings=[MONDAY_AT_NINE])
    join(client, wanted, student)
    client.enroll(student, keeps)
    change_course(client, wanted, capacity=2)
    assert client.status(student, wanted) == "waitlisted"

    change_course(client, keeps, **changed)

    assert client.status(student, wanted) == "enrolled"


def test_a_renamed_course_lets_those_who_completed_it_be_promoted(client: Client):
    student, basic = client.student(), client.course(code="CS1")
    client.enroll(student, basic)
    client.put_status(student, basic, "completed")
    advanced = client.course(capacity=1)
    join(client, advanced, student)
    change_course(client, advanced, capacity=2, prerequisites=[{"code": "CS10"}])
    assert client.status(student, advanced) == "waitlisted"

    change_course(client, basic, code="CS10")

    assert client.status(student, advanced) == "enrolled"


# At the same time


@pytest.mark.parametrize(
    "requirement",
    [{"corequisites": ["BIO1L"]}, {"prerequisites": [{"code": "BIO1L", "concurrent": True}]}],
    ids=["corequisite", "concurrent prerequisite"],
)
def test_a_course_of_a_later_term_is_not_taken_at_the_same_time(
    client: Client, requirement: dict[str, Any]
):
    student, fall, spring = client.student(), client.term(**FALL), client.term(**SPRING)
    later = client.course(code="BIO1L", term=spring)
    client.enroll(student, later)
    lecture = client.course(code="BIO1", term=fall, **requirement)

    assert len(codes(client.enroll(student, lecture, 409))) == 1

    client.put_status(student, later, "completed")
    client.enroll(student, lecture)


# A term that is over


def test_a_term_that_is_over_takes_no_one(client: Client):
    student, course = client.student(), client.course(term=client.term(**PAST_TERM))

    answer = client.enroll(student, course, 409)

    assert codes(answer) == ["term_ended"]
    assert answer.json["detail"].endswith(", 2020-FALL, ended on 2020-12-18.")
    assert client.get(f"/v1/students/{student}/eligible-courses").json["items"] == []
    client.enroll(student, course, override=OVERRIDE)


def test_a_window_that_is_open_later_lets_students_enroll_late(client: Client):
    term = client.term(**PAST_TERM)
    late = client.course(term=term, enroll_until="2099-01-01T00:00:00Z")

    client.enroll(client.student(), late)


def test_no_one_is_promoted_into_a_term_that_is_over(client: Client):
    first, second, term = client.student(), client.student(), client.term(**PAST_TERM)
    course = client.course(capacity=1)
    client.enroll(first, course)
    client.enroll(second, course, waitlist=True)
    change_course(client, course, term=term)

    client.put_status(first, course, "completed")

    assert client.status(second, course) == "waitlisted"


# The head of a manual waitlist


def test_a_seat_is_held_for_those_ahead_of_the_one_who_asks(client: Client):
    course = client.course(capacity=0, promotion="manual")
    first, second = client.student(), client.student()
    for student in (first, second):
        client.enroll(student, course, waitlist=True)
    client.post_json(f"/v1/students/{first}/holds", {"reason": "unpaid fees"}, status=201)
    change_course(client, course, capacity=1)
    assert codes(client.enroll(second, course, 409)) == ["course_full"]
    assert codes(client.enroll(first, course, 409)) == ["student_on_hold"]

    override = {"rules": ["student_on_hold"], "reason": "paid in cash"}
    client.enroll(first, course, override=override)

    assert client.status(first, course) == "enrolled"


def test_those_who_wait_count_once_in_a_request_that_lets_them_in(client: Client):
    course = client.course(capacity=0, promotion="manual")
    first, second, third = (client.student() for _ in range(3))
    for student in (first, second):
        client.enroll(student, course, waitlist=True)
    change_course(client, course, capacity=3)

    body = {"students": [{"student_id": student} for student in (second, third, first)]}
    client.post_json(f"/v1/courses/{course}/students", body, status=201)
