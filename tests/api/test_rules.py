"""The rules of registration, each by its code, and who is eligible for what."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.client import Client, broken

PAST, FUTURE = (
    (datetime.now(UTC) + timedelta(days=days)).isoformat(timespec="milliseconds")
    for days in (-30, 30)
)
FALL = {"code": "FALL", "start_on": "2426-08-31", "end_on": "2426-12-18"}
SPRING = {"code": "SPRING", "start_on": "2427-01-18", "end_on": "2427-05-07"}
SUMMER = {"code": "SUMMER", "start_on": "2426-12-01", "end_on": "2427-02-01"}


def meeting(weekday: int, start: str, end: str) -> dict[str, Any]:
    return {"weekday": weekday, "from": start, "to": end}


def codes(answer: Any) -> list[str]:
    return [code for _, code in broken(answer)]


# Windows


def test_window_not_open(client: Client):
    answer = client.enroll(client.student(), client.course(code="CS1", enroll_from=FUTURE), 409)

    assert broken(answer) == [("/course_id", "window_not_open")]
    assert answer.json["detail"].startswith("Enrollment in CS1 opens at ")


def test_window_closed(client: Client):
    answer = client.enroll(client.student(), client.course(enroll_until=PAST), 409)

    assert broken(answer) == [("/course_id", "window_closed")]


def test_an_open_window_lets_in(client: Client):
    course = client.course(enroll_from=PAST, enroll_until=FUTURE)

    client.enroll(client.student(), course)


# Requirements


def test_prerequisite_missing(client: Client):
    student = client.student()
    advanced = client.course(code="CS2", prerequisites=[{"code": "CS1"}, {"code": "MAT1"}])

    answer = client.enroll(student, advanced, 409)

    assert codes(answer) == ["prerequisite_missing"] * 2
    assert [reason["details"]["requires"] for reason in answer.json["errors"]] == ["CS1", "MAT1"]


def test_a_prerequisite_is_met_by_a_completed_course_of_that_code_in_any_term(client: Client):
    student = client.student()
    basic = client.course(code="cs1", term=client.term(**FALL))
    client.course(code="CS1", term=client.term(**SPRING))
    advanced = client.course(code="CS2", prerequisites=[{"code": "CS1"}])
    client.enroll(student, basic)
    assert codes(client.enroll(student, advanced, 409)) == ["prerequisite_missing"]
    client.put_status(student, basic, "completed")

    client.enroll(student, advanced)


def test_a_dropped_course_meets_no_prerequisite(client: Client):
    student, basic = client.student(), client.course(code="CS1")
    client.enroll(student, basic)
    client.put_status(student, basic, "dropped")
    advanced = client.course(prerequisites=[{"code": "CS1", "concurrent": True}])

    assert codes(client.enroll(student, advanced, 409)) == ["prerequisite_missing"]


@pytest.mark.parametrize(("concurrent", "refused"), [(True, False), (False, True)])
def test_a_prerequisite_may_be_taken_at_the_same_time_only_if_it_says_so(
    client: Client, concurrent: bool, refused: bool
):
    student, basic = client.student(), client.course(code="CS1")
    advanced = client.course(prerequisites=[{"code": "CS1", "concurrent": concurrent}])

    together = client.want(student, [advanced, basic], 409 if refused else 200)

    if refused:
        assert broken(together) == [("/courses/0/course_id", "prerequisite_missing")]
    client.want(student, [basic])
    client.enroll(student, advanced, 409 if refused else 201)


def test_corequisite_missing(client: Client):
    student = client.student()
    lecture = client.course(code="BIO1", corequisites=["BIO1L"])
    lab = client.course(code="BIO1L", corequisites=["BIO1"])

    assert codes(client.enroll(student, lecture, 409)) == ["corequisite_missing"]
    assert codes(client.enroll(student, lab, 409)) == ["corequisite_missing"]
    client.want(student, [lecture, lab])


@pytest.mark.parametrize(
    "requirement",
    [
        {"corequisites": ["cs1"]},
        {"prerequisites": [{"code": "CS1", "concurrent": True}]},
        {"prerequisites": [{"any_of": ["CS1", "CS2"], "concurrent": True}]},
    ],
    ids=["corequisite", "concurrent", "any_of"],
)
def test_a_course_that_counts_as_what_it_is_taken_together_with_meets_it(
    client: Client, requirement: dict[str, Any]
):
    student = client.student()
    free = client.course(code="ADV1", counts_as=["CS1"], **requirement)
    full = client.course(code="ADV2", counts_as=["CS1"], capacity=0, **requirement)
    path = f"/v1/students/{student}"

    listed = [item["course_id"] for item in client.walk(f"{path}/eligible-courses")]

    assert listed == [free]
    assert client.get(f"{path}/courses/{free}/eligibility").json["eligible"]
    client.enroll(student, free)
    assert client.enroll(student, full, waitlist=True).json["status"] == "waitlisted"


def test_what_was_never_needed_at_the_same_time_may_be_given_up(client: Client):
    student, basic = client.student(), client.course(code="CS1")
    advanced = client.course(code="CS2")
    client.want(student, [basic, advanced])
    body = {"code": "CS2", "title": "Databases", "prerequisites": [{"code": "CS1"}]}
    client.put_json(f"/v1/courses/{advanced}", body, status=200)

    client.want(student, [advanced])


def test_giving_up_what_a_kept_course_needs_is_refused(client: Client):
    student = client.student()
    lecture = client.course(code="BIO1", corequisites=["BIO1L"])
    lab = client.course(code="BIO1L")
    other_lab = client.course(code="BIO1L", term=client.term(**FALL))
    client.want(student, [lecture, lab])

    answer = client.want(student, [lecture], 409)

    assert broken(answer) == [("/courses/0/course_id", "corequisite_missing")]
    assert client.status(student, lab) == "enrolled"
    client.want(student, [lecture, other_lab])
    client.want(student, [])


# Repeating


def test_already_completed_in_another_term(client: Client):
    student = client.student()
    client.complete(student, client.course(code="CS1", term=client.term(**FALL)))
    again = client.course(code="CS1", term=client.term(**SPRING))

    assert codes(client.enroll(student, again, 409)) == ["already_completed"]


# Sections


def test_another_section(client: Client):
    student, fall = client.student(), client.term(**FALL)
    first = client.course(code="ENG101", section="01", term=fall)
    second = client.course(code="eng101", section="02", term=fall)
    bare = client.course(code="ENG101", term=fall)
    later = client.course(code="ENG101", section="01", term=client.term(**SPRING))
    client.enroll(student, first)

    answer = client.enroll(student, second, 409)

    assert broken(answer) == [("/course_id", "another_section")]
    (reason,) = answer.json["errors"]
    assert reason["detail"] == "eng101-02 is the same course as ENG101-01, which the student takes."
    assert reason["details"] == {
        "course": "eng101-02",
        "conflicts_with": "ENG101-01",
        "conflicting_course_id": first,
    }
    assert codes(client.enroll(student, bare, 409)) == ["another_section"]
    client.enroll(student, later)


def test_two_sections_without_a_term_are_one_course_too(client: Client):
    student = client.student()
    client.enroll(student, client.course(code="ENG101", section="01"))

    answer = client.enroll(student, client.course(code="ENG101"), 409)

    assert codes(answer) == ["another_section"]


def test_who_has_left_a_section_may_take_another(client: Client):
    student = client.student()
    first, second = (client.course(code="ENG101", section=name) for name in ("01", "02"))
    client.enroll(student, first)
    client.put_status(student, first, "dropped")

    client.enroll(student, second)


def test_a_set_swaps_sections_and_never_holds_two(client: Client):
    student = client.student()
    first, second = (client.course(code="ENG101", section=name) for name in ("01", "02"))
    client.enroll(student, first)

    client.want(student, [second])
    answer = client.want(student, [first, second], 409)

    assert broken(answer) == [("/courses/0/course_id", "another_section")]
    assert client.status(student, first) == "dropped"
    assert client.status(student, second) == "enrolled"
    new = client.want(client.student(), [first, second], 409)
    assert codes(new) == ["another_section"] * 2


def test_the_waitlist_of_another_section_may_be_joined_but_gives_no_seat(client: Client):
    student, leaver = client.student(), client.student()
    first, second = (
        client.course(code="ENG101", section=name, capacity=1) for name in ("01", "02")
    )
    client.enroll(student, first)
    client.enroll(leaver, second)

    assert client.enroll(student, second, waitlist=True).json["status"] == "waitlisted"
    client.put_status(leaver, second, "dropped")

    assert client.status(student, second) == "waitlisted"
    (*_, event) = client.walk(f"/v1/students/{student}/courses/{second}/events")
    assert event["reason"].startswith("passed over: another_section")
    client.put_status(student, first, "dropped")
    assert client.status(student, second) == "enrolled"


def cross_listed(client: Client, **fields: Any) -> tuple[int, int]:
    """Two courses of one term, of which the second counts as the first."""
    term = client.term(**FALL)
    return (
        client.course(code="MATH201", term=term),
        client.course(code="STAT201", counts_as=["math201"], term=term, **fields),
    )


@pytest.mark.parametrize("first_is_taken", [True, False])
def test_another_section_is_also_a_course_that_counts_as_the_other(
    client: Client, first_is_taken: bool
):
    student, courses = client.student(), cross_listed(client)
    taken, wanted = courses if first_is_taken else courses[::-1]
    client.enroll(student, taken)

    answer = client.enroll(student, wanted, 409)

    labels = ["STAT201", "MATH201"] if first_is_taken else ["MATH201", "STAT201"]
    assert broken(answer) == [("/course_id", "another_section")]
    (reason,) = answer.json["errors"]
    assert reason["detail"] == (
        f"{labels[0]} counts as the same course as {labels[1]}, which the student takes."
    )
    assert reason["details"] == {
        "course": labels[0],
        "conflicts_with": labels[1],
        "conflicting_course_id": taken,
    }
    override = {"rules": ["another_section"], "reason": "the dean agrees"}
    client.enroll(student, wanted, override=override)


def test_a_set_swaps_cross_listed_courses_and_never_holds_both(client: Client):
    student, (first, second) = client.student(), cross_listed(client)

    both = client.want(student, [first, second], 409)
    client.want(student, [first])
    client.want(student, [second])

    assert codes(both) == ["another_section"] * 2
    client.enroll(student, first, instead_of=second)
    assert (client.status(student, first), client.status(student, second)) == (
        "enrolled",
        "dropped",
    )


def test_the_waitlist_of_a_cross_listed_course_gives_no_seat_beside_the_other(client: Client):
    student, (first, second) = client.student(), cross_listed(client, capacity=0)
    client.enroll(student, first)
    client.enroll(student, second, waitlist=True)

    client.patch_json(f"/v1/courses/{second}", {"capacity": 1}, status=200)
    beside = client.status(student, second)
    client.patch_json(f"/v1/courses/{second}", {"counts_as": []}, status=200)

    assert (beside, client.status(student, second)) == ("waitlisted", "enrolled")


def test_courses_that_count_as_a_third_or_are_in_another_term_can_be_taken_together(
    client: Client,
):
    student, term = client.student(), client.term(**FALL)
    for code in ("PE1", "PE2"):
        client.enroll(student, client.course(code=code, counts_as=["PE"], term=term))
    client.enroll(student, client.course(code="PE", term=client.term(**SPRING)))


def test_of_courses_that_count_as_a_third_both_can_be_completed(client: Client):
    student = client.student()
    for code in ("PE1", "PE2"):
        client.complete(student, client.course(code=code, counts_as=["PE"]))

    answer = client.enroll(student, client.course(code="PE"), 409)

    assert answer.json["errors"][0]["details"] == {"course": "PE", "completed": "PE1"}


@pytest.mark.parametrize(("done", "wanted"), [("MATH201", "STAT201"), ("STAT201", "MATH201")])
def test_a_completed_course_that_counts_as_the_other_is_named(
    client: Client, done: str, wanted: str
):
    student = client.student()
    ids = {"MATH201": client.course(code="MATH201")}
    ids["STAT201"] = client.course(code="STAT201", counts_as=["MATH201"])
    client.complete(student, ids[done])

    (reason,) = client.enroll(student, ids[wanted], 409).json["errors"]

    assert reason["detail"] == (
        f"The student has completed {done}. {wanted} counts as the same course, and is not"
        " repeatable."
    )
    assert reason["details"] == {"course": wanted, "completed": done}


def test_who_has_completed_what_a_course_counts_as_from_now_on_is_affected(client: Client):
    student = client.student()
    client.complete(student, client.course(code="OLD1"))
    course = client.course(code="NEW1")
    client.enroll(student, course)

    changed = client.patch_json(f"/v1/courses/{course}", {"counts_as": ["OLD1"]}, status=200).json

    (affected,) = changed["affected"]
    assert affected["student_id"] == student
    assert [error["code"] for error in affected["errors"]] == ["already_completed"]


def test_a_requirement_is_met_by_any_section(client: Client):
    student = client.student()
    client.complete(student, client.course(code="ENG101", section="02"))
    client.enroll(student, client.course(code="LAB1", section="7"))

    needs = {"prerequisites": [{"code": "ENG101"}], "corequisites": ["LAB1"]}

    client.enroll(student, client.course(code="ENG102", **needs))


def test_a_section_that_was_completed_is_not_taken_again_in_another(client: Client):
    student, fall = client.student(), client.term(**FALL)
    client.complete(student, client.course(code="ENG101", section="02"))

    answer = client.enroll(student, client.course(code="ENG101", section="01", term=fall), 409)

    assert codes(answer) == ["already_completed"]
    assert answer.json["detail"] == "The student has completed ENG101, and it is not repeatable."


def test_a_time_conflict_names_the_sections(client: Client):
    student, nine = client.student(), [meeting(1, "09:00", "10:00")]
    client.enroll(student, client.course(code="ENG101", section="01", meetings=nine))

    answer = client.enroll(student, client.course(code="ART1", section="B", meetings=nine), 409)

    assert answer.json["detail"] == "ART1-B meets at the same time as ENG101-01."


def test_a_repeatable_course_is_repeated_and_stays_completed_for_others(client: Client):
    student, choir = client.student(), client.course(code="MUS1", repeatable=True)
    client.complete(student, choir)

    client.enroll(student, choir)

    client.enroll(student, client.course(prerequisites=[{"code": "MUS1"}]))
    assert client.get(f"/v1/students/{student}/courses/{choir}").json["completed_at"]


# Meetings


@pytest.mark.parametrize(
    ("first", "second", "refused"),
    [
        (meeting(1, "09:00", "10:30"), meeting(1, "10:00", "11:00"), True),
        (meeting(1, "09:00", "12:00"), meeting(1, "10:00", "11:00"), True),
        (meeting(1, "10:00", "11:00"), meeting(1, "09:00", "12:00"), True),
        (meeting(1, "09:00", "10:30"), meeting(1, "09:00", "10:30"), True),
        (meeting(1, "09:00", "10:30"), meeting(1, "10:30", "11:00"), False),
        (meeting(1, "09:00", "10:30"), meeting(2, "09:00", "10:30"), False),
    ],
)
def test_time_conflict(
    client: Client, first: dict[str, Any], second: dict[str, Any], refused: bool
):
    student = client.student()
    present = client.course(code="CS1", meetings=[first])
    wanted = client.course(code="CS2", meetings=[second, meeting(7, "20:00", "21:00")])
    client.enroll(student, present)

    answer = client.enroll(student, wanted, 409 if refused else 201)

    if refused:
        assert broken(answer) == [("/course_id", "time_conflict")]
        assert answer.json["detail"] == "CS2 meets at the same time as CS1."
        assert answer.json["errors"][0]["details"] == {
            "course": "CS2",
            "conflicts_with": "CS1",
            "conflicting_course_id": present,
            "meetings": 1,
        }


@pytest.mark.parametrize(
    ("one", "other", "refused"),
    [(FALL, SPRING, False), (FALL, SUMMER, True), (FALL, None, True), (None, None, True)],
)
def test_meetings_conflict_only_while_both_terms_last(
    client: Client, one: dict[str, str] | None, other: dict[str, str] | None, refused: bool
):
    student, same = client.student(), [meeting(1, "09:00", "10:00")]
    terms = [client.term(**term) if term else None for term in (one, other)]
    first, second = (client.course(term=term, meetings=same) for term in terms)
    client.enroll(student, first)

    client.enroll(student, second, 409 if refused else 201)


def test_courses_of_one_request_conflict_with_each_other_and_one_may_be_swapped(client: Client):
    student, same = client.student(), [meeting(1, "09:00", "10:00")]
    one, other = client.course(meetings=same), client.course(meetings=same)

    answer = client.want(student, [one, other], 409)
    assert broken(answer) == [
        ("/courses/0/course_id", "time_conflict"),
        ("/courses/1/course_id", "time_conflict"),
    ]
    client.want(student, [one])
    client.want(student, [other])


def test_courses_that_conflict_often_are_told_once(client: Client):
    student = client.student()
    week = [meeting(day, "09:00", "10:00") for day in range(1, 8)]
    courses = [client.course(meetings=week) for _ in range(20)]

    answer = client.want(student, courses, 409)

    assert codes(answer) == ["time_conflict"] * 20 * 19
    assert {reason["details"]["meetings"] for reason in answer.json["errors"]} == {7}


# Credits


def test_credit_limit_of_the_term(client: Client):
    student = client.student()
    fall, spring = client.term(**FALL, max_credits=10), client.term(**SPRING)
    client.enroll(student, client.course(term=fall, credits=7.5))
    client.enroll(student, client.course(term=spring, credits=7.5))
    client.enroll(student, client.course(term=fall, credits=2.5))

    answer = client.enroll(student, client.course(code="CS1", term=fall, credits=0.25), 409)

    assert broken(answer) == [("/course_id", "credit_limit")]
    assert answer.json["detail"] == "With CS1 the student takes 10.25 credits of at most 10."
    # As in records, credits have decimals on both engines.
    assert '{"course":"CS1","credits":10.25,"max_credits":10.0}' in answer.text
    client.enroll(student, client.course(term=fall, credits=0))
    client.enroll(student, client.course(term=spring, credits=30))


@pytest.mark.parametrize(
    ("limit", "credits", "detail"),
    [
        (0.5, 1, "With CS1 the student takes 1 credit of at most 0.5."),
        (0, 3, "With CS1 the student takes 3 credits, and may take none."),
    ],
)
def test_a_refusal_reads_well_with_one_credit_and_with_none(
    client: Client, limit: float, credits: float, detail: str
):
    term = client.term(**FALL, max_credits=limit)

    course = client.course(code="CS1", term=term, credits=credits)
    assert client.enroll(client.student(), course, 409).json["detail"] == detail


@pytest.mark.parametrize("each", [0.1, 0.333, 0.001])
def test_credits_are_summed_without_drift(client: Client, each: float):
    student, fall = client.student(max_credits=round(12 * each, 3)), client.term(**FALL)
    for _ in range(11):
        client.enroll(student, client.course(term=fall, credits=each))

    above = client.enroll(student, client.course(term=fall, credits=each + 0.001), 409)
    client.enroll(student, client.course(term=fall, credits=each))

    assert above.json["errors"][0]["details"]["credits"] == round(12 * each + 0.001, 3)
    assert codes(above) == ["credit_limit"]


@pytest.mark.parametrize(("own", "refused"), [(5, True), (12, False), (None, True)])
def test_a_students_own_limit_goes_before_the_terms(
    client: Client, own: float | None, refused: bool
):
    student = client.student(max_credits=own)
    fall = client.term(**FALL, max_credits=10)

    client.enroll(student, client.course(term=fall, credits=11), 409 if refused else 201)


def test_who_is_over_a_lowered_limit_may_still_take_a_course_without_credits(client: Client):
    student, fall = client.student(), client.term(**FALL)
    client.enroll(student, client.course(term=fall, credits=6))
    names = {"given_name": "Ada", "family_name": "Lovelace"}
    client.put_json(f"/v1/students/{student}", {**names, "max_credits": 5}, status=200)

    client.enroll(student, client.course(term=fall, credits=0))
    assert codes(client.enroll(student, client.course(term=fall, credits=1), 409)) == [
        "credit_limit"
    ]


def test_credits_of_one_request_add_up_and_those_given_up_do_not(client: Client):
    student, fall = client.student(), client.term(**FALL, max_credits=10)
    six, five, four = (client.course(term=fall, credits=credits) for credits in (6, 5, 4))

    answer = client.want(student, [six, five], 409)
    assert codes(answer) == ["credit_limit", "credit_limit"]
    client.want(student, [six, four])
    client.want(student, [five, four])


# Together


def test_every_rule_of_every_item_is_told_at_once(client: Client):
    student = client.student(status="inactive", max_credits=1)
    client.hold(student)
    course = client.course(
        code="CS2",
        status="closed",
        capacity=0,
        credits=2,
        enroll_from=FUTURE,
        prerequisites=[{"code": "CS1"}],
        corequisites=["CS2L"],
    )

    answer = client.want(student, [course, 99], 409)

    assert codes(answer) == [
        "student_inactive",
        "student_on_hold",
        "course_not_open",
        "window_not_open",
        "prerequisite_missing",
        "corequisite_missing",
        "credit_limit",
        "course_full",
        "unknown_course",
    ]
    assert answer.json["detail"] == "9 rules refuse this."


# Eligibility


def test_eligibility_answers_with_nothing_or_with_every_broken_rule(client: Client):
    student = client.student()
    free, full = client.course(), client.course(code="CS2", capacity=0, status="closed")

    path = f"/v1/students/{student}/courses"
    assert client.get(f"{path}/{free}/eligibility").json == {
        "student_id": student,
        "course_id": free,
        "eligible": True,
        "errors": [],
    }
    answer = client.get(f"{path}/{full}/eligibility").json
    assert answer["eligible"] is False
    assert answer["errors"] == [
        {
            "code": "course_not_open",
            "detail": "CS2 is closed.",
            "details": {"course": "CS2", "status": "closed"},
        },
        {
            "code": "course_full",
            "detail": "CS2 has no seats.",
            "details": {"course": "CS2", "capacity": 0, "enrolled": 0},
        },
    ]
    assert client.events() == []


def test_eligibility_needs_a_student_and_a_course(client: Client):
    client.student()
    client.course()

    answer = client.get("/v1/students/1/courses/2/eligibility", status=404)
    assert answer.json["code"] == "course_not_found"
    answer = client.get("/v1/students/2/courses/1/eligibility", status=404)
    assert answer.json["code"] == "student_not_found"
    answer = client.get("/v1/students/2/eligible-courses", status=404)
    assert answer.json["code"] == "student_not_found"


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_eligible_courses_are_those_that_the_student_could_take_now(client: Client, limit: int):
    student = client.student(max_credits=10)
    fall = client.term(**FALL)
    nine, ten = [meeting(1, "09:00", "10:00")], [meeting(1, "10:00", "11:00")]
    done = client.course(code="CS1", term=fall)
    client.complete(student, done)
    client.enroll(student, client.course(term=fall, credits=6, meetings=nine))
    expected = [
        client.course(term=fall, credits=4, meetings=ten),
        client.course(term=fall, credits=4, meetings=ten),
        client.course(code="CS9", prerequisites=[{"code": "CS1"}]),
    ]
    client.course(term=fall, credits=5)
    client.course(term=fall, meetings=nine)
    client.course(capacity=0)
    client.course(status="closed")
    client.course(prerequisites=[{"code": "NONE"}])
    client.course(code="CS1")

    path = f"/v1/students/{student}/eligible-courses?limit={limit}"
    items = client.walk(path)
    assert [item["course_id"] for item in items] == expected
    assert items[2] == {
        "course_id": expected[2],
        "code": "CS9",
        "section": None,
        "label": "CS9",
        "title": "Databases",
        "term": None,
        "credits": 0.0,
        "instructor": None,
        "meetings": [],
    }
    in_fall = client.walk(f"{path}&term=fall")
    assert [item["course_id"] for item in in_fall] == expected[:2]
    for course in [course["id"] for course in client.walk("/v1/courses")]:
        answer = client.get(f"/v1/students/{student}/courses/{course}/eligibility").json
        assert answer["eligible"] == (course in expected)
