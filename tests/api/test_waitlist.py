"""Waitlists: who waits, in which order, and who is given what comes free."""

from typing import Any

import pytest

from enrollment.app import App
from tests.support.client import Client, broken

ADA = {"given_name": "Ada", "family_name": "Lovelace"}


def full(client: Client, **fields: Any) -> tuple[int, int]:
    """A course whose one seat is taken, and the student who has it."""
    course, student = client.course(**{"code": "CS101", "capacity": 1} | fields), client.student()
    client.enroll(student, course)
    return course, student


def join(client: Client, course: int, status: int = 201) -> int:
    """A new student who waits for the course."""
    student = client.student()
    client.enroll(student, course, status, waitlist=True)
    return student


def waiting(client: Client, course: int) -> list[tuple[int, int]]:
    items = client.walk(f"/v1/courses/{course}/students?status=waitlisted&limit=2")
    return [(item["student_id"], item["position"]) for item in items]


def enrolled(client: Client, course: int) -> list[int]:
    items = client.walk(f"/v1/courses/{course}/students?status=enrolled")
    return [item["student_id"] for item in items]


def last_event(client: Client, student: int, course: int) -> dict[str, Any]:
    return client.walk(f"/v1/students/{student}/courses/{course}/events")[-1]


def replace_course(client: Client, course: int, **fields: Any) -> None:
    body = {"code": "CS101", "title": "Databases"} | fields
    client.put_json(f"/v1/courses/{course}", body, status=200)


# Joining


def test_who_comes_to_a_full_course_may_wait(client: Client):
    course, _ = full(client)
    student = client.student()

    answer = client.enroll(student, course, waitlist=True)

    assert (answer.json["status"], answer.json["position"]) == ("waitlisted", 1)
    assert answer.json["waitlisted_at"] is not None
    assert answer.json["enrolled_at"] is None
    assert client.get(answer.headers["Location"]).json == answer.json
    assert client.events()[-1] == (student, course, None, "waitlisted")


def test_who_would_wait_is_enrolled_where_a_seat_is_free(client: Client):
    answer = client.enroll(client.student(), client.course(capacity=1), waitlist=True)

    assert (answer.json["status"], answer.json["position"]) == ("enrolled", None)


def test_those_who_wait_stand_in_the_order_in_which_they_came(client: Client):
    course, _ = full(client)
    third = client.student()
    first, second = join(client, course), join(client, course)
    client.enroll(third, course, waitlist=True)

    assert waiting(client, course) == [(first, 1), (second, 2), (third, 3)]
    client.delete(f"/v1/students/{first}/courses/{course}", status=204)
    client.enroll(first, course, waitlist=True)
    assert waiting(client, course) == [(second, 1), (third, 2), (first, 3)]
    items = client.get(f"/v1/students/{first}/courses").json["items"]
    assert [(item["status"], item["position"]) for item in items] == [("waitlisted", 3)]


def test_already_waitlisted(client: Client):
    course, _ = full(client)
    student = join(client, course)

    answer = client.enroll(student, course, 409, waitlist=True)

    assert broken(answer) == [("/course_id", "already_waitlisted")]
    assert broken(client.enroll(student, course, 409)) == [("/course_id", "course_full")]


@pytest.mark.parametrize(("places", "allowed"), [(0, 0), (1, 1), (2, 2), (None, 3)])
def test_waitlist_full(client: Client, places: int | None, allowed: int):
    course, _ = full(client, waitlist_capacity=places)
    for _ in range(allowed):
        join(client, course)

    if places is not None:
        answer = client.enroll(client.student(), course, 409, waitlist=True)
        assert broken(answer) == [("/course_id", "waitlist_full")]
        assert answer.json["errors"][0]["details"] == {
            "course": "CS101",
            "waitlist_capacity": places,
            "waitlisted": places,
        }
        assert answer.json["detail"] == "No seat of CS101 is free, and " + (
            f"the waitlist is full: {places} of {places} taken."
            if places
            else "no one can join the waitlist."
        )


def test_a_full_waitlist_can_be_overridden(client: Client):
    course, _ = full(client, waitlist_capacity=0)
    override = {"rules": ["waitlist_full"], "reason": "the dean agrees"}

    answer = client.enroll(client.student(), course, waitlist=True, override=override)

    assert answer.json["status"] == "waitlisted"


def test_only_who_could_be_enrolled_but_for_the_seat_may_wait(client: Client):
    course = client.course(capacity=0, prerequisites=[{"code": "CS1"}])
    student = client.student()
    client.hold(student)

    answer = client.enroll(student, course, 409, waitlist=True)

    codes = [code for _, code in broken(answer)]
    assert codes == ["student_on_hold", "prerequisite_missing"]


def test_a_place_on_a_waitlist_can_be_left_and_not_completed(client: Client):
    course, _ = full(client)
    student = join(client, course)

    answer = client.put_status(student, course, "completed", 409)
    assert broken(answer) == [("/status", "not_enrolled")]
    client.put_status(student, course, "dropped")

    assert waiting(client, course) == []
    assert client.events()[-1] == (student, course, "waitlisted", "dropped")


# Promotion


def test_a_drop_promotes_the_first_who_waits(client: Client):
    course, leaver = full(client)
    first, second = join(client, course), join(client, course)

    client.delete(f"/v1/students/{leaver}/courses/{course}", status=204)

    assert enrolled(client, course) == [first]
    assert waiting(client, course) == [(second, 1)]
    assert client.events()[-2:] == [
        (leaver, course, "enrolled", "dropped"),
        (first, course, "waitlisted", "enrolled"),
    ]
    assert last_event(client, first, course)["reason"] == "promoted from the waitlist"


def test_a_completion_promotes(client: Client):
    course, leaver = full(client)
    first = join(client, course)

    client.put_status(leaver, course, "completed")

    assert enrolled(client, course) == [first]


def test_a_course_that_is_given_up_for_another_promotes(client: Client):
    course, leaver = full(client)
    first = join(client, course)

    client.want(leaver, [client.course()])

    assert enrolled(client, course) == [first]


def test_a_member_who_becomes_inactive_makes_room(client: Client):
    course, leaver = full(client)
    first = join(client, course)

    client.put_json(f"/v1/students/{leaver}", ADA | {"status": "inactive"}, status=200)

    assert enrolled(client, course) == [first]
    assert client.status(leaver, course) == "dropped"


@pytest.mark.parametrize(("capacity", "promoted"), [(2, 1), (3, 2), (9, 3), (None, 3), (0, 0)])
def test_a_raised_capacity_promotes_as_many_as_there_are_seats(
    client: Client, capacity: int | None, promoted: int
):
    course, leaver = full(client)
    others = [join(client, course) for _ in range(3)]

    replace_course(client, course, capacity=capacity)

    assert enrolled(client, course) == [leaver, *others[:promoted]]
    assert [student for student, _ in waiting(client, course)] == others[promoted:]


def test_an_over_full_course_promotes_no_one_until_it_has_shrunk(client: Client):
    course, first = full(client, capacity=2)
    second = client.student()
    client.enroll(second, course)
    replace_course(client, course, capacity=1)
    third = join(client, course)

    client.put_status(first, course, "dropped")
    assert (enrolled(client, course), waiting(client, course)) == ([second], [(third, 1)])
    client.put_status(second, course, "dropped")
    assert enrolled(client, course) == [third]


def test_who_is_not_eligible_now_is_passed_over_keeps_the_place_and_is_told_why(client: Client):
    course, leaver = full(client)
    first, second = join(client, course), join(client, course)
    client.hold(first)

    client.put_status(leaver, course, "dropped")

    assert enrolled(client, course) == [second]
    assert waiting(client, course) == [(first, 1)]
    event = last_event(client, first, course)
    assert (event["from_status"], event["to_status"]) == ("waitlisted", "waitlisted")
    reason = "passed over: student_on_hold: The student is on hold: unpaid fees"
    assert event["reason"] == reason
    assert client.get(f"/v1/students/{first}/courses/{course}").json["version"] == 2


def test_being_passed_over_again_for_the_same_reason_is_not_told_again(client: Client):
    course, leaver = full(client)
    first = join(client, course)
    client.hold(first)
    client.put_status(leaver, course, "dropped")

    client.enroll(leaver, course)
    client.put_status(leaver, course, "dropped")

    assert len(client.walk(f"/v1/students/{first}/courses/{course}/events")) == 2


def test_a_released_hold_gives_the_seat_that_is_still_free(client: Client):
    course, leaver = full(client)
    first = join(client, course)
    number = client.hold(first)
    client.put_status(leaver, course, "dropped")

    client.delete(f"/v1/students/{first}/holds/{number}", status=204)

    assert enrolled(client, course) == [first]


def test_who_completes_what_is_needed_gets_the_seat_that_is_still_free(client: Client):
    course, leaver = full(client)
    basic, first = client.course(code="CS1"), join(client, course)
    client.enroll(first, basic)
    requires = [{"code": "CS1"}]
    replace_course(client, course, capacity=1, prerequisites=requires)
    client.put_status(leaver, course, "dropped")
    assert enrolled(client, course) == []

    client.put_status(first, basic, "completed")

    assert enrolled(client, course) == [first]


def test_more_who_are_passed_over_than_are_asked_at_a_time(client: Client):
    course, leaver = full(client)
    held = [join(client, course) for _ in range(101)]
    for student in held:
        client.hold(student)
    last = join(client, course)

    client.put_status(leaver, course, "dropped")

    assert enrolled(client, course) == [last]
    assert len(waiting(client, course)) == 101


def one_who_is_eligible_unnoticed(client: Client, app: App) -> tuple[int, int]:
    """A course with a free seat, and who waits for it: what was in the way has gone by raw SQL."""
    basic = client.course(code="CS1")
    course, leaver = full(client)
    first = join(client, course)
    client.complete(first, basic)
    replace_course(client, course, capacity=1, prerequisites=[{"code": "CS2"}])
    client.put_status(leaver, course, "dropped")
    assert enrolled(client, course) == []
    with app.database.write() as db:
        db.execute("UPDATE course SET code = 'CS2' WHERE id = :id", {"id": basic})
    return course, first


def test_a_newcomer_does_not_pass_who_has_become_eligible_unnoticed(client: Client, app: App):
    course, first = one_who_is_eligible_unnoticed(client, app)
    newcomer = client.student()
    client.complete(newcomer, 1)

    answer = client.enroll(newcomer, course, 409)
    assert broken(answer) == [("/course_id", "course_full")]
    client.enroll(newcomer, course, waitlist=True)

    assert enrolled(client, course) == [first]
    assert waiting(client, course) == [(newcomer, 1)]


def test_the_refusal_of_a_newcomer_has_the_seats_as_the_course_shows_them(
    client: Client, app: App, subtests: pytest.Subtests
):
    """The refusal takes the promotion back, so the seat is free, but not for the newcomer."""
    course, newcomer = client.course(code="CS101", capacity=0), client.student()
    waiting = join(client, course)
    with app.database.write() as db:
        db.execute("UPDATE course SET capacity = 1, version = version + 1")
    students = {"students": [{"student_id": newcomer}]}
    requests = {
        "one course": lambda: client.enroll(newcomer, course, 409),
        "the whole set": lambda: client.want(newcomer, [course], 409),
        "a class": lambda: client.post_json(f"/v1/courses/{course}/students", students, status=409),
    }

    for name, request in requests.items():
        with subtests.test(name):
            (error,) = request().json["errors"]

            assert error["detail"] == (
                "No seat of CS101 is free: 0 of 1 taken, and waitlisted students come first."
            )
            assert error["details"] == {"course": "CS101", "capacity": 1, "enrolled": 0}
    seats = client.get(f"/v1/courses/{course}").json["seats"]
    assert seats == {"capacity": 1, "enrolled": 0, "waitlisted": 1, "free": 1}
    assert client.enroll(newcomer, course, waitlist=True).json["status"] == "waitlisted"
    assert enrolled(client, course) == [waiting]


def test_who_has_become_eligible_unnoticed_may_ask_for_the_seat(client: Client, app: App):
    course, first = one_who_is_eligible_unnoticed(client, app)

    answer = client.enroll(first, course)

    assert answer.json["status"] == "enrolled"


def test_a_refused_request_promotes_no_one(client: Client, app: App):
    course, first = one_who_is_eligible_unnoticed(client, app)
    before, path = client.events(), f"/v1/students/{first}/courses/{course}"

    client.enroll(99, course, 404)
    client.enroll(client.student(), course, 409)
    client.put_status(first, course, "completed", 409)
    client.put_status(first, course, "enrolled", 412, headers={"If-Match": '"x"'})

    assert client.events() == before
    tag = client.get(path).headers["ETag"]
    client.put_status(first, course, "dropped", headers={"If-Match": tag})
    assert waiting(client, course) == []


def test_a_wider_term_gives_the_seats_that_are_still_free(client: Client):
    course, leaver = full(client, credits=2, term=client.term(max_credits=2))
    other = client.course(code="CS2", credits=1, term="2026-FALL")
    first = join(client, course)
    client.enroll(first, other)
    client.put_status(leaver, course, "dropped")
    assert enrolled(client, course) == []
    term = client.get("/v1/terms/1").json | {"max_credits": 20}

    read_only = ("id", "version", "updated_at")
    body = {name: value for name, value in term.items() if name not in read_only}
    client.put_json("/v1/terms/1", body, status=200)

    assert enrolled(client, course) == [first]


def test_what_is_taken_may_open_what_is_waited_for(client: Client):
    lecture, leaver = full(client, code="BIO1", title="Biology")
    lab = client.course(code="BIO1L")
    first = join(client, lecture)
    body = {"code": "BIO1", "title": "Biology", "capacity": 1, "corequisites": ["BIO1L"]}
    client.put_json(f"/v1/courses/{lecture}", body, status=200)
    client.put_status(leaver, lecture, "dropped")
    assert enrolled(client, lecture) == []

    client.enroll(first, lab)

    assert enrolled(client, lecture) == [first]


def test_a_course_that_is_waited_for_is_not_taken_yet(client: Client):
    lab, _ = full(client, code="BIO1L")
    lecture = client.course(code="BIO1", corequisites=["BIO1L"])
    student = client.student()
    body = {"courses": [{"course_id": lecture}, {"course_id": lab, "waitlist": True}]}

    answer = client.put_json(f"/v1/students/{student}/courses", body, status=409)

    assert broken(answer) == [("/courses/0/course_id", "corequisite_missing")]


def test_being_passed_over_does_not_stand_in_the_way_of_a_correction(client: Client):
    course, leaver = full(client)
    first = client.student()
    client.enroll(first, course, waitlist=True, effective_at="2020-01-02T00:00:00Z")
    client.hold(first)
    client.put_status(leaver, course, "dropped")

    body = {"status": "dropped", "effective_at": "2020-01-05T00:00:00Z"}
    client.put_json(f"/v1/students/{first}/courses/{course}", body, status=200)

    times = [
        event["effective_at"][:10]
        for event in client.walk(f"/v1/students/{first}/courses/{course}/events")
    ]
    assert times == ["2020-01-02", "2020-01-02", "2020-01-05"]


# A registrar promotes


def promote(client: Client, course: int, status: int = 200, **body: Any) -> Any:
    return client.post_json(f"/v1/courses/{course}/promotions", body, status=status)


def test_where_a_registrar_promotes_the_seat_is_held(client: Client):
    course, leaver = full(client, promotion="manual")
    first, second = join(client, course), join(client, course)
    client.put_status(leaver, course, "dropped")
    assert (enrolled(client, course), waiting(client, course)) == ([], [(first, 1), (second, 2)])

    answer = client.enroll(client.student(), course, 409)
    assert broken(answer) == [("/course_id", "course_full")]
    assert answer.json["detail"] == (
        "No seat of CS101 is free: 0 of 1 taken, and waitlisted students come first."
    )
    assert broken(client.enroll(second, course, 409)) == [("/course_id", "course_full")]

    promoted = promote(client, course).json["items"]
    assert [(item["student_id"], item["status"]) for item in promoted] == [(first, 201)]
    assert promoted[0]["enrollment"] == client.get(f"/v1/students/{first}/courses/{course}").json
    assert enrolled(client, course) == [first]


def test_a_seat_that_no_one_waits_for_is_not_held(client: Client):
    course, _ = full(client, promotion="manual")
    first = join(client, course)
    replace_course(client, course, capacity=3, promotion="manual")

    newcomer = client.student()
    client.enroll(newcomer, course)

    assert len(enrolled(client, course)) == 2
    assert waiting(client, course) == [(first, 1)]
    client.enroll(client.student(), course, 409)


def test_a_registrar_promotes_in_order_and_is_told_who_was_passed_over(client: Client):
    course, _ = full(client, promotion="manual")
    first, second, third = (join(client, course) for _ in range(3))
    client.hold(first)
    replace_course(client, course, capacity=9, promotion="manual")

    items = promote(client, course).json["items"]

    assert [(item["student_id"], item["status"]) for item in items] == [(first, 409), (second, 201)]
    assert [reason["code"] for reason in items[0]["errors"]] == ["student_on_hold"]
    assert waiting(client, course) == [(first, 1), (third, 2)]
    assert len(promote(client, course, seats=9).json["items"]) == 2
    assert promote(client, course, seats=9).json["items"][0]["student_id"] == first


def test_a_registrar_cannot_promote_into_a_full_course(client: Client):
    course, _ = full(client, promotion="manual")
    join(client, course)

    answer = promote(client, course, 409)

    assert broken(answer) == [("", "course_full")]
    assert answer.json["detail"] == "No seat of CS101 is free: 1 of 1 taken."


def test_promotion_automatic(client: Client):
    course, _ = full(client)
    join(client, course)

    reasons = broken(promote(client, course, 409))

    assert reasons == [("", "promotion_automatic"), ("", "course_full")]


def test_a_registrar_who_gives_the_task_away_promotes_by_that(client: Client):
    course, leaver = full(client, promotion="manual")
    first = join(client, course)
    client.put_status(leaver, course, "dropped")

    replace_course(client, course, capacity=1, promotion="automatic")

    assert enrolled(client, course) == [first]


@pytest.mark.parametrize("seats", [0, -1, 1001, 1.5, "1", None])
def test_promotions_are_counted_from_1(client: Client, seats: Any):
    course, _ = full(client, promotion="manual")

    assert broken(promote(client, course, 422, seats=seats)) == [("/seats", "invalid_value")]


def test_there_is_no_promotion_in_a_course_that_does_not_exist(client: Client):
    assert promote(client, 7, 404).json["code"] == "course_not_found"


# The whole set


def test_a_set_may_name_courses_to_wait_for(client: Client):
    course, _ = full(client)
    other, student = client.course(), client.student()
    body = {"courses": [{"course_id": course, "waitlist": True}, {"course_id": other}]}
    path = f"/v1/students/{student}/courses"

    for _ in range(2):
        items = client.put_json(path, body, status=200).json["items"]
        assert [item["status"] for item in items] == ["waitlisted", "enrolled"]
    assert len(client.walk(f"{path}/{course}/events")) == 1
    answer = client.want(student, [course, other], 409)
    assert broken(answer) == [("/courses/0/course_id", "course_full")]


def test_a_place_on_a_waitlist_that_is_not_in_the_set_is_left(client: Client):
    course, _ = full(client)
    student = join(client, course)

    client.want(student, [])

    assert waiting(client, course) == []


def test_who_waits_keeps_the_place_whatever_has_come_up_since(client: Client):
    course, _ = full(client)
    student = join(client, course)
    replace_course(client, course, capacity=1, status="closed")
    body = {"courses": [{"course_id": course, "waitlist": True}]}

    client.put_json(f"/v1/students/{student}/courses", body, status=200)

    assert waiting(client, course) == [(student, 1)]


# Seats, tags and dry runs


def test_a_course_tells_its_seats(client: Client):
    course, _ = full(client, capacity=2)
    client.enroll(client.student(), course)
    join(client, course)

    seats = {"capacity": 2, "enrolled": 2, "waitlisted": 1, "free": 0}
    assert client.get(f"/v1/courses/{course}").json["seats"] == seats
    assert client.get("/v1/courses").json["items"][0]["seats"] == seats
    replace_course(client, course, capacity=1)
    assert client.get(f"/v1/courses/{course}").json["seats"]["free"] == 0
    unlimited = client.get(f"/v1/courses/{client.course()}").json["seats"]
    assert unlimited == {"capacity": None, "enrolled": 0, "waitlisted": 0, "free": None}


def test_a_taken_seat_changes_the_tag_of_the_course(client: Client):
    course = client.course(capacity=2)
    before = client.get(f"/v1/courses/{course}").headers["ETag"]

    client.enroll(client.student(), course)

    path, body = f"/v1/courses/{course}", {"code": "CS101", "title": "Databases"}
    client.get(path, headers={"If-None-Match": before}, status=200)
    client.put_json(path, body, headers={"If-Match": before}, status=412)
    client.put_json(path, body, headers={"If-Match": '"1"'}, status=200)
    client.put_json(path, body, headers={"If-Match": '"1"'}, status=412)


def test_a_place_that_moves_up_has_another_tag(client: Client):
    course, _ = full(client)
    first, second = join(client, course), join(client, course)
    path = f"/v1/students/{second}/courses"
    tags = [client.get(address).headers["ETag"] for address in (path, f"{path}/{course}")]

    client.put_status(first, course, "dropped")

    for address, tag in zip((path, f"{path}/{course}"), tags, strict=True):
        answer = client.get(address, headers={"If-None-Match": tag}, status=200)
        assert answer.headers["ETag"] != tag


def test_a_dry_run_of_a_drop_shows_who_would_be_promoted(client: Client):
    course, leaver = full(client)
    first = join(client, course)

    answer = client.delete(f"/v1/students/{leaver}/courses/{course}?dry_run=true", status=200)

    moves = [(event["student_id"], event["to_status"]) for event in answer.json["events"]]
    assert moves == [(leaver, "dropped"), (first, "enrolled")]
    assert waiting(client, course) == [(first, 1)]
