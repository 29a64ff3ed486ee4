"""Corrections of the latest change of an enrollment, and the outcomes of completed courses."""

from typing import Any

import pytest
from webtest import TestResponse

from enrollment.app import App
from enrollment.model.types import Timestamp
from tests.support.client import Client, broken, mismatches
from tests.support.tokens import STUDENT_TOKEN, add_student_token


def day(number: int) -> str:
    return f"2020-01-{number:02}T12:00:00.000Z"


def correct(
    client: Client, student: int, course: int, to: str, status: int = 200, **fields: Any
) -> TestResponse:
    fields = {"correction": True, "reason": "a slip"} | fields
    return client.put_status(student, course, to, status, **fields)


def take_back(
    client: Client, student: int, course: int, status: int = 200, **fields: Any
) -> TestResponse:
    path = f"/v1/students/{student}/courses/{course}/corrections"
    return client.post_json(
        path, {"take_back": "latest_change", "reason": "a slip"} | fields, status=status
    )


def last(client: Client, *names: str) -> tuple[Any, ...]:
    """These fields of the last event."""
    event = client.walk("/v1/events")[-1]
    return tuple(event[name] for name in names)


def moment_of_last(client: Client) -> str:
    """When the last event was recorded. It is over: what is recorded within the same millisecond
    would be known then, too."""
    (moment,) = last(client, "recorded_at")
    while Timestamp.now() == moment:
        pass
    return str(moment)


def since(answer: TestResponse) -> dict[str, str]:
    """The times of an enrollment, by status."""
    names = ("enrolled", "waitlisted", "completed", "dropped")
    return {name: answer.json[f"{name}_at"] for name in names if answer.json[f"{name}_at"]}


@pytest.fixture
def dropped(client: Client) -> tuple[Client, int, int]:
    """Enrolled on the 5th, and by mistake dropped on the 20th instead of the 10th."""
    client.term(start_on="2020-01-01", end_on="2099-01-01")
    student, course = client.student(), client.course(term="2026-FALL", capacity=1)
    client.enroll(student, course, effective_at=day(5))
    client.put_status(student, course, "dropped", effective_at=day(20))
    return client, student, course


# Issue 14, 1.4: a registrar may correct the latest change, its status, effective time or outcome


def test_the_effective_time_of_the_latest_change_is_corrected(dropped: tuple[Client, int, int]):
    client, student, course = dropped

    answer = correct(client, student, course, "dropped", effective_at=day(10))

    assert since(answer) == {"enrolled": day(5), "dropped": day(10)}
    assert answer.json["version"] == 3
    names = ("from_status", "to_status", "effective_at", "reason", "corrects")
    assert last(client, *names) == ("enrolled", "dropped", day(10), "a slip", 2)
    assert mismatches(client.app) == []


def test_the_status_of_the_latest_change_is_corrected(dropped: tuple[Client, int, int]):
    client, student, course = dropped

    answer = correct(client, student, course, "completed", passed=False, grade="W")

    assert since(answer) == {"enrolled": day(5), "completed": day(20)}
    assert (answer.json["passed"], answer.json["grade"]) == (False, "W")
    assert last(client, "from_status", "to_status", "corrects") == ("enrolled", "completed", 2)
    assert mismatches(client.app) == []


def test_the_outcome_of_the_latest_change_is_corrected(client: Client):
    student, course = client.student(), client.course()
    client.enroll(student, course, effective_at=day(5))
    client.put_status(student, course, "completed", effective_at=day(10), passed=False, grade="F")

    answer = correct(client, student, course, "completed", passed=True)
    assert (answer.json["passed"], answer.json["grade"]) == (True, "F")
    assert answer.json["completed_at"] == day(10)
    answer = correct(client, student, course, "completed", grade="B+")
    assert (answer.json["passed"], answer.json["grade"]) == (True, "B+")
    answer = correct(client, student, course, "completed", grade=None)
    assert (answer.json["passed"], answer.json["grade"]) == (True, None)
    assert [event["corrects"] for event in client.walk("/v1/events")] == [None, None, 2, 3, 4]
    assert mismatches(client.app) == []


@pytest.mark.parametrize("to", ["dropped", "enrolled"])
def test_a_correction_needs_a_reason(dropped: tuple[Client, int, int], to: str):
    client, student, course = dropped

    answer = correct(client, student, course, to, 422, reason=None)

    assert broken(answer) == [("/reason", "reason_required")]
    path = f"/v1/students/{student}/courses/{course}/corrections"
    answer = client.post_json(path, {"take_back": "latest_change"}, status=422)
    assert broken(answer) == [("/reason", "missing")]
    assert len(client.events()) == 2


# ... or take it back, so that the one before holds again


def test_a_completion_is_taken_back(client: Client):
    student, course = client.student(), client.course()
    enrolled = client.enroll(student, course, effective_at=day(5)).json
    client.put_status(student, course, "completed", effective_at=day(10), grade="A")

    answer = take_back(client, student, course)

    assert answer.json == enrolled | {"version": 3}
    names = ("from_status", "to_status", "effective_at", "corrects", "restores")
    assert last(client, *names) == (None, "enrolled", day(5), 2, 1)
    assert mismatches(client.app) == []


def test_the_status_that_held_before_takes_the_change_back(dropped: tuple[Client, int, int]):
    client, student, course = dropped

    first = correct(client, student, course, "enrolled")
    again = correct(client, student, course, "enrolled")

    assert since(first) == {"enrolled": day(5)}
    assert last(client, "corrects", "restores") == (2, 1)
    assert again.json == first.json


def test_what_held_before_is_not_changed_while_a_change_is_taken_back(
    dropped: tuple[Client, int, int],
):
    client, student, course = dropped

    answer = correct(client, student, course, "enrolled", 409, effective_at=day(4))

    assert broken(answer) == [("/effective_at", "correction_required")]
    correct(client, student, course, "enrolled", effective_at=day(5))
    correct(client, student, course, "enrolled", effective_at=day(4))
    assert last(client, "effective_at", "corrects", "restores") == (day(4), 3, None)


def test_an_outcome_that_held_before_is_not_changed_while_a_change_is_taken_back(client: Client):
    student, course = client.student(), client.course(repeatable=True)
    client.enroll(student, course)
    client.put_status(student, course, "completed", grade="B")
    client.put_status(student, course, "enrolled")

    answer = correct(client, student, course, "completed", 409, passed=False, grade="A")

    assert sorted(broken(answer)) == [
        ("/grade", "correction_required"),
        ("/passed", "correction_required"),
    ]
    answer = correct(client, student, course, "completed", passed=True, grade="B")
    assert (answer.json["status"], answer.json["grade"]) == ("completed", "B")


def test_taking_back_the_first_change_makes_the_enrollment_void(client: Client):
    student, course = client.student(), client.course()
    client.enroll(student, course, effective_at=day(5))

    assert take_back(client, student, course).json["status"] == "void"

    names = ("to_status", "effective_at", "corrects", "restores")
    assert last(client, *names) == ("void", day(5), 1, None)
    assert broken(take_back(client, student, course, 409)) == [("", "nothing_to_correct")]
    answer = correct(client, student, course, "dropped", 409)
    assert broken(answer) == [("", "nothing_to_correct")]
    assert mismatches(client.app) == []


def test_a_promotion_is_not_taken_back_to_be_made_again(client: Client):
    course = client.course(capacity=1)
    first, second = client.student(), client.student()
    client.enroll(first, course)
    client.enroll(second, course, waitlist=True)
    client.put_status(first, course, "dropped")
    before = client.get(f"/v1/students/{second}/courses/{course}").json

    refused = take_back(client, second, course, 409)

    assert broken(refused) == [("", "promoted_again")]
    assert client.get(f"/v1/students/{second}/courses/{course}").json == before
    override = {"rules": ["course_full"], "reason": "dropped by mistake"}
    assert take_back(client, first, course, override=override).json["status"] == "enrolled"
    assert take_back(client, second, course).json["status"] == "waitlisted"
    assert mismatches(client.app) == []


def test_a_student_who_left_the_waitlist_by_mistake_gets_a_seat_that_is_free_by_now(
    client: Client,
):
    course = client.course(capacity=1)
    first, second = client.student(), client.student()
    client.enroll(first, course)
    client.enroll(second, course, waitlist=True)
    for student in (second, first):
        client.put_status(student, course, "dropped")

    assert take_back(client, second, course).json["status"] == "enrolled"


def test_what_began_after_a_void_goes_back_no_further(client: Client):
    student, course = client.student(), client.course()
    client.enroll(student, course)
    client.put_status(student, course, "void", reason="x")
    client.put_status(student, course, "enrolled", 201, effective_at=day(9))

    correct(client, student, course, "enrolled", effective_at=day(3))
    assert take_back(client, student, course).json["status"] == "void"
    assert mismatches(client.app) == []


def test_a_first_change_in_a_term_that_is_over_is_not_taken_back(client: Client):
    client.term(start_on="2020-01-01", end_on="2020-06-01")
    student, course = client.student(), client.course(term="2026-FALL")
    override = {"rules": ["term_ended"], "reason": "the dean agrees"}
    client.put_status(student, course, "enrolled", 201, effective_at=day(5), override=override)

    assert broken(take_back(client, student, course, 409)) == [("", "void_too_late")]


def test_a_correction_to_void_is_a_void(client: Client):
    course = client.course(capacity=1)
    student, second = client.student(), client.student()
    client.enroll(student, course)
    client.enroll(second, course, waitlist=True)

    assert correct(client, student, course, "void").json["status"] == "void"

    assert client.status(second, course) == "enrolled"


# It is an event that names the event it corrects; nothing is deleted


def test_nothing_is_deleted(dropped: tuple[Client, int, int]):
    client, student, course = dropped
    before = client.walk("/v1/events")

    correct(client, student, course, "dropped", effective_at=day(10))
    take_back(client, student, course)

    after = client.walk("/v1/events")
    assert after[:2] == before
    assert [(e["corrects"], e["restores"]) for e in after[2:]] == [(2, None), (3, 1)]


# as_of tells what is true by all corrections known at known_at


def statuses(client: Client, student: int, course: int, query: str) -> list[str]:
    """What the lists, in each order, and the census say, which agree."""
    of_student = client.walk(f"/v1/students/{student}/courses?{query}")
    found = [item["status"] for item in of_student]
    for order in ("status", "name"):
        of_course = client.walk(f"/v1/courses/{course}/students?{query}&order={order}")
        assert found == [item["status"] for item in of_course]
    totals = client.get(f"/v1/terms/1/census?{query}").json["totals"]
    assert [name for name, count in totals.items() for _ in range(count)] == found
    return found


def test_as_of_shows_what_is_true_by_the_corrections_known_then(dropped: tuple[Client, int, int]):
    client, student, course = dropped
    believed = moment_of_last(client)
    correct(client, student, course, "dropped", effective_at=day(10))
    corrected = moment_of_last(client)
    take_back(client, student, course)

    for at, wrong, right in ((7, "enrolled", "enrolled"), (15, "enrolled", "dropped")):
        query = f"as_of={day(at)}"
        assert statuses(client, student, course, f"{query}&known_at={believed}") == [wrong]
        assert statuses(client, student, course, f"{query}&known_at={corrected}") == [right]
        assert statuses(client, student, course, query) == ["enrolled"]
    assert statuses(client, student, course, f"as_of={day(4)}") == []
    assert statuses(client, student, course, f"known_at={corrected}") == ["dropped"]


def test_a_change_that_is_corrected_to_later_was_not_before(dropped: tuple[Client, int, int]):
    client, student, course = dropped
    correct(client, student, course, "dropped", effective_at=day(25))

    assert statuses(client, student, course, f"as_of={day(22)}") == ["enrolled"]
    (item,) = client.walk(f"/v1/students/{student}/courses?as_of={day(26)}")
    (now,) = client.walk(f"/v1/students/{student}/courses")
    assert item == now


def test_what_is_void_after_a_correction_never_was(dropped: tuple[Client, int, int]):
    client, student, course = dropped
    take_back(client, student, course)
    correct(client, student, course, "enrolled", effective_at=day(2))
    client.put_status(student, course, "void", reason="x")

    for at in (1, 3, 7, 21):
        assert statuses(client, student, course, f"as_of={day(at)}") == []
    assert mismatches(client.app) == []


# Times, prerequisites, credits, counts and promotions follow the corrected truth


@pytest.mark.parametrize("passed", [True, False])
def test_a_prerequisite_follows_a_correction(client: Client, passed: bool):
    student = client.student()
    first = client.course(code="CS101")
    second = client.course(code="CS102", prerequisites=[{"code": "CS101"}])
    client.enroll(student, first)
    client.put_status(student, first, "completed", passed=not passed)

    correct(client, student, first, "completed", passed=passed)

    client.enroll(student, second, 201 if passed else 409)
    if passed:
        take_back(client, student, first)
        third = client.course(code="CS103", prerequisites=[{"code": "CS101"}])
        answer = client.enroll(student, third, 409)
        assert broken(answer) == [("/course_id", "prerequisite_missing")]


def test_credits_follow_a_correction(client: Client):
    student = client.student(max_credits=5)
    first, second = client.course(credits=5), client.course(credits=5)
    client.complete(student, first)
    take_back(client, student, first)

    assert broken(client.enroll(student, second, 409)) == [("/course_id", "credit_limit")]
    correct(client, student, first, "enrolled", effective_at=day(3))
    client.put_status(student, first, "dropped")
    client.enroll(student, second)


def test_a_seat_that_a_correction_frees_goes_to_the_waitlist(client: Client):
    course = client.course(capacity=1)
    first, second = client.student(), client.student()
    client.enroll(first, course)
    client.enroll(second, course, waitlist=True)

    take_back(client, first, course)

    assert client.status(second, course) == "enrolled"
    assert client.get(f"/v1/courses/{course}").json["seats"]["enrolled"] == 1


def test_who_becomes_eligible_by_a_correction_is_promoted(client: Client):
    first = client.course(code="CS101")
    second = client.course(code="CS102", capacity=0)
    student = client.student()
    client.enroll(student, first)
    client.put_status(student, first, "completed", passed=False)
    client.enroll(student, second, waitlist=True)
    body = client.get(f"/v1/courses/{second}").json
    fields = {"code": "CS102", "title": "T", "capacity": 1, "prerequisites": [{"code": "CS101"}]}
    client.put_json(f"/v1/courses/{body['id']}", fields)
    assert client.status(student, second) == "waitlisted"

    correct(client, student, first, "completed", passed=True)

    assert client.status(student, second) == "enrolled"


# Without "correction", a PUT that names other times than those on record is refused


@pytest.mark.parametrize(
    ("to", "fields", "pointer"),
    [
        ("enrolled", {"effective_at": day(4)}, "/effective_at"),
        ("dropped", {"effective_at": day(10)}, "/effective_at"),
        ("completed", {"effective_at": day(10)}, "/effective_at"),
        ("completed", {"passed": False}, "/passed"),
        ("completed", {"grade": "A"}, "/grade"),
        ("completed", {"grade": None}, "/grade"),
    ],
)
def test_correction_required(client: Client, to: str, fields: dict[str, Any], pointer: str):
    student, course = client.student(), client.course()
    client.enroll(student, course, effective_at=day(5))
    if to != "enrolled":
        outcome = {"grade": "B"} if to == "completed" else {}
        client.put_status(student, course, to, effective_at=day(20), **outcome)
    before = client.walk("/v1/events")

    answer = client.put_status(student, course, to, 409, **fields)

    assert broken(answer) == [(pointer, "correction_required")]
    assert client.walk("/v1/events") == before


def test_a_put_that_names_what_is_on_record_is_safe_to_repeat(client: Client):
    student, course = client.student(), client.course()
    client.enroll(student, course, effective_at=day(5))
    fields = {"effective_at": day(20), "passed": False, "grade": "F"}
    first = client.put_status(student, course, "completed", **fields)

    assert client.put_status(student, course, "completed", **fields).json == first.json
    assert client.put_status(student, course, "completed").json == first.json
    assert len(client.events()) == 2


@pytest.mark.parametrize("mode", ["all", "each"])
def test_many_who_are_completed_already_are_not_corrected_either(client: Client, mode: str):
    course = client.course()
    first, second = client.student(), client.student()
    for student in (first, second):
        client.enroll(student, course, effective_at=day(5))
    client.put_status(first, course, "completed", effective_at=day(10), grade="B")
    items = [
        {"student_id": first, "status": "completed", "grade": "A"},
        {"student_id": second, "status": "completed", "grade": "A"},
    ]

    answer = client.post_json(
        f"/v1/courses/{course}/students",
        {"students": items, "mode": mode},
        status=409 if mode == "all" else 207,
    )

    reasons = answer.json["errors"] if mode == "all" else answer.json["items"][0]["errors"]
    found = [(reason["pointer"], reason["code"]) for reason in reasons]
    assert found == [("/students/0/grade", "correction_required")]
    assert client.status(second, course) == ("enrolled" if mode == "all" else "completed")


# Several corrections in a row walk back through the history


def test_several_corrections_walk_back_through_the_history(client: Client):
    student, course = client.student(), client.course(repeatable=True)
    client.enroll(student, course, effective_at=day(1))
    client.put_status(student, course, "dropped", effective_at=day(2))
    client.put_status(student, course, "enrolled", effective_at=day(3))
    client.put_status(student, course, "completed", effective_at=day(4), grade="A")

    found = []
    for _ in range(4):
        answer = take_back(client, student, course)
        found.append((answer.json["status"], since(answer)))
        assert mismatches(client.app) == []

    assert found == [
        ("enrolled", {"enrolled": day(3), "dropped": day(2)}),
        ("dropped", {"enrolled": day(1), "dropped": day(2)}),
        ("enrolled", {"enrolled": day(1)}),
        ("void", {}),
    ]
    assert [(e["corrects"], e["restores"]) for e in client.walk("/v1/events")[4:]] == [
        (4, 3),
        (5, 2),
        (6, 1),
        (7, None),
    ]


def test_after_a_correction_the_history_goes_on(dropped: tuple[Client, int, int]):
    client, student, course = dropped
    correct(client, student, course, "dropped", effective_at=day(10))

    client.put_status(student, course, "enrolled", effective_at=day(12))
    answer = client.put_status(student, course, "completed", effective_at=day(15))

    assert since(answer) == {"enrolled": day(12), "completed": day(15), "dropped": day(10)}
    assert mismatches(client.app) == []


# What a correction may not say


@pytest.mark.parametrize(
    ("fields", "status", "reasons"),
    [
        (
            {"to": "dropped", "effective_at": day(4)},
            409,
            [("/effective_at", "effective_too_early")],
        ),
        (
            {"to": "dropped", "effective_at": "2999-01-01T00:00:00Z"},
            422,
            [("/effective_at", "effective_in_future")],
        ),
        ({"to": "dropped", "grade": "W"}, 422, [("/grade", "outcome_without_completion")]),
        ({"to": "enrolled", "passed": True}, 422, [("/passed", "outcome_without_completion")]),
        ({"to": "completed", "grade": "12345678901"}, 422, [("/grade", "invalid_value")]),
        ({"to": "completed", "passed": "yes"}, 422, [("/passed", "invalid_value")]),
        ({"to": "dropped", "correction": 1}, 422, [("/correction", "invalid_value")]),
    ],
    ids=["too early", "future", "grade", "passed", "long grade", "no boolean", "no correction"],
)
def test_a_correction_that_makes_no_sense(
    dropped: tuple[Client, int, int],
    fields: dict[str, Any],
    status: int,
    reasons: list[tuple[str, str]],
):
    client, student, course = dropped

    answer = correct(client, student, course, status=status, **fields)

    assert broken(answer) == reasons
    assert len(client.events()) == 2


@pytest.mark.parametrize("to", ["completed", "dropped"])
def test_a_first_change_was_no_ending(client: Client, to: str):
    student, course = client.student(), client.course()
    client.enroll(student, course)

    assert broken(correct(client, student, course, to, 409)) == [("/status", "not_enrolled")]


def test_a_student_who_only_waited_did_not_complete(client: Client):
    student, course = client.student(), client.course(capacity=0)
    client.enroll(student, course, waitlist=True)
    client.put_status(student, course, "dropped")

    answer = correct(client, student, course, "completed", 409)

    assert broken(answer) == [("/status", "not_enrolled")]


def test_nothing_to_correct(client: Client):
    student, course = client.student(), client.course()

    for answer in (
        correct(client, student, course, "enrolled", 409),
        take_back(client, student, course, 409),
    ):
        assert broken(answer) == [("", "nothing_to_correct")]
    take_back(client, 99, course, 404)
    take_back(client, student, 99, 404)
    path = f"/v1/students/{student}/courses/{course}/corrections"
    answer = client.post_json(path, {"take_back": True, "reason": "x"}, status=422)
    assert broken(answer) == [("/take_back", "invalid_value")]


# Seats: a correction that enrolls takes one that is free


def test_a_drop_is_taken_back_only_into_a_free_seat(dropped: tuple[Client, int, int]):
    client, student, course = dropped
    client.enroll(client.student(), course)

    answer = take_back(client, student, course, 409)
    assert broken(answer) == [("", "course_full")]
    answer = correct(client, student, course, "enrolled", 409)
    assert broken(answer) == [("/status", "course_full")]
    rules = {"rules": ["course_full"], "reason": "our mistake"}
    assert take_back(client, student, course, override=rules).json["status"] == "enrolled"

    assert last(client, "overridden", "reason") == (["course_full"], "our mistake")
    assert client.get(f"/v1/courses/{course}").json["seats"]["enrolled"] == 2


def test_no_other_rule_of_enrolling_is_checked(dropped: tuple[Client, int, int]):
    client, student, course = dropped
    client.hold(student, "fees")

    assert take_back(client, student, course).json["status"] == "enrolled"


# ... since the student was enrolled before. So it gives no seat to a student who only waited


@pytest.fixture
def waiting(client: Client) -> tuple[Client, int, int]:
    """Skipped on the waitlist of a course with a free seat, since the student is in one that counts
    as it."""
    course = client.course(code="CS101", capacity=1)
    other = client.course(code="CS102", counts_as=["CS101"])
    first, student = client.student(), client.student()
    client.enroll(first, course)
    client.enroll(student, course, waitlist=True)
    client.enroll(student, other)
    client.put_status(first, course, "dropped")
    return client, student, course


def refused_seat(client: Client, student: int, course: int) -> list[tuple[str, str]]:
    """Why a correction cannot enroll the student. It leaves all as it is."""
    before = client.walk("/v1/events")
    answer = correct(client, student, course, "enrolled", 409)
    assert client.walk("/v1/events") == before
    return broken(answer)


WAS_NOT_ENROLLED = [("/status", "was_not_enrolled")]


def test_was_not_enrolled(waiting: tuple[Client, int, int]):
    client, student, course = waiting

    assert refused_seat(client, student, course) == WAS_NOT_ENROLLED

    # The plain change checks the rules, and an override is on record.
    answer = client.put_status(student, course, "enrolled", 409)
    assert broken(answer) == [("/status", "another_section")]
    rules = {"rules": ["another_section"], "reason": "the dean agrees"}
    client.put_status(student, course, "enrolled", override=rules)
    assert last(client, "to_status", "overridden") == ("enrolled", ["another_section"])
    # What made the student enrolled is corrected, and taken back to the waitlist.
    correct(client, student, course, "enrolled", effective_at=Timestamp.now())
    assert take_back(client, student, course).json["status"] == "waitlisted"
    assert refused_seat(client, student, course) == WAS_NOT_ENROLLED
    assert mismatches(client.app) == []


def test_a_student_who_left_the_waitlist_is_not_enrolled_by_a_correction(
    waiting: tuple[Client, int, int],
):
    client, student, course = waiting
    client.put_status(student, course, "dropped")

    assert refused_seat(client, student, course) == WAS_NOT_ENROLLED
    assert take_back(client, student, course).json["status"] == "waitlisted"


def freed_course(client: Client) -> tuple[int, int, int]:
    """A course whose one seat is free, and which a registrar gives to one of two who wait for it,
    in their order."""
    course = client.course(capacity=1, promotion="manual")
    first, second, third = client.student(), client.student(), client.student()
    client.enroll(first, course)
    for student in (second, third):
        client.enroll(student, course, waitlist=True)
    client.put_status(first, course, "dropped")
    return course, second, third


def test_a_correction_does_not_jump_a_queue(client: Client):
    course, second, third = freed_course(client)

    assert refused_seat(client, third, course) == WAS_NOT_ENROLLED
    assert positions(client, course) == [second, third]


@pytest.mark.parametrize("ending", ["dropped", "void"])
def test_a_student_who_waits_again_is_not_enrolled_by_a_correction(client: Client, ending: str):
    course = client.course(promotion="manual", capacity=1)
    student, second = client.student(), client.student()
    client.enroll(student, course)
    client.put_status(student, course, ending, reason="x")
    client.enroll(second, course)
    client.enroll(student, course, waitlist=True)
    client.put_status(second, course, "dropped")

    assert refused_seat(client, student, course) == WAS_NOT_ENROLLED


def test_a_correction_of_an_enrollment_from_the_waitlist_is_corrected_back(client: Client):
    course = client.course(capacity=1)
    first, second = client.student(), client.student()
    client.enroll(first, course)
    client.enroll(second, course, waitlist=True)
    client.put_status(first, course, "dropped")
    correct(client, second, course, "dropped")

    assert correct(client, second, course, "enrolled").json["status"] == "enrolled"

    # Also after a change that was taken back.
    correct(client, second, course, "dropped")
    client.put_status(second, course, "enrolled")
    take_back(client, second, course)
    assert correct(client, second, course, "enrolled").json["status"] == "enrolled"
    assert mismatches(client.app) == []


def test_a_seat_that_is_free_goes_to_the_waitlist_first(client: Client):
    course = client.course(capacity=1)
    student, second = client.student(), client.student()
    client.enroll(student, course)
    hold = client.hold(second, "x")
    rules = {"rules": ["student_on_hold"], "reason": "may wait"}
    client.enroll(second, course, waitlist=True, override=rules)
    client.put_status(student, course, "dropped")
    assert client.status(second, course) == "waitlisted"

    assert take_back(client, student, course).json["status"] == "enrolled"
    client.put_status(student, course, "dropped")
    client.delete(f"/v1/students/{second}/holds/{hold}", status=204)
    assert broken(take_back(client, student, course, 409)) == [("", "course_full")]


# Waitlists: the old place comes back


def positions(client: Client, course: int) -> list[int]:
    roster = client.walk(f"/v1/courses/{course}/students?status=waitlisted")
    return [item["student_id"] for item in roster]


def test_a_promotion_that_is_taken_back_gives_the_old_place_back(client: Client):
    course, second, third = freed_course(client)
    client.post_json(f"/v1/courses/{course}/promotions", {"seats": 1})
    assert positions(client, course) == [third]

    answer = take_back(client, second, course)

    assert (answer.json["status"], answer.json["position"]) == ("waitlisted", 1)
    assert positions(client, course) == [second, third]
    assert mismatches(client.app) == []


def test_leaving_a_waitlist_that_is_taken_back_gives_the_old_place_back(client: Client):
    course = client.course(capacity=0)
    students = [client.student() for _ in range(3)]
    for student in students:
        client.enroll(student, course, waitlist=True)

    for _ in range(2):
        client.put_status(students[0], course, "dropped")
        take_back(client, students[0], course)
        assert positions(client, course) == students


def test_a_place_is_taken_back_only_while_the_waitlist_has_room(client: Client):
    course = client.course(capacity=0, waitlist_capacity=1)
    first, second = client.student(), client.student()
    client.enroll(first, course, waitlist=True)
    client.put_status(first, course, "dropped")
    client.enroll(second, course, waitlist=True)

    refused = take_back(client, first, course, 409)
    assert broken(refused) == [("", "waitlist_full")]
    assert "is free, and the waitlist is full: 1 of 1 taken." in refused.json["detail"]
    rules = {"rules": ["waitlist_full"], "reason": "our mistake"}
    take_back(client, first, course, override=rules)
    assert positions(client, course) == [first, second]


# What others see


def test_students_see_outcomes_and_corrections(app: App, client: Client):
    student, course = client.student(), client.course()
    client.enroll(student, course)
    client.put_status(student, course, "completed", passed=False, grade="F")
    correct(client, student, course, "completed", grade="W")
    add_student_token(app.database, student)
    own = Client(app, STUDENT_TOKEN)

    (item,) = own.walk(f"/v1/students/{student}/courses")
    assert (item["passed"], item["grade"]) == (False, "W")
    events = own.walk(f"/v1/students/{student}/courses/{course}/events")
    found = [(event["passed"], event["grade"], event["corrects"]) for event in events]
    assert found == [(None, None, None), (False, "F", None), (False, "W", 2)]


def test_a_correction_is_conditional(dropped: tuple[Client, int, int]):
    client, student, course = dropped
    path = f"/v1/students/{student}/courses/{course}"
    etag = client.get(path).headers["ETag"]
    body = {"status": "dropped", "effective_at": day(9), "correction": True, "reason": "x"}
    back = {"take_back": "latest_change", "reason": "x"}

    client.put_json(path, body, headers={"If-Match": etag})
    client.put_json(path, body | {"effective_at": day(8)}, headers={"If-Match": etag}, status=412)
    client.post_json(f"{path}/corrections", back, headers={"If-Match": etag}, status=412)
    etag = client.get(path).headers["ETag"]
    client.post_json(f"{path}/corrections", back, headers={"If-Match": etag})


# Issue 14, 2.2: completing takes passed and grade


def test_completing_takes_passed_and_grade(client: Client):
    student, course = client.student(), client.course()
    client.enroll(student, course)

    answer = client.put_status(student, course, "completed", passed=False, grade="F")

    assert (answer.json["passed"], answer.json["grade"]) == (False, "F")
    assert last(client, "to_status", "passed", "grade") == ("completed", False, "F")
    (item,) = client.walk(f"/v1/courses/{course}/students")
    assert (item["passed"], item["grade"]) == (False, "F")
    assert client.get(f"/v1/students/{student}/courses/{course}").json == answer.json


def test_many_complete_with_an_outcome_each(client: Client):
    course = client.course()
    students = [client.student() for _ in range(4)]
    for student in students[:3]:
        client.enroll(student, course)
    outcomes: list[dict[str, Any]] = [{"grade": "A"}, {"passed": False, "grade": "F"}, {}]
    items = [
        {"student_id": student, "status": "completed", **outcome}
        for student, outcome in zip(students, outcomes, strict=False)
    ]
    items.append({"student_id": students[3]})

    answer = client.post_json(f"/v1/courses/{course}/students", {"students": items}, status=201)

    found = [
        (item["enrollment"]["passed"], item["enrollment"]["grade"]) for item in answer.json["items"]
    ]
    assert found == [(True, "A"), (False, "F"), (True, None), (None, None)]
    assert mismatches(client.app) == []


@pytest.mark.parametrize("status", ["enrolled", "dropped"])
def test_outcome_without_completion(client: Client, status: str):
    student, course = client.student(), client.course()
    client.enroll(student, course)

    answer = client.put_status(student, course, status, 422, passed=True, grade="A")
    reasons = [("/grade", "outcome_without_completion"), ("/passed", "outcome_without_completion")]
    assert broken(answer) == reasons
    items = [{"student_id": student, "status": status, "grade": "A"}]
    answer = client.post_json(f"/v1/courses/{course}/students", {"students": items}, status=422)
    assert ("/students/0/grade", "outcome_without_completion") in broken(answer)
    assert client.status(student, course) == "enrolled"


def test_a_student_who_has_not_passed_meets_no_prerequisite_and_no_corequisite(client: Client):
    student, first = client.student(), client.course(code="CS101")
    client.enroll(student, first)
    client.put_status(student, first, "completed", passed=False)

    for fields, code in (
        ({"prerequisites": [{"code": "CS101"}]}, "prerequisite_missing"),
        ({"prerequisites": [{"code": "CS101", "concurrent": True}]}, "prerequisite_missing"),
        ({"corequisites": ["CS101"]}, "corequisite_missing"),
    ):
        answer = client.enroll(student, client.course(**fields), 409)
        assert broken(answer) == [("/course_id", code)]


def test_a_student_who_has_not_passed_may_repeat(client: Client):
    student, course = client.student(), client.course()
    client.enroll(student, course, effective_at=day(1))
    client.put_status(student, course, "completed", effective_at=day(2), passed=False, grade="F")

    again = client.put_status(student, course, "enrolled", effective_at=day(3))
    assert (again.json["passed"], again.json["grade"]) == (False, "F")
    client.put_status(student, course, "completed", effective_at=day(4), grade="C")

    answer = client.put_status(student, course, "enrolled", 409)
    assert broken(answer) == [("/status", "already_completed")]


def test_a_student_who_passed_once_has_passed_whatever_comes_later(client: Client):
    student, first = client.student(), client.course(code="CS101", repeatable=True)
    client.enroll(student, first)
    client.put_status(student, first, "completed", grade="D")
    client.put_status(student, first, "enrolled")
    client.put_status(student, first, "completed", passed=False, grade="W")

    client.enroll(student, client.course(prerequisites=[{"code": "CS101"}]))
    take_back(client, student, first)
    take_back(client, student, first)
    assert client.get(f"/v1/students/{student}/courses/{first}").json["grade"] == "D"


def test_a_withdrawal_with_a_w_is_completed_and_not_passed(client: Client):
    course = client.course(code="CS101", capacity=1)
    student, second = client.student(), client.student()
    client.enroll(student, course)
    client.enroll(second, course, waitlist=True)

    client.put_status(student, course, "completed", passed=False, grade="W")

    assert client.status(second, course) == "enrolled"
    (item,) = client.walk(f"/v1/students/{student}/courses?status=completed")
    assert (item["passed"], item["grade"]) == (False, "W")


def test_an_outcome_as_of_a_time_is_that_of_the_time(client: Client):
    student, course = client.student(), client.course(repeatable=True)
    client.enroll(student, course, effective_at=day(1))
    client.put_status(student, course, "completed", effective_at=day(2), passed=False, grade="F")
    client.put_status(student, course, "enrolled", effective_at=day(3))
    client.put_status(student, course, "completed", effective_at=day(4), grade="B")
    known = moment_of_last(client)
    correct(client, student, course, "completed", grade="A")

    def outcome(query: str) -> tuple[Any, Any]:
        (item,) = client.walk(f"/v1/students/{student}/courses?{query}")
        return item["passed"], item["grade"]

    assert outcome(f"as_of={day(1)}") == (None, None)
    assert outcome(f"as_of={day(3)}") == (False, "F")
    assert outcome(f"as_of={day(5)}") == (True, "A")
    assert outcome(f"as_of={day(5)}&known_at={known}") == (True, "B")


def test_a_merge_moves_what_stands_and_the_outcome(client: Client):
    one, other, course = client.student(), client.student(), client.course()
    client.enroll(one, course, effective_at=day(5))
    client.put_status(one, course, "completed", effective_at=day(20), grade="F")
    correct(client, one, course, "completed", effective_at=day(10), passed=False)

    client.post_json(f"/v1/students/{one}/merge", {"into": other})

    moved = client.get(f"/v1/students/{other}/courses/{course}").json
    assert (moved["passed"], moved["grade"], moved["version"]) == (False, "F", 2)
    assert (moved["enrolled_at"], moved["completed_at"]) == (day(5), day(10))
    assert mismatches(client.app) == []
