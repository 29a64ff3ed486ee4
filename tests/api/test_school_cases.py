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


def change_course(client: Client, course: int, expect: int = 200, **fields: Any) -> Any:
    """Change these fields of a course, and keep the others."""
    return client.patch_json(f"/v1/courses/{course}", fields, status=expect)


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


def test_a_cancelled_course_is_dropped_without_the_one_that_required_it(client: Client):
    student = client.student()
    lecture, lab = client.course(code="LECTURE", corequisites=["LAB"]), client.course(code="LAB")
    client.want(student, [lecture, lab])
    path = f"/v1/students/{student}/courses/{lab}"
    client.delete(path, status=409)

    change_course(client, lab, status="cancelled")

    client.delete(path, status=204)
    assert client.status(student, lecture) == "enrolled"


def test_a_course_is_dropped_without_a_cancelled_one_that_required_it(client: Client):
    student = client.student()
    lecture, lab = client.course(code="LECTURE", corequisites=["LAB"]), client.course(code="LAB")
    client.want(student, [lecture, lab])

    change_course(client, lecture, status="cancelled")

    client.want(student, [lecture])
    assert client.status(student, lab) == "dropped"


def test_a_cancelled_course_meets_no_corequisite(client: Client):
    student = client.student()
    lab = client.course(code="BIO1L")
    client.enroll(student, lab)
    change_course(client, lab, status="cancelled")

    answer = client.enroll(student, client.course(code="BIO1", corequisites=["BIO1L"]), 409)

    assert codes(answer) == ["corequisite_missing"]


def test_a_course_completed_before_it_was_cancelled_stays_completed(client: Client):
    student, basic = client.student(), client.course(code="CS1")
    client.complete(student, basic)

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
    client.complete(student, basic)
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
    client.hold(first)
    change_course(client, course, capacity=1)
    assert codes(client.enroll(second, course, 409)) == ["course_full"]
    assert codes(client.enroll(first, course, 409)) == ["student_on_hold"]

    override = {"rules": ["student_on_hold"], "reason": "paid in cash"}
    client.enroll(first, course, override=override)

    assert client.status(first, course) == "enrolled"


def test_who_is_turned_away_takes_no_seat_of_who_waits(client: Client):
    course = client.course(capacity=0, promotion="manual")
    first, newcomer = client.student(), client.student()
    client.enroll(first, course, waitlist=True)
    change_course(client, course, capacity=1)

    students = [{"student_id": newcomer, "waitlist": True}, {"student_id": first}]
    client.post_json(f"/v1/courses/{course}/students", {"students": students}, status=201)

    assert client.status(first, course) == "enrolled"
    assert client.status(newcomer, course) == "waitlisted"


def test_those_who_wait_count_once_in_a_request_that_lets_them_in(client: Client):
    course = client.course(capacity=0, promotion="manual")
    first, second, third = (client.student() for _ in range(3))
    for student in (first, second):
        client.enroll(student, course, waitlist=True)
    change_course(client, course, capacity=3)

    body = {"students": [{"student_id": student} for student in (second, third, first)]}
    client.post_json(f"/v1/courses/{course}/students", body, status=201)


# Pairs


def pair(client: Client) -> tuple[int, int, int]:
    """A student in a lecture and in its lab: the student, the lecture, the lab."""
    student = client.student()
    lecture = client.course(code="BIO1", corequisites=["BIO1L"])
    lab = client.course(code="BIO1L", corequisites=["BIO1"])
    client.want(student, [lecture, lab])
    return student, lecture, lab


def test_half_of_a_pair_cannot_be_dropped(client: Client):
    student, lecture, lab = pair(client)

    by_status = client.put_status(student, lecture, "dropped", 409)
    by_deletion = client.delete(f"/v1/students/{student}/courses/{lecture}", status=409)

    assert broken(by_status) == [("/status", "corequisite_missing")]
    # A request without a body has no field at fault.
    assert broken(by_deletion) == [("", "corequisite_missing")]
    assert by_status.json["detail"] == "BIO1L is taken together with BIO1."
    assert client.status(student, lecture) == client.status(student, lab) == "enrolled"
    client.want(student, [])


def test_half_of_a_pair_cannot_be_dropped_by_a_list(client: Client):
    student, _, lab = pair(client)
    alone = client.student()
    client.enroll(alone, lab, override={"rules": ["corequisite_missing"], "reason": "a repeat"})
    students = [{"student_id": id, "status": "dropped"} for id in (student, alone)]
    path, body = f"/v1/courses/{lab}/students", {"students": students}

    answer = client.post_json(path, body, status=409)
    assert broken(answer) == [("/students/0/status", "corequisite_missing")]

    answer = client.post_json(path, body | {"mode": "each"}, status=207)
    assert [item["status"] for item in answer.json["items"]] == [409, 200]
    assert client.status(student, lab) == "enrolled"
    assert client.status(alone, lab) == "dropped"


def test_a_registrar_may_override_a_pair_with_a_reason(client: Client):
    student, lecture, _ = pair(client)
    override = {"rules": ["corequisite_missing"], "reason": "the lab is full"}

    path = f"/v1/students/{student}/courses/{lecture}"
    client.put_json(path, {"status": "dropped", "override": override}, status=200)

    event = client.walk(f"{path}/events")[-1]
    assert (event["to_status"], event["reason"]) == ("dropped", "the lab is full")
    assert event["overridden"] == ["corequisite_missing"]


def test_a_waitlist_may_be_left_whatever_else_is_needed(client: Client):
    student, lab = client.student(), client.course(code="BIO1L", capacity=1)
    join(client, lab, student)
    lecture = client.course(code="BIO1")
    client.enroll(student, lecture)
    change_course(client, lecture, corequisites=["BIO1L"])

    client.put_status(student, lab, "dropped")


# A student who becomes inactive


def test_what_is_over_stays_when_a_student_becomes_inactive(client: Client):
    student, term = client.student(), client.term(**PAST_TERM)
    past, present = client.course(term=term), client.course()
    client.enroll(student, past, override=OVERRIDE)
    client.enroll(student, present)

    body = {"given_name": "Ada", "family_name": "Lovelace", "status": "inactive"}
    answer = client.put_json(f"/v1/students/{student}", body, status=200)

    assert [item["course_id"] for item in answer.json["dropped"]] == [present]
    assert client.status(student, past) == "enrolled"
    assert client.status(student, present) == "dropped"


# A change of a course with people in it


def affected(answer: Any) -> list[tuple[int, str, list[str]]]:
    return [
        (item["student_id"], item["status"], [error["code"] for error in item["errors"]])
        for item in answer.json["affected"]
    ]


def test_cancelling_tells_whom_it_leaves(client: Client):
    course = client.course(capacity=1)
    waits, enrolled = client.student(), client.student()
    client.enroll(enrolled, course)
    client.enroll(waits, course, waitlist=True)

    answer = change_course(client, course, status="cancelled")

    assert affected(answer) == [
        (enrolled, "enrolled", ["course_not_open"]),
        (waits, "waitlisted", ["course_not_open"]),
    ]
    # They were told of before.
    assert affected(change_course(client, course, title="Cancelled")) == []


def test_a_new_time_tells_whose_other_course_it_meets(client: Client):
    course, other = client.course(), client.course(code="CS1", meetings=[MONDAY_AT_NINE])
    free, busy = client.student(), client.student()
    for student in (free, busy):
        client.enroll(student, course)
    client.enroll(busy, other)

    answer = change_course(client, course, meetings=[MONDAY_AT_NINE])

    assert affected(answer) == [(busy, "enrolled", ["time_conflict"])]
    assert client.status(busy, course) == "enrolled"


def test_a_smaller_room_tells_who_came_last(client: Client):
    course = client.course(capacity=2)
    last, first = client.student(), client.student()
    client.enroll(first, course, effective_at="2026-01-01T08:00:00Z")
    client.enroll(last, course)

    answer = change_course(client, course, capacity=1)

    assert affected(answer) == [(last, "enrolled", ["course_full"])]


def test_a_course_without_seats_is_said_to_have_none(client: Client):
    course = client.course(code="CS101", capacity=1, promotion="manual")
    enrolled, dropped, waiting = (client.student() for _ in range(3))
    client.enroll(dropped, course)
    client.put_status(dropped, course, "dropped")
    client.enroll(enrolled, course)
    client.enroll(waiting, course, waitlist=True)

    changed = change_course(client, course, capacity=0)

    back = {"take_back": "latest_change", "reason": "x"}
    refused = [
        client.enroll(client.student(), course, status=409),
        client.post_json(f"/v1/courses/{course}/promotions", {"seats": 1}, status=409),
        client.post_json(f"/v1/students/{dropped}/courses/{course}/corrections", back, status=409),
    ]
    assert [reason["detail"] for answer in refused for reason in answer.json["errors"]] == [
        "CS101 has no seats."
    ] * 3
    (item,) = (each for each in changed.json["affected"] if each["student_id"] == enrolled)
    assert [reason["detail"] for reason in item["errors"]] == ["CS101 has no seats."]


def test_a_smaller_room_tells_who_came_last_of_those_who_came_together(client: Client):
    course = client.course(capacity=2)
    last, first = client.student(), client.student()
    both = {"students": [{"student_id": first}, {"student_id": last}]}
    client.post_json(f"/v1/courses/{course}/students", both)

    answer = change_course(client, course, capacity=1)

    assert affected(answer) == [(last, "enrolled", ["course_full"])]


def test_a_raised_requirement_tells_who_lacks_it(client: Client):
    course, student = client.course(), client.student()
    client.enroll(student, course)

    answer = change_course(client, course, prerequisites=[{"code": "CS1"}])

    assert affected(answer) == [(student, "enrolled", ["prerequisite_missing"])]


def test_more_credits_tell_who_has_too_many(client: Client):
    course, other = client.course(credits=2), client.course(credits=3)
    student = client.student(max_credits=5)
    client.want(student, [course, other])

    assert affected(change_course(client, course, credits=2.5)) == [
        (student, "enrolled", ["credit_limit"])
    ]


def test_more_credits_tell_who_is_further_above_the_limit_than_before(client: Client):
    course, other = client.course(credits=3), client.course(credits=3)
    student = client.student(max_credits=5)
    client.enroll(student, other)
    override = {"rules": ["credit_limit"], "reason": "agreed"}
    client.enroll(student, course, override=override)

    more = change_course(client, course, credits=4)
    same = change_course(client, course, title="The same")
    fewer = change_course(client, course, credits=2.5)

    assert affected(more) == [(student, "enrolled", ["credit_limit"])]
    assert affected(same) == affected(fewer) == []


def test_a_move_to_another_term_tells_who_has_too_many_credits_there(client: Client):
    fall, spring = client.term(**FALL), client.term(**SPRING)
    course, beside = (client.course(term=fall, credits=3) for _ in range(2))
    later = client.course(term=spring, credits=3)
    both, one = (client.student(max_credits=5) for _ in range(2))
    client.enroll(one, course)
    client.want(both, [beside, later])
    override = {"rules": ["credit_limit"], "reason": "agreed"}
    client.enroll(both, course, override=override)

    moved = change_course(client, course, term=spring, credits=2.5)
    back = change_course(client, course, term=fall, credits=2.25)

    # The student is above the limit of either term by less than before, but was not in this one.
    for answer in (moved, back):
        assert affected(answer) == [(both, "enrolled", ["credit_limit"])]


def test_a_course_that_comes_to_count_as_another_tells_who_takes_both(client: Client):
    course, other = client.course(code="STAT201"), client.course(code="MATH201")
    both, waits, one = (client.student() for _ in range(3))
    client.want(both, [course, other])
    client.enroll(one, course)
    change_course(client, course, capacity=2)
    client.enroll(waits, other)
    client.enroll(waits, course, waitlist=True)

    answer = change_course(client, course, capacity=2, counts_as=["MATH201"])

    assert affected(answer) == [
        (both, "enrolled", ["another_section"]),
        (waits, "waitlisted", ["another_section"]),
    ]


def test_a_change_that_helps_affects_no_one(client: Client):
    course = client.course(capacity=4, corequisites=["A1", "B1"])
    override = {"rules": ["corequisite_missing"], "reason": "agreed"}
    students = [client.student() for _ in range(3)]
    for student in students:
        client.enroll(student, course, override=override)
    codes = ["corequisite_missing", "corequisite_missing", "course_full"]
    smaller = change_course(client, course, capacity=1)
    assert affected(smaller) == [(student, "enrolled", codes) for student in students[1:]]

    assert affected(change_course(client, course, capacity=2)) == []
    assert affected(change_course(client, course, corequisites=["A1"])) == []


@pytest.mark.parametrize(
    "change", [{"term": "LATER"}, {"counts_as": []}, {"status": "cancelled"}], ids=str
)
def test_a_change_tells_whose_other_course_requires_it(client: Client, change: dict[str, Any]):
    term = client.term()
    client.term(code="LATER", start_on="3000-01-01", end_on="3000-02-01")
    lab = client.course(code="LAB1", counts_as=["LAB"], term=term)
    lecture = client.course(code="LEC1", corequisites=["LAB"], term=term)
    both, alone = client.student(), client.student()
    client.want(both, [lab, lecture])
    client.enroll(alone, lab)

    answer = change_course(client, lab, **change)

    of_both = {student: codes for student, _, codes in affected(answer)}[both]
    assert "corequisite_missing" in of_both
    assert ("course_not_open" in of_both) == ("status" in change)
    assert client.status(both, lecture) == "enrolled"


# Promotion by a registrar


def waitlist(client: Client, *students: int, **fields: Any) -> int:
    """A course with manual promotion, a free seat, and these students on its waitlist."""
    course = client.course(capacity=0, promotion="manual")
    for student in students:
        client.enroll(student, course, waitlist=True)
    change_course(client, course, **{"capacity": 1} | fields)
    return course


def test_a_registrar_promotes_against_a_rule_with_a_reason(client: Client):
    student = client.student()
    course = waitlist(client, student)
    client.hold(student)
    path, override = f"/v1/courses/{course}/promotions", {"rules": ["student_on_hold"]}

    client.post_json(path, {"override": override | {"reason": "paid in cash"}}, status=200)

    event = client.walk(f"/v1/students/{student}/courses/{course}/events")[-1]
    assert (event["to_status"], event["reason"]) == ("enrolled", "paid in cash")
    assert event["overridden"] == ["student_on_hold"]


def test_a_registrar_promotes_a_student_out_of_turn(client: Client):
    first, second = client.student(), client.student()
    course = waitlist(client, first, second, section="02")

    path = f"/v1/courses/{course}/promotions"
    answer = client.post_json(path, {"student_id": second}, status=200)

    assert [item["student_id"] for item in answer.json["items"]] == [second]
    assert client.status(second, course) == "enrolled"
    assert client.status(first, course) == "waitlisted"
    absent = client.post_json(path, {"student_id": client.student()}, status=409)
    assert broken(absent) == [("/student_id", "not_waitlisted"), ("", "course_full")]
    label = client.get(f"/v1/courses/{course}").json["label"]
    assert {error["details"]["course"] for error in absent.json["errors"]} == {label}


# Days on which both meet


def meets(client: Client, *meetings: dict[str, Any], **fields: Any) -> int:
    return client.course(meetings=list(meetings), **fields)


def collide(client: Client, first: int, second: int) -> bool:
    student = client.student()
    client.enroll(student, first)
    answer = client.enroll(student, second, "*")
    if answer.status_int != 201:
        assert codes(answer) == ["time_conflict"]
    return answer.status_int != 201


def test_terms_that_share_a_friday_do_not_conflict_on_their_tuesdays(client: Client):
    # 2099-12-18 is a Friday.
    fall = client.term(**FALL)
    winter = client.term(code="WINTER", start_on="2099-12-18", end_on="2100-01-15")
    tuesday, friday = MONDAY_AT_NINE | {"weekday": 2}, MONDAY_AT_NINE | {"weekday": 5}
    for day, expected in ((tuesday, False), (friday, True)):
        first, second = meets(client, day, term=fall), meets(client, day, term=winter)
        assert collide(client, first, second) is expected
        assert collide(client, second, first) is expected


# The Mondays of the fall of 2099: 2099-08-31, 09-07, 09-14 and so on.
@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        # Half terms.
        ({"end_on": "2099-10-18"}, {"start_on": "2099-10-19"}, False),
        ({"end_on": "2099-10-19"}, {"start_on": "2099-10-19"}, True),
        # A single day, which is a Monday of the term or not in its half.
        ({"start_on": "2099-09-07", "end_on": "2099-09-07"}, {}, True),
        ({"start_on": "2099-09-07", "end_on": "2099-09-07"}, {"start_on": "2099-09-08"}, False),
        # Weeks in turn.
        ({"every": 2}, {}, True),
        ({"every": 2}, {"every": 2}, True),
        ({"every": 2}, {"every": 2, "start_on": "2099-09-07"}, False),
        ({"every": 2}, {"every": 2, "start_on": "2099-09-14"}, True),
        # In the first two weeks, every second one and a single day of the other.
        ({"every": 2}, {"start_on": "2099-09-07", "end_on": "2099-09-07"}, False),
        ({"every": 2}, {"start_on": "2099-09-14", "end_on": "2099-09-14"}, True),
        ({"every": 2}, {"start_on": "2099-09-01", "end_on": "2099-09-13"}, False),
        # Every second week from before the other begins.
        ({"every": 2}, {"every": 1, "start_on": "2099-12-01"}, True),
    ],
)
def test_meetings_conflict_only_on_a_day_of_both(
    client: Client, first: dict[str, Any], second: dict[str, Any], expected: bool
):
    term = client.term(**FALL)
    one, other = (meets(client, MONDAY_AT_NINE | dates, term=term) for dates in (first, second))

    assert collide(client, one, other) is expected
    assert collide(client, other, one) is expected


def test_without_a_term_or_dates_a_meeting_may_be_on_any_day(client: Client):
    any_day = meets(client, MONDAY_AT_NINE | {"every": 2})
    one_day = meets(client, MONDAY_AT_NINE | {"start_on": "2099-09-07", "end_on": "2099-09-07"})

    assert collide(client, any_day, one_day)
    assert collide(client, any_day, meets(client, MONDAY_AT_NINE))


def test_a_course_may_meet_in_turn_in_two_rooms(client: Client):
    odd = MONDAY_AT_NINE | {"every": 2, "start_on": "2099-08-31", "room": "B 12"}
    even = MONDAY_AT_NINE | {"every": 2, "start_on": "2099-09-07", "room": "C 3"}

    course = meets(client, odd, even, term=client.term(**FALL))

    assert client.get(f"/v1/courses/{course}").json["meetings"] == [
        odd | {"end_on": None},
        even | {"end_on": None},
    ]
    answer = change_course(
        client, course, meetings=[odd, even | {"start_on": "2099-09-14"}], expect=422
    )
    assert broken(answer) == [("/meetings/1", "meetings_overlap")]


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        (
            {"start_on": "2099-09-08", "end_on": "2099-09-07"},
            ("/meetings/0/end_on", "ends_before_start"),
        ),
        (
            {"start_on": "2099-09-08", "end_on": "2099-09-13"},
            ("/meetings/0/weekday", "meeting_without_day"),
        ),
    ],
)
def test_a_meeting_needs_a_day(client: Client, dates: dict[str, str], expected: tuple[str, str]):
    meetings = [MONDAY_AT_NINE | dates]

    body = {"code": "CS1", "title": "Databases", "meetings": meetings}
    answer = client.post_json("/v1/courses", body, status=422)

    assert broken(answer) == [expected]


def test_a_meeting_is_each_week_or_every_second_one(client: Client):
    meetings = [MONDAY_AT_NINE | {"every": 3}]

    answer = client.post_json(
        "/v1/courses", {"code": "CS1", "title": "Databases", "meetings": meetings}, status=422
    )

    assert broken(answer) == [("/meetings/0/every", "invalid_value")]
    assert answer.json["errors"][0]["detail"] == "Expected one of: 1, 2"


def test_the_dates_of_meetings_move_with_a_copy_by_whole_weeks(client: Client):
    # From a Monday to a Wednesday, 51 weeks and 2 days later.
    client.term(**FALL)
    later = client.term(code="LATER", start_on="2100-08-25", end_on="2100-12-17")
    meets(client, MONDAY_AT_NINE | {"start_on": "2099-09-07", "every": 2}, term="2099-FALL")

    copy = client.post_json("/v1/terms/2/courses", {"copy_from": "2099-FALL"}, status=201)

    (meeting,) = copy.json["items"][0]["meetings"]
    assert (copy.json["items"][0]["term"], meeting["start_on"]) == (later, "2100-08-30")


def test_a_meeting_can_be_on_the_last_days_of_the_calendar(client: Client):
    # 9999-12-31 is a Friday: no Monday follows it.
    answer = client.post_json(
        "/v1/courses",
        {
            "code": "CS1",
            "title": "Databases",
            "meetings": [MONDAY_AT_NINE | {"start_on": "9999-12-31"}],
        },
        status=201,
    )

    assert answer.json["meetings"][0]["start_on"] == "9999-12-31"


# Deadlines for dropping

PAST, FUTURE = "2020-09-01T08:00:00.000Z", "2099-09-01T08:00:00.000Z"


@pytest.mark.parametrize(
    ("of_course", "of_term", "is_closed"),
    [
        (None, None, False),
        (PAST, None, True),
        (None, PAST, True),
        (FUTURE, PAST, False),
        (PAST, FUTURE, True),
        ("2020-09-01", FUTURE, True),
    ],
)
def test_a_student_drops_until_the_deadline_of_the_course_or_else_of_the_term(
    client: Client, of_course: str | None, of_term: str | None, is_closed: bool
):
    student = client.student()
    term = client.term(drop_until=of_term)
    course = client.course(code="CS101", term=term, drop_until=of_course, enroll_until=FUTURE)
    client.enroll(student, course)

    path = f"/v1/students/{student}/courses/{course}"
    answer = client.of_student(student).delete(path, status=409 if is_closed else 204)

    assert client.status(student, course) == ("enrolled" if is_closed else "dropped")
    if is_closed:
        assert broken(answer) == [("", "drop_closed")]
        until = client.get(f"/v1/courses/{course}").json["drop_until"] or PAST
        details = answer.json["errors"][0]["details"]
        assert (details["course"], details["drop_until"]) == ("CS101", until)


def test_a_student_drops_no_course_of_a_term_that_is_over(client: Client):
    student = client.student()
    ended = {"start_on": "2020-02-01", "end_on": "2020-05-31"}
    course = client.course(term=client.term(**ended), code="CS101", enroll_until=FUTURE)
    late = client.course(term="2026-FALL", enroll_until=FUTURE, drop_until=FUTURE)
    other = client.course(capacity=0)
    client.want(student, [course, late])
    own, path = client.of_student(student), f"/v1/students/{student}/courses"

    answer = own.delete(f"{path}/{course}", status=409)
    swap = {"course_id": other, "waitlist": True, "instead_of": course}
    of_swap = own.post_json(path, swap, status=409)

    assert broken(answer) == [("", "drop_closed")]
    assert broken(of_swap) == [("/instead_of", "drop_closed")]
    for refusal in (answer, of_swap):
        (error,) = refusal.json["errors"]
        assert error["detail"] == "CS101 could be dropped until the end of its term, 2020-05-31."
    own.delete(f"{path}/{late}", status=204)
    client.delete(f"{path}/{course}", status=204)


def test_after_the_deadline_a_student_leaves_in_no_way(client: Client):
    student, keeps = client.student(), client.course()
    closed = client.course(drop_until=PAST)
    client.want(student, [keeps, closed])
    own, path = client.of_student(student), f"/v1/students/{student}/courses"

    by_status = own.put_status(student, closed, "dropped", 409)
    by_deletion = own.delete(f"{path}/{closed}", status=409)
    by_set = own.want(student, [keeps], 409)
    by_dry_run = own.delete(f"{path}/{closed}?dry_run=true", status=409)

    assert broken(by_set) == [("/courses", "drop_closed")]
    assert broken(by_status) == [("/status", "drop_closed")]
    for answer in (by_deletion, by_dry_run):
        assert broken(answer) == [("", "drop_closed")]
    assert client.status(student, closed) == "enrolled"
    own.want(student, [closed])


def test_a_waitlist_can_be_left_after_the_deadline(client: Client):
    student, course = client.student(), client.course(capacity=0, drop_until=PAST)
    client.enroll(student, course, waitlist=True)

    client.of_student(student).put_status(student, course, "dropped")


def test_a_registrar_drops_after_the_deadline_and_the_reason_stays(client: Client):
    student, course = client.student(), client.course(drop_until=PAST)
    client.enroll(student, course)

    path = f"/v1/students/{student}/courses/{course}"
    client.put_json(path, {"status": "dropped", "reason": "ill"}, status=200)

    event = client.walk(f"{path}/events")[-1]
    assert (event["to_status"], event["reason"], event["overridden"]) == ("dropped", "ill", [])


def test_a_student_who_becomes_inactive_leaves_after_the_deadline_too(client: Client):
    student, course = client.student(), client.course(drop_until=PAST)
    client.enroll(student, course)

    client.patch_json(f"/v1/students/{student}", {"status": "inactive"}, status=200)

    assert client.status(student, course) == "dropped"


# Groups

NURSES = {"groups": ["NURSING", "2027"]}


def test_a_course_is_open_to_its_groups_only(client: Client):
    course = client.course(code="NUR1", open_to=["Nursing", "SENIOR"])
    inside, outside = client.student(**NURSES), client.student(groups=["2027"])

    answer = client.enroll(outside, course, 409)

    assert broken(answer) == [("/course_id", "group_required")]
    assert answer.json["detail"] == "NUR1 is open only to students in: Nursing, SENIOR."
    details = {"course": "NUR1", "open_to": ["Nursing", "SENIOR"]}
    assert answer.json["errors"][0]["details"] == details
    assert codes(client.enroll(client.student(), course, 409)) == ["group_required"]
    client.enroll(inside, course)
    override = {"rules": ["group_required"], "reason": "the dean agrees"}
    client.enroll(outside, course, override=override)


@pytest.mark.parametrize(
    ("early", "expected"),
    [
        ([], 409),
        ([{"group": "nursing", "enroll_from": PAST}], 201),
        ([{"group": "NURSING", "enroll_from": "2098-09-01T08:00:00Z"}], 409),
        ([{"group": "SENIOR", "enroll_from": PAST}], 409),
        (
            [
                {"group": "NURSING", "enroll_from": "2098-09-01T08:00:00Z"},
                {"group": "2027", "enroll_from": "2020-09-01"},
            ],
            201,
        ),
    ],
    ids=["no one", "in time", "later", "another group", "the earliest of two"],
)
def test_a_group_enrolls_before_everyone(
    client: Client, early: list[dict[str, str]], expected: int
):
    course = client.course(enroll_from=FUTURE, early_access=early)

    answer = client.enroll(client.student(**NURSES), course, expected)

    if expected == 409:
        assert codes(answer) == ["window_not_open"]
        own = [item["enroll_from"][:4] for item in early if item["group"] != "SENIOR"]
        assert answer.json["errors"][0]["details"]["enroll_from"][:4] == min([*own, FUTURE[:4]])
    assert codes(client.enroll(client.student(), course, 409)) == ["window_not_open"]


def test_groups_and_early_access_are_kept_and_changed_alone(client: Client):
    early = [{"group": "SENIOR", "enroll_from": "2099-08-01T08:00:00.000Z"}]
    fields = {"open_to": ["SENIOR", "2027"], "early_access": early, "enroll_from": FUTURE}
    course = client.course(**fields)
    student = client.student(**NURSES)

    changed = client.patch_json(f"/v1/courses/{course}", {"title": "Nursing"}, status=200)
    client.patch_json(f"/v1/students/{student}", {"groups": ["SENIOR"]}, status=200)

    assert {name: changed.json[name] for name in fields} == fields
    assert client.get(f"/v1/students/{student}").json["groups"] == ["SENIOR"]
    (_, change) = client.walk(f"/v1/students/{student}/changes")
    assert change["before"] == NURSES
    assert change["after"] == {"groups": ["SENIOR"]}
    assert client.walk(f"/v1/courses/{course}/changes")[0]["after"]["early_access"] == early
    assert client.walk("/v1/students?q=lovelace")[0]["groups"] == ["SENIOR"]


def test_lists_of_groups_name_each_once_and_only_earlier_times(client: Client):
    early = [{"group": group, "enroll_from": FUTURE} for group in ("SENIOR", "senior")]
    body = {"code": "CS1", "title": "One", "open_to": ["A", "B", "a"], "early_access": early}

    answer = client.post_json("/v1/courses", body | {"enroll_from": PAST}, status=422)

    assert broken(answer) == [
        ("/early_access/0/enroll_from", "not_earlier"),
        ("/early_access/1/enroll_from", "not_earlier"),
        ("/early_access/1/group", "duplicate_group"),
        ("/open_to/2", "duplicate_group"),
    ]
    del early[1]
    assert codes(client.post_json("/v1/courses", body | {"open_to": []}, status=409)) == [
        "not_earlier"
    ]
    body = {"given_name": "Ada", "family_name": "L", "groups": ["A", "a"]}
    answer = client.post_json("/v1/students", body, status=422)
    assert broken(answer) == [("/groups/1", "duplicate_group")]


def test_a_student_who_joins_a_group_is_promoted(client: Client):
    student, course = client.student(), client.course(capacity=1)
    join(client, course, student)
    change_course(client, course, open_to=["NURSING"])
    change_course(client, course, capacity=2)
    assert client.status(student, course) == "waitlisted"

    client.patch_json(f"/v1/students/{student}", NURSES, status=200)

    assert client.status(student, course) == "enrolled"


def test_closing_a_course_to_a_group_tells_whom_it_affects(client: Client):
    student, course = client.student(), client.course()
    client.enroll(student, course)

    answer = change_course(client, course, open_to=["NURSING"])

    assert affected(answer) == [(student, "enrolled", ["group_required"])]


# Either-or, equivalents, renumbering


def test_one_of_several_courses_is_enough(client: Client):
    first, second = client.course(code="CS1"), client.course(code="CS2")
    items = [{"any_of": ["CS1", "CS2"]}, {"any_of": ["CS2", "CS3"]}]
    course = client.course(code="CS9", prerequisites=items)
    student = client.student()

    answer = client.enroll(student, course, 409)

    assert codes(answer) == ["prerequisite_missing"] * 2
    one, other = answer.json["errors"]
    assert one["detail"] == "CS9 needs one of CS1, CS2 completed before."
    assert one["details"] == {"course": "CS9", "requires_any_of": ["CS1", "CS2"]}
    assert other["details"] == {"course": "CS9", "requires_any_of": ["CS2", "CS3"]}
    client.complete(student, first)
    assert codes(client.enroll(student, course, 409)) == ["prerequisite_missing"]
    client.complete(student, second)
    client.enroll(student, course)


def test_one_of_several_courses_may_be_taken_with_it(client: Client):
    lab, other = client.course(code="LAB1"), client.course(code="LAB2")
    items = [{"any_of": ["LAB1", "LAB2"], "concurrent": True}]
    course, student = client.course(code="BIO1", prerequisites=items), client.student()
    assert codes(client.enroll(student, course, 409)) == ["prerequisite_missing"]

    client.want(student, [course, lab])

    # Another one in its place is enough, and none is not.
    client.want(student, [course, other])
    answer = client.put_status(student, other, "dropped", 409)
    assert broken(answer) == [("/status", "prerequisite_missing")]
    assert codes(client.want(student, [course], 409)) == ["prerequisite_missing"]


def test_alternatives_are_kept_and_copied(client: Client):
    fall, spring = client.term(**FALL), client.term(**SPRING)
    items = [
        {"code": "CS1", "concurrent": True},
        {"any_of": ["CS5", "CS4"], "concurrent": False},
        {"any_of": ["CS4", "CS6"], "concurrent": True},
    ]
    stored = [items[0], items[1] | {"any_of": ["CS4", "CS5"]}, items[2]]
    course = client.course(code="CS9", term=fall, prerequisites=items, counts_as=["CS8"])

    copies = client.post_json("/v1/terms/2/courses", {"copy_from": fall}, status=201).json["items"]

    assert spring == copies[0]["term"]
    for shown in (client.get(f"/v1/courses/{course}").json, copies[0]):
        assert (shown["prerequisites"], shown["counts_as"]) == (stored, ["CS8"])
    before = client.walk(f"/v1/courses/{course}/changes")
    client.patch_json(f"/v1/courses/{course}", {"prerequisites": stored}, status=200)
    assert client.walk(f"/v1/courses/{course}/changes") == before
    client.patch_json(f"/v1/courses/{course}", {"prerequisites": items[:1]}, status=200)
    changes = client.walk(f"/v1/courses/{course}/changes")[len(before) :]
    assert {change["part"] for change in changes} == {"requirement"}
    assert {"choice": 1, "code": "CS4", "kind": "prerequisite"} in [c["before"] for c in changes]


@pytest.mark.parametrize(
    ("item", "pointers"),
    [
        ({}, ["/prerequisites/0"]),
        ({"code": "A", "any_of": ["B", "C"]}, ["/prerequisites/0"]),
        ({"any_of": ["B"]}, ["/prerequisites/0/any_of"]),
        ({"any_of": ["B", "b"]}, ["/prerequisites/0/any_of/1"]),
        ({"any_of": ["B", "CS9"]}, ["/prerequisites/0/any_of/1"]),
        ({"any_of": ["B", " "]}, ["/prerequisites/0/any_of/1"]),
    ],
    ids=["nothing", "both", "one", "twice", "itself", "no code"],
)
def test_a_prerequisite_is_a_code_or_several(
    client: Client, item: dict[str, Any], pointers: list[str]
):
    body = {"code": "CS9", "title": "Nine", "prerequisites": [item]}

    answer = client.post_json("/v1/courses", body, status=422)

    assert [pointer for pointer, _ in broken(answer)] == pointers


def test_a_course_counts_as_others(client: Client):
    honors = client.course(code="CS150", counts_as=["cs100"])
    basic = client.course(code="CS100")
    needs = client.course(prerequisites=[{"code": "CS100"}])
    student = client.student()
    client.complete(student, honors)

    client.enroll(student, needs)
    assert codes(client.enroll(student, basic, 409)) == ["already_completed"]


def test_a_course_that_counts_as_a_completed_one_is_a_repeat(client: Client):
    basic, student = client.course(code="CS100"), client.student()
    client.complete(student, basic)
    honors = client.course(code="CS150", counts_as=["CS100"])
    again = client.course(code="CS160", counts_as=["CS100"], repeatable=True)

    assert codes(client.enroll(student, honors, 409)) == ["already_completed"]
    client.enroll(student, again)


def test_a_course_counts_as_a_corequisite_and_is_kept_as_one(client: Client):
    lab = client.course(code="LAB9", counts_as=["LAB1"])
    lecture, student = client.course(code="BIO1", corequisites=["LAB1"]), client.student()

    client.want(student, [lecture, lab])

    answer = client.put_status(student, lab, "dropped", 409)
    assert broken(answer) == [("/status", "corequisite_missing")]
    assert codes(client.want(student, [lecture], 409)) == ["corequisite_missing"]


def test_a_new_code_tells_who_still_requires_the_old_one(client: Client):
    basic = client.course(code="CS1")
    advanced = client.course(code="CS2", prerequisites=[{"any_of": ["cs1", "M1"]}])
    student = client.student()
    client.complete(student, basic)
    path, named = f"/v1/courses/{basic}", "required_by_old_code"

    tried = client.patch_json(f"{path}?dry_run=true", {"code": "CS10"}, status=200)
    unchanged = client.patch_json(path, {"title": "One"}, status=200)
    changed = client.patch_json(path, {"code": "CS10", "counts_as": ["CS1"]}, status=200)

    expected = [{"course_id": advanced, "label": "CS2", "term": None}]
    assert (tried.json[named], unchanged.json[named], changed.json[named]) == (
        expected,
        [],
        expected,
    )
    client.enroll(student, advanced)


def test_a_course_that_counts_as_more_lets_those_who_completed_it_be_promoted(client: Client):
    student, basic = client.student(), client.course(code="CS1")
    client.complete(student, basic)
    advanced = client.course(capacity=1)
    join(client, advanced, student)
    change_course(client, advanced, capacity=2, prerequisites=[{"code": "CS10"}])
    assert client.status(student, advanced) == "waitlisted"

    client.patch_json(f"/v1/courses/{basic}", {"counts_as": ["CS10"]}, status=200)

    assert client.status(student, advanced) == "enrolled"
