"""Swaps: a student waits for a seat and keeps another one, which is dropped with the promotion."""

from typing import Any

import pytest

from tests.api.test_waitlist import enrolled, full, last_event, waiting
from tests.support.client import Client, broken, mismatches

MONDAY = [{"weekday": 1, "from": "09:00", "to": "10:00"}]


def swap(client: Client, student: int, course: int, other: int, status: int = 201, **fields: Any):
    """Ask for a seat, or for a place on the waitlist, instead of another enrollment."""
    return client.enroll(student, course, status, instead_of=other, waitlist=True, **fields)


def sections(client: Client, **fields: Any) -> tuple[int, int, int, int]:
    """Two sections at one time. The first is full: the student who has its seat, and one who has a
    seat in the second and waits for the first."""
    client.term(max_credits=5)
    common = {"code": "CS101", "term": "2026-FALL", "credits": 5, "meetings": MONDAY} | fields
    first, second = (client.course(**common, section=str(n), capacity=1) for n in (1, 2))
    seated, student = client.student(), client.student()
    client.enroll(seated, first)
    client.enroll(student, second)
    swap(client, student, first, second)
    return first, second, seated, student


def leave(client: Client, student: int, course: int) -> None:
    client.delete(f"/v1/students/{student}/courses/{course}", status=204)


def test_a_student_keeps_a_section_and_waits_for_another(client: Client):
    first, second, _, student = sections(client)

    item = client.get(f"/v1/students/{student}/courses/{first}").json

    assert (item["status"], item["position"], item["instead_of"]) == ("waitlisted", 1, second)
    assert enrolled(client, second) == [student]
    assert last_event(client, student, first)["instead_of"] == second
    for path in (f"students/{student}/courses", f"courses/{first}/students?status=waitlisted"):
        found = [item["instead_of"] for item in client.walk(f"/v1/{path}")]
        assert sorted(found, key=str)[0] == second


def test_the_promotion_drops_the_other_enrollment_with_it(client: Client):
    first, second, seated, student = sections(client)
    before = len(client.events())

    leave(client, seated, first)

    assert enrolled(client, first) == [student]
    assert enrolled(client, second) == []
    assert client.events()[before:] == [
        (seated, first, "enrolled", "dropped"),
        (student, second, "enrolled", "dropped"),
        (student, first, "waitlisted", "enrolled"),
    ]
    item = client.get(f"/v1/students/{student}/courses/{first}").json
    assert (item["status"], item["instead_of"]) == ("enrolled", None)
    given_up = last_event(client, student, second)
    assert (given_up["reason"], given_up["instead_of"]) == ("promoted from the waitlist", None)


def test_chains_of_swaps_promote_until_no_one_moves(client: Client):
    courses = [client.course(capacity=1, meetings=MONDAY) for _ in range(5)]
    students = [client.student() for _ in courses]
    for student, course in zip(students, courses, strict=True):
        client.enroll(student, course)
    for student, course, wanted in zip(students[1:], courses[1:], courses[:-1], strict=True):
        swap(client, student, wanted, course)
    newcomer = client.student()
    client.enroll(newcomer, courses[-1], waitlist=True)

    answer = client.delete(
        f"/v1/students/{students[0]}/courses/{courses[0]}?dry_run=true", status=200
    )
    assert len(answer.json["events"]) == 1 + 2 * 4 + 1
    leave(client, students[0], courses[0])

    assert [enrolled(client, course) for course in courses] == [
        [student] for student in (*students[1:], newcomer)
    ]
    assert all(waiting(client, course) == [] for course in courses)


def test_a_free_seat_is_swapped_at_once(client: Client):
    one, two = (client.course(meetings=MONDAY, capacity=1) for _ in range(2))
    student, other = client.student(), client.student()
    client.enroll(student, one)
    client.enroll(other, one, waitlist=True)

    answer = client.enroll(student, two, instead_of=one, reason="a better time")

    assert (answer.json["status"], answer.json["instead_of"]) == ("enrolled", None)
    assert enrolled(client, one) == [other]
    reasons = [e["reason"] for e in client.walk(f"/v1/students/{student}/courses/{one}/events")]
    assert reasons == [None, "a better time"]


def test_a_seat_that_is_not_free_is_not_swapped_for(client: Client):
    course, _ = full(client)
    student, other = client.student(), client.course()
    client.enroll(student, other)

    answer = client.enroll(student, course, 409, instead_of=other)

    assert broken(answer) == [("/course_id", "course_full")]
    assert enrolled(client, other) == [student]


def test_a_swap_is_checked_as_if_the_other_enrollment_were_given_up(client: Client):
    """Time, credits and section: without the swap, all three are broken."""
    first, _, _, student = sections(client, repeatable=True)
    leave(client, student, first)
    client.patch_json(f"/v1/courses/{first}", {"capacity": 2}, status=200)

    codes = {code for _, code in broken(client.enroll(student, first, 409))}

    assert codes == {"another_section", "time_conflict", "credit_limit"}


def test_a_swap_gives_up_no_more_than_the_one_enrollment(client: Client):
    one, two, wanted = (client.course(meetings=MONDAY, capacity=1) for _ in range(3))
    student = client.student()
    client.enroll(student, one)
    override = {"rules": ["time_conflict"], "reason": "the dean agrees"}
    client.enroll(student, two, override=override)

    answer = client.enroll(student, wanted, 409, instead_of=one)

    assert broken(answer) == [("/course_id", "time_conflict")]
    assert answer.json["errors"][0]["details"]["conflicting_course_id"] == two


@pytest.mark.parametrize("status", ["dropped", "completed"])
def test_who_has_left_the_other_course_gives_up_nothing(client: Client, status: str):
    first, second, seated, student = sections(client, repeatable=True)
    client.put_status(student, second, status)

    leave(client, seated, first)

    assert enrolled(client, first) == [student]
    assert client.status(student, second) == status
    assert len(client.walk(f"/v1/students/{student}/courses/{second}/events")) == 2


def test_a_swap_that_would_leave_a_pair_alone_is_skipped(client: Client):
    lecture = client.course(code="LECTURE", corequisites=["LAB"])
    lab = client.course(code="LAB", capacity=1)
    course, seated = full(client)
    student = client.student()
    client.want(student, [lecture, lab])
    swap(client, student, course, lab)

    leave(client, seated, course)

    assert client.status(student, course) == "waitlisted"
    reason = last_event(client, student, course)["reason"]
    assert reason == ("passed over: corequisite_missing: LECTURE is taken together with LAB.")
    assert enrolled(client, lab) == [student]
    # Dropped by hand, the lecture needs the lab no more.
    leave(client, student, lecture)
    assert enrolled(client, course) == [student]
    assert enrolled(client, lab) == []


def test_another_section_of_the_other_half_of_a_pair_will_do(client: Client):
    lecture = client.course(code="LECTURE", corequisites=["LAB"])
    lab = client.course(code="LAB", section="1", capacity=1)
    better, seated = full(client, code="LAB", section="2")
    student = client.student()
    client.want(student, [lecture, lab])
    swap(client, student, better, lab)

    leave(client, seated, better)

    assert enrolled(client, better) == [student]
    assert client.status(student, lecture) == "enrolled"
    # At once, too: but not for a course that is no lab.
    other = client.course(code="OTHER")
    answer = client.enroll(student, other, 409, instead_of=better)
    assert broken(answer) == [("/course_id", "corequisite_missing")]


def test_a_skipped_swap_keeps_both_places(client: Client):
    first, second, seated, student = sections(client)
    held = client.hold(student)

    leave(client, seated, first)

    assert waiting(client, first) == [(student, 1)]
    assert enrolled(client, second) == [student]
    client.delete(f"/v1/students/{student}/holds/{held}", status=204)
    assert (enrolled(client, first), enrolled(client, second)) == ([student], [])


@pytest.mark.parametrize("named", [False, True])
def test_a_registrar_promotes_a_swap(client: Client, named: bool):
    course, seated = full(client, promotion="manual")
    other, next_one = client.course(capacity=1), client.student()
    student = client.student()
    client.enroll(student, other)
    client.enroll(next_one, other, waitlist=True)
    swap(client, student, course, other)
    leave(client, seated, course)

    body = {"seats": 1} | ({"student_id": student} if named else {})
    client.post_json(f"/v1/courses/{course}/promotions", body, status=200)

    assert enrolled(client, course) == [student]
    assert enrolled(client, other) == [next_one]


def test_a_promotion_that_is_taken_back_waits_with_its_swap(client: Client):
    first, second, seated, student = sections(client)
    leave(client, seated, first)
    client.patch_json(f"/v1/courses/{first}", {"capacity": 0}, status=200)
    back = {"take_back": "latest_change", "reason": "an error"}
    for course in (second, first):
        path = f"/v1/students/{student}/courses/{course}/corrections"
        client.post_json(path, back, status=200)

    assert client.get(f"/v1/students/{student}/courses/{first}").json["instead_of"] == second
    assert last_event(client, student, first)["instead_of"] == second
    client.patch_json(f"/v1/courses/{first}", {"capacity": 1}, status=200)
    assert (enrolled(client, first), enrolled(client, second)) == ([student], [])


def test_a_merge_takes_the_swap_along(client: Client):
    first, second, seated, student = sections(client)
    other = client.student()
    client.post_json(f"/v1/students/{student}/merge", {"into": other}, status=200)

    leave(client, seated, first)

    assert (enrolled(client, first), enrolled(client, second)) == ([other], [])


@pytest.mark.parametrize("swaps_stays", [True, False], ids=["into it", "into the other"])
@pytest.mark.parametrize("swaps_first", [True, False], ids=["its place", "the other place"])
def test_a_merge_keeps_the_swap_of_either_record_with_the_better_place(
    client: Client, swaps_first: bool, swaps_stays: bool
):
    course, seated = full(client, meetings=MONDAY)
    swaps, waits, other = client.student(), client.student(), client.course(meetings=MONDAY)
    client.enroll(swaps, other)
    for student in (swaps, waits) if swaps_first else (waits, swaps):
        client.enroll(
            student, course, waitlist=True, instead_of=other if student == swaps else None
        )
    merged, kept = (waits, swaps) if swaps_stays else (swaps, waits)

    answer = client.post_json(f"/v1/students/{merged}/merge", {"into": kept}, status=200).json

    # The clash is with the course that is given up.
    assert [item["errors"] for item in answer["items"] if item["course_id"] == course] == [[]]
    place = client.get(f"/v1/students/{kept}/courses/{course}").json
    assert (place["position"], place["instead_of"]) == (1, other)
    leave(client, seated, course)
    assert (enrolled(client, course), enrolled(client, other)) == ([kept], [])
    assert mismatches(client.app) == []


@pytest.mark.parametrize("first_stays", [True, False], ids=["into the first", "into the second"])
def test_of_two_swaps_a_merge_keeps_that_of_the_better_place(client: Client, first_stays: bool):
    course, _ = full(client)
    first, second = client.student(), client.student()
    # The swap of the second is of the course with the lower id.
    other_of_second, other_of_first = client.course(), client.course()
    for student, other in ((first, other_of_first), (second, other_of_second)):
        client.enroll(student, other)
        swap(client, student, course, other)
    merged, kept = (second, first) if first_stays else (first, second)

    client.post_json(f"/v1/students/{merged}/merge", {"into": kept}, status=200)

    place = client.get(f"/v1/students/{kept}/courses/{course}").json
    assert (place["position"], place["instead_of"]) == (1, other_of_first)


def test_who_waits_again_without_a_swap_keeps_the_other_course(client: Client):
    course, seated = full(client)
    student, other = client.student(), client.course()
    client.enroll(student, other)
    swap(client, student, course, other)
    leave(client, student, course)
    client.enroll(student, course, waitlist=True)

    leave(client, seated, course)

    assert (enrolled(client, course), enrolled(client, other)) == ([student], [student])


def test_a_change_of_the_course_does_not_affect_who_waits_with_a_swap(client: Client):
    first, _, _, student = sections(client)

    answer = client.patch_json(f"/v1/courses/{first}", {"open_to": ["SENIOR"]}, status=200).json[
        "affected"
    ]

    codes = {a["student_id"]: [e["code"] for e in a["errors"]] for a in answer}
    assert codes[student] == ["group_required"]


# Refusals


def test_nothing_to_swap(client: Client):
    course, seated = full(client)
    student, other, third = client.student(), client.course(capacity=0), client.course()
    client.enroll(student, other, waitlist=True)
    client.complete(student, third)

    for number in (other, third, course, 99):
        answer = swap(client, student, course, number, 409)
        assert broken(answer) == [("/instead_of", "nothing_to_swap")]
        assert answer.json["errors"][0]["details"] == {"course_id": number}
    assert broken(swap(client, seated, course, course, 409)) == [("/course_id", "already_enrolled")]
    assert waiting(client, course) == []


def test_every_reason_against_a_swap_is_listed(client: Client):
    course, _ = full(client, waitlist_capacity=0)
    answer = swap(client, client.student(), course, 99, 409)

    assert sorted(broken(answer)) == [
        ("/course_id", "waitlist_full"),
        ("/instead_of", "nothing_to_swap"),
    ]


def test_a_student_swaps_in_time_only(client: Client):
    course, seated = full(client)
    early, late = client.course(), client.course(drop_until="2020-01-01T00:00:00Z")
    student, other = client.student(), client.student()
    client.enroll(student, early)
    client.enroll(other, late)

    answer = swap(client.of_student(other), other, course, late, 409)
    assert broken(answer) == [("/instead_of", "drop_closed")]
    swap(client.of_student(student), student, course, early)
    # What was asked for in time is done later too.
    client.patch_json(f"/v1/courses/{early}", {"drop_until": "2020-01-01T00:00:00Z"}, status=200)
    leave(client, seated, course)
    assert enrolled(client, course) == [student]
    assert enrolled(client, early) == []
    # A registrar swaps later, too.
    free = client.course()
    client.enroll(other, free, instead_of=late)


def test_a_swap_takes_effect_no_earlier_than_the_other_enrollment_began(client: Client):
    one, two, student = client.course(), client.course(), client.student()
    client.enroll(student, one, effective_at="2026-09-05T00:00:00Z")

    answer = client.enroll(student, two, 409, instead_of=one, effective_at="2026-09-01T00:00:00Z")
    assert broken(answer) == [("/effective_at", "effective_too_early")]
    client.enroll(student, two, instead_of=one, effective_at="2026-09-09T00:00:00Z")

    assert last_event(client, student, one)["effective_at"] == "2026-09-09T00:00:00.000Z"
