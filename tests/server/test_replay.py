"""The checker of races: what it takes for possible, and what it does not."""

from typing import Any

import pytest

from tests.support.replay import Exchange, Replay

COURSES = {1: {"capacity": 5, "waitlist_capacity": None, "promotion": "automatic"}}
# In seconds; the event is recorded at 0.010, and its commit takes until 0.050.
RECORDED, COMMITTED = 0.010, 0.050
EVENT = {
    "id": 1,
    "student_id": 1,
    "course_id": 1,
    "from_status": None,
    "to_status": "enrolled",
    "recorded_at": "1970-01-01T00:00:00.010Z",
    "reason": "first",
}
ENROLLMENT = {"student_id": 1, "course_id": 1, "status": "enrolled", "version": 1, "position": None}
HOLD = {"id": 1, "reason": "second"}


def enroll(sent: float = 0.005, received: float = COMMITTED) -> Exchange:
    body = {"course_id": 1, "reason": "first"}
    return Exchange("POST", "/v1/students/1/courses", body, 201, ENROLLMENT, sent, received)


def read(sent: float, received: float, *items: dict[str, Any]) -> Exchange:
    answer = {"items": [*items], "next": None}
    return Exchange("GET", "/v1/courses/1/students", None, 200, answer, sent, received)


def check(*exchanges: Exchange) -> None:
    replay = Replay([EVENT], COURSES, exchanges)
    replay.check_steps()
    replay.check_answers()


@pytest.mark.parametrize(
    ("sent", "received"),
    [(0.001, 0.002), (0.011, 0.012), (0.030, 0.040), (0.049, 0.060), (0.049, 9)],
)
def test_what_no_one_has_seen_may_be_missing_however_long_ago_it_was_recorded(
    sent: float, received: float
):
    check(enroll(), read(sent, received))


@pytest.mark.parametrize("seen", [enroll(), read(0.020, COMMITTED, ENROLLMENT)])
def test_what_someone_has_seen_must_be_seen_by_whoever_asks_then(seen: Exchange):
    others = [] if seen == enroll() else [enroll(received=9)]
    with pytest.raises(AssertionError, match="true at no time"):
        check(*others, seen, read(0.051, 0.060))
    check(*others, seen, read(0.051, 0.060, ENROLLMENT))


def test_what_is_not_recorded_yet_is_seen_by_no_one():
    check(enroll(), read(0.001, RECORDED, ENROLLMENT))
    with pytest.raises(AssertionError, match="true at no time"):
        check(enroll(), read(0.001, 0.009, ENROLLMENT))


def test_a_request_has_recorded_nothing_before_it_was_sent():
    # The time that is recorded has no microseconds.
    check(enroll(sent=0.0109))
    with pytest.raises(AssertionError, match="not in time"):
        check(enroll(sent=0.011))


def hold(placed: tuple[float, float], released: tuple[float, float]) -> list[Exchange]:
    path, body = "/v1/students/1/holds", {"reason": "second"}
    return [
        Exchange("POST", path, body, 201, HOLD, *placed),
        Exchange("DELETE", f"{path}/1", None, 204, None, *released),
    ]


@pytest.mark.parametrize(
    ("placed", "released"),
    [
        ((0.001, 0.002), (0.003, 0.004)),
        ((0.001, RECORDED), (0.030, 0.040)),
        ((0.001, 0.002), (0.0109, 0.040)),
        ((0.020, 0.030), (0.040, 0.050)),
    ],
    ids=["released before", "perhaps placed after", "perhaps released before", "placed after"],
)
def test_a_hold_that_may_not_have_been_in_force_keeps_no_one(
    placed: tuple[float, float], released: tuple[float, float]
):
    check(enroll(), *hold(placed, released))


def test_a_hold_that_was_in_force_keeps_the_student():
    with pytest.raises(AssertionError, match="on hold, and yet"):
        check(enroll(), *hold((0.001, 0.009), (0.011, 0.040)))
