"""The order of a waitlist: a registrar moves a student within it, on record."""

from itertools import product
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from enrollment.data.waitlist_place import fraction_between
from tests.api.test_waitlist import enrolled, full, join, last_event, waiting
from tests.support.client import Client, broken
from tests.support.undone import undone


def move(client: Client, student: int, course: int, position: int, status: int = 200) -> Any:
    path = f"/v1/students/{student}/courses/{course}/position"
    body = {"position": position, "reason": "needs it to graduate"}
    return client.put_json(path, body, status=status)


def order(client: Client, course: int) -> list[int]:
    """The students on the waitlist, in its order."""
    places = waiting(client, course)
    assert [position for _, position in places] == [*range(1, len(places) + 1)]
    return [student for student, _ in places]


@pytest.fixture
def queue(client: Client) -> tuple[int, list[int]]:
    """A course, and four students who wait for it."""
    course, _ = full(client)
    return course, [join(client, course) for _ in range(4)]


def test_a_student_is_moved_to_a_position(
    client: Client, queue: tuple[int, list[int]], subtests: pytest.Subtests
):
    course, waiting = queue
    for old, new in product(range(4), repeat=2):
        with subtests.test(old=old, new=new), undone(client.app.database):
            students = [*waiting]
            student = students.pop(old)

            answer = move(client, student, course, new + 1)

            students.insert(new, student)
            assert order(client, course) == students
            assert (answer.json["status"], answer.json["position"]) == ("waitlisted", new + 1)
            assert answer.json == client.get(f"/v1/students/{student}/courses/{course}").json


def test_a_move_is_on_record_with_its_reason(client: Client, queue: tuple[int, list[int]]):
    course, (first, *_, last) = queue
    joined = last_event(client, last, course)

    answer = move(client, last, course, 2)

    assert last_event(client, last, course) == joined | {
        "id": joined["id"] + 1,
        "from_status": "waitlisted",
        "recorded_at": last_event(client, last, course)["recorded_at"],
        "reason": "needs it to graduate",
        "position": 2,
    }
    assert answer.json["version"] == 2
    assert answer.json["waitlisted_at"] == joined["effective_at"]
    assert len(client.walk(f"/v1/students/{first}/courses/{course}/events")) == 1


def test_a_move_to_the_same_position_leaves_nothing(client: Client, queue: tuple[int, list[int]]):
    course, (_, second, *_) = queue
    before = client.events()

    first = move(client, second, course, 1)
    assert move(client, second, course, 1).json == first.json

    assert len(client.events()) == len(before) + 1


def test_a_move_is_undone_by_moving_back(client: Client, queue: tuple[int, list[int]]):
    course, students = queue

    move(client, students[3], course, 1)
    move(client, students[3], course, 4)

    assert order(client, course) == students
    assert order(client, course) == [*students[:3], students[3]]
    late = join(client, course)
    assert order(client, course) == [*students, late]


def test_the_next_seat_is_given_in_the_new_order(client: Client, queue: tuple[int, list[int]]):
    course, students = queue
    (seated,) = enrolled(client, course)
    move(client, students[2], course, 1)

    client.delete(f"/v1/students/{seated}/courses/{course}", status=204)
    client.delete(f"/v1/students/{students[2]}/courses/{course}", status=204)

    assert enrolled(client, course) == [students[0]]
    assert order(client, course) == [students[1], students[3]]


def test_a_registrar_promotes_in_the_new_order(client: Client):
    course, seated = full(client, promotion="manual")
    first, second = join(client, course), join(client, course)
    move(client, second, course, 1)
    client.delete(f"/v1/students/{seated}/courses/{course}", status=204)

    assert broken(client.enroll(first, course, 409)) == [("/course_id", "course_full")]
    answer = client.post_json(f"/v1/courses/{course}/promotions", {"seats": 1}, status=200)

    assert [item["student_id"] for item in answer.json["items"]] == [second]


def test_any_number_of_moves_between_two_students_finds_a_place(client: Client):
    course, _ = full(client)
    first, second, third = (join(client, course) for _ in range(3))
    students = [first, second, third]
    for turn in range(60):
        old, new = (2, 1) if turn % 2 else (1, 2)
        students.insert(new, students.pop(old))
        move(client, students[new], course, new + 1)
        assert order(client, course) == students
    for _ in range(30):
        students.insert(0, students.pop())
        move(client, students[0], course, 1)
        assert order(client, course) == students


def test_a_promotion_that_is_taken_back_returns_to_the_moved_place(
    client: Client, queue: tuple[int, list[int]]
):
    course, students = queue
    (seated,) = enrolled(client, course)
    move(client, students[2], course, 2)
    move(client, students[0], course, 4)
    assert order(client, course) == [students[2], students[1], students[3], students[0]]
    client.delete(f"/v1/students/{seated}/courses/{course}", status=204)
    # Between the place that was left, and the next one.
    move(client, students[3], course, 1)
    assert order(client, course) == [students[3], students[1], students[0]]

    path = f"/v1/students/{students[2]}/courses/{course}/corrections"
    client.patch_json(f"/v1/courses/{course}", {"capacity": 0}, status=200)
    client.post_json(path, {"take_back": "latest_change", "reason": "an error"}, status=200)

    assert order(client, course) == [students[2], students[3], students[1], students[0]]
    client.patch_json(f"/v1/courses/{course}", {"capacity": 1}, status=200)
    assert enrolled(client, course) == [students[2]]
    client.patch_json(f"/v1/courses/{course}", {"capacity": 0}, status=200)
    client.post_json(path, {"take_back": "latest_change", "reason": "an error"}, status=200)
    assert order(client, course) == [students[2], students[3], students[1], students[0]]


def test_who_comes_again_comes_last(client: Client, queue: tuple[int, list[int]]):
    course, students = queue
    move(client, students[3], course, 1)

    client.delete(f"/v1/students/{students[3]}/courses/{course}", status=204)
    client.enroll(students[3], course, waitlist=True)

    assert order(client, course) == students


def test_a_merge_takes_the_moved_place_along(client: Client, queue: tuple[int, list[int]]):
    course, students = queue
    move(client, students[3], course, 2)
    other = client.student()

    client.post_json(f"/v1/students/{students[3]}/merge", {"into": other}, status=200)

    assert order(client, course) == [students[0], other, students[1], students[2]]
    third = client.student()
    client.post_json(f"/v1/students/{other}/merge", {"into": third}, status=200)
    assert order(client, course) == [students[0], third, students[1], students[2]]


def test_a_skipped_student_is_told_again_after_a_move(client: Client):
    course, seated = full(client)
    first, second = join(client, course), join(client, course)
    client.hold(first)
    client.patch_json(f"/v1/courses/{course}", {"capacity": 2}, status=200)
    assert enrolled(client, course) == [seated, second]
    third = join(client, course)

    move(client, first, course, 2)
    assert order(client, course) == [third, first]
    client.patch_json(f"/v1/courses/{course}", {"capacity": 4}, status=200)

    assert last_event(client, first, course)["reason"].startswith("passed over: student_on_hold")
    assert last_event(client, first, course)["position"] is None
    assert order(client, course) == [first]


def test_history_shows_the_move_and_who_waited(client: Client, queue: tuple[int, list[int]]):
    course, students = queue
    move(client, students[3], course, 1)
    moment = last_event(client, students[3], course)["recorded_at"]

    for query in (f"as_of={moment}", f"known_at={moment}"):
        items = client.walk(f"/v1/courses/{course}/students?{query}&status=waitlisted")
        assert [(item["student_id"], item["position"]) for item in items] == [
            (student, None) for student in students
        ]


def test_no_such_position(client: Client, queue: tuple[int, list[int]]):
    course, (first, *_) = queue
    before = client.events()

    answer = move(client, first, course, 5, 409)

    assert broken(answer) == [("/position", "no_such_position")]
    assert answer.json["errors"][0]["details"] == {"course": "CS101", "waitlisted": 4}
    assert client.events() == before


def test_not_waitlisted(client: Client, queue: tuple[int, list[int]]):
    course, (first, *_) = queue
    (seated,) = enrolled(client, course)
    client.delete(f"/v1/students/{first}/courses/{course}", status=204)

    for student in (seated, first):
        assert broken(move(client, student, course, 1, 409)) == [("", "not_waitlisted")]


def test_whoever_was_never_in_the_course_is_not_found(client: Client, queue: tuple[int, list[int]]):
    course, (first, *_) = queue
    assert move(client, client.student(), course, 1, 404).json["code"] == "enrollment_not_found"
    assert move(client, 99, course, 1, 404).json["code"] == "student_not_found"
    assert move(client, first, 99, 1, 404).json["code"] == "course_not_found"


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"position": 1}, "/reason", "missing"),
        ({"position": 1, "reason": None}, "/reason", "invalid_value"),
        ({"reason": "why"}, "/position", "missing"),
        ({"position": 0, "reason": "why"}, "/position", "invalid_value"),
        ({"position": "1", "reason": "why"}, "/position", "invalid_value"),
        ({"position": 1, "reason": "why", "override": None}, "/override", "unknown_name"),
    ],
    ids=["no reason", "a reason that is null", "no position", "zero", "a text", "an override"],
)
def test_a_move_needs_a_position_and_a_reason(
    client: Client, queue: tuple[int, list[int]], body: Any, pointer: str, code: str
):
    course, (first, *_) = queue
    path = f"/v1/students/{first}/courses/{course}/position"

    assert broken(client.put_json(path, body, status=422)) == [(pointer, code)]


FRACTIONS = st.text("0123456789", max_size=12).map(lambda digits: digits.rstrip("0"))


@given(low=FRACTIONS, high=FRACTIONS | st.none())
def test_there_is_a_fraction_between_any_two(low: str, high: str | None):
    assume(high is None or low < high)

    between = fraction_between(low, high)

    assert low < between
    assert high is None or between < high
    assert between.isdigit()
    assert not between.endswith("0")


def test_places_that_change_for_one_another_change_the_tag_of_the_list(client: Client):
    """One place up and another down, so that the sum of the places stays."""
    up, down = client.course(capacity=0), client.course(capacity=0)
    student, other = client.student(), client.student()
    ahead = client.student()
    client.enroll(ahead, up, waitlist=True)
    for course in (up, down):
        client.enroll(student, course, waitlist=True)
    client.enroll(other, down, waitlist=True)
    path = f"/v1/students/{student}/courses"
    before = client.get(path)

    client.put_status(ahead, up, "dropped")
    move(client, other, down, 1)

    after = client.get(path, headers={"If-None-Match": before.headers["ETag"]}, status=200)
    assert [item["position"] for item in before.json["items"]] == [2, 1]
    assert [item["position"] for item in after.json["items"]] == [1, 2]
