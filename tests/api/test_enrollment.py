"""/v1/students/{id}/courses and /v1/courses/{id}/students"""

import re

import pytest

from tests.support.client import Client, broken
from tests.support.tokens import ACTOR

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


# Enrolling


def test_an_enrolled_student_has_a_place_a_time_and_an_event(client: Client):
    student, course = client.student(), client.course()

    answer = client.enroll(student, course)

    assert MOMENT.fullmatch(answer.json["enrolled_at"])
    assert answer.json == {
        "student_id": student,
        "course_id": course,
        "status": "enrolled",
        "position": None,
        "enrolled_at": answer.json["enrolled_at"],
        "waitlisted_at": None,
        "completed_at": None,
        "dropped_at": None,
        "passed": None,
        "grade": None,
        "instead_of": None,
        "version": 1,
    }
    assert answer.headers["Location"] == f"/v1/students/{student}/courses/{course}"
    assert answer.headers["ETag"] == '"1"'
    assert client.get(answer.headers["Location"]).json == answer.json
    assert client.events() == [(student, course, None, "enrolled")]


def test_already_enrolled(client: Client):
    student, course = client.student(), client.course(code="CS101")
    client.enroll(student, course)

    answer = client.enroll(student, course, status=409)

    assert broken(answer) == [("/course_id", "already_enrolled")]
    assert answer.json["detail"] == "The student is enrolled in CS101 already."
    assert len(client.events()) == 1


def test_already_completed(client: Client):
    student, course = client.student(), client.course()
    client.complete(student, course)

    assert broken(client.enroll(student, course, status=409)) == [
        ("/course_id", "already_completed")
    ]


def test_student_inactive(client: Client):
    answer = client.enroll(client.student(status="inactive"), client.course(), status=409)

    assert broken(answer) == [("/course_id", "student_inactive")]
    assert client.events() == []


@pytest.mark.parametrize("status", ["closed", "cancelled"])
def test_course_not_open(client: Client, status: str):
    answer = client.enroll(client.student(), client.course(code="CS1", status=status), status=409)

    assert broken(answer) == [("/course_id", "course_not_open")]
    assert answer.json["errors"][0]["details"] == {"course": "CS1", "status": status}


def test_course_full(client: Client):
    course = client.course(code="CS101", capacity=2)
    client.enroll(client.student(), course)
    client.enroll(client.student(), course)

    answer = client.enroll(client.student(), course, status=409)

    assert answer.json == {
        "type": "/problems/course_full",
        "title": "Every seat in the course is taken",
        "status": 409,
        "detail": "No seat of CS101 is free: 2 of 2 taken.",
        "code": "course_full",
        "errors": [
            {
                "pointer": "/course_id",
                "code": "course_full",
                "detail": "No seat of CS101 is free: 2 of 2 taken.",
                "details": {"course": "CS101", "capacity": 2, "enrolled": 2},
            }
        ],
    }
    assert len(client.events()) == 2


def test_a_course_without_seats_takes_no_one_and_one_without_capacity_takes_all(client: Client):
    student = client.student()

    assert broken(client.enroll(student, client.course(capacity=0), status=409)) == [
        ("/course_id", "course_full")
    ]
    client.enroll(student, client.course(capacity=None))


@pytest.mark.parametrize("left", ["dropped", "completed"])
def test_who_leaves_a_course_leaves_a_seat(client: Client, left: str):
    course = client.course(capacity=1)
    first = client.student()
    client.enroll(first, course)
    client.put_status(first, course, left)

    client.enroll(client.student(), course)


def test_unknown_course(client: Client):
    answer = client.enroll(client.student(), 7, status=409)

    assert broken(answer) == [("/course_id", "unknown_course")]


def test_a_student_who_is_not_there_is_not_found(client: Client):
    course = client.course()

    assert client.enroll(7, course, status=404).json["code"] == "student_not_found"
    assert client.want(7, [course], status=404).json["code"] == "student_not_found"
    assert client.get("/v1/students/7/courses", status=404).json["code"] == "student_not_found"
    path = f"/v1/students/7/courses/{course}"
    assert client.get(path, status=404).json["code"] == "student_not_found"
    assert client.delete(path, status=404).json["code"] == "student_not_found"
    assert client.put_status(7, course, "enrolled", 404).json["code"] == "student_not_found"


def test_the_reason_that_is_given_stands_in_the_history(client: Client):
    student, course = client.student(), client.course()

    client.enroll(student, course, reason="by letter")

    (event,) = client.get("/v1/events").json["items"]
    assert (event["reason"], event["actor"]) == ("by letter", ACTOR)


def test_every_event_has_the_time_the_actor_and_the_reason_of_its_change(client: Client):
    student, course = client.student(), client.course()
    path = f"/v1/students/{student}/courses"
    answers = [client.enroll(student, course, reason="one")]
    body = {"status": "dropped", "reason": "two"}
    answers.append(client.put_json(f"{path}/{course}", body, status=200))
    answers.append(client.enroll(student, course, reason="three"))
    client.put_json(path, {"courses": [], "reason": "four"}, status=200)
    answers.append(client.get(f"{path}/{course}"))
    client.put_json(path, {"courses": [{"course_id": course}], "reason": "five"}, status=200)
    answers.append(client.get(f"{path}/{course}"))
    answers.append(client.put_status(student, course, "completed"))

    events = client.get("/v1/events").json["items"]
    times = [answer.json[f"{answer.json['status']}_at"] for answer in answers]
    assert [event["recorded_at"] for event in events] == times
    assert [event["to_status"] for event in events] == [a.json["status"] for a in answers]
    assert [event["reason"] for event in events] == ["one", "two", "three", "four", "five", None]
    assert {event["actor"] for event in events} == {ACTOR}
    assert [answer.json["version"] for answer in answers] == [1, 2, 3, 4, 5, 6]


# One enrollment


def test_put_enrolls_once_however_often_it_is_sent(client: Client):
    student, course = client.student(), client.course(capacity=1)

    first = client.put_status(student, course, "enrolled", 201)
    again = client.put_status(student, course, "enrolled", 200)

    assert again.json == first.json
    assert first.headers["Location"] == f"/v1/students/{student}/courses/{course}"
    assert client.events() == [(student, course, None, "enrolled")]


@pytest.mark.parametrize("status", ["completed", "dropped"])
def test_put_ends_an_enrollment_once(client: Client, status: str):
    student, course = client.student(), client.course()
    enrolled = client.enroll(student, course)

    ended = client.put_status(student, course, status)
    again = client.put_status(student, course, status)

    time = ended.json[f"{status}_at"]
    assert MOMENT.fullmatch(time)
    outcome = {"passed": True} if status == "completed" else {}
    changed = {"status": status, f"{status}_at": time, "version": 2}
    assert ended.json == enrolled.json | outcome | changed
    assert again.json == ended.json
    assert len(client.events()) == 2


def test_a_dropped_student_may_enroll_again_and_the_history_shows_it(client: Client):
    student, course = client.student(), client.course(capacity=1)
    client.enroll(student, course)
    client.put_status(student, course, "dropped")

    answer = client.enroll(student, course)

    assert answer.json["status"] == "enrolled"
    assert answer.json["version"] == 3
    assert answer.json["dropped_at"] is not None
    assert client.events() == [
        (student, course, None, "enrolled"),
        (student, course, "enrolled", "dropped"),
        (student, course, "dropped", "enrolled"),
    ]


def test_put_enrolled_obeys_the_rules(client: Client):
    answer = client.put_status(client.student(), client.course(capacity=0), "enrolled", 409)

    assert broken(answer) == [("/status", "course_full")]


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (None, "completed"),
        (None, "dropped"),
        ("dropped", "completed"),
        ("completed", "dropped"),
    ],
)
def test_not_enrolled(client: Client, first: str | None, then: str):
    student, course = client.student(), client.course()
    if first:
        client.enroll(student, course)
        client.put_status(student, course, first)
    before = client.events()

    answer = client.put_status(student, course, then, 409)

    assert broken(answer) == [("/status", "not_enrolled")]
    assert client.events() == before


def test_delete_drops_and_keeps_the_history(client: Client):
    student, course = client.student(), client.course()
    client.enroll(student, course)
    path = f"/v1/students/{student}/courses/{course}"

    client.delete(path, status=204)
    client.delete(path, status=204)

    assert client.status(student, course) == "dropped"
    assert client.events() == [
        (student, course, None, "enrolled"),
        (student, course, "enrolled", "dropped"),
    ]


def test_deleting_a_completed_enrollment_is_refused(client: Client):
    student, course = client.student(), client.course()
    client.complete(student, course)

    answer = client.delete(f"/v1/students/{student}/courses/{course}", status=409)

    assert answer.json["code"] == "not_enrolled"


def test_an_enrollment_that_never_was_is_not_found(client: Client):
    path = f"/v1/students/{client.student()}/courses/{client.course()}"

    assert client.get(path, status=404).json["code"] == "enrollment_not_found"
    assert client.delete(path, status=404).json["code"] == "enrollment_not_found"


def test_a_course_of_the_path_that_is_not_there_is_not_found(client: Client):
    student = client.student()

    answer = client.get(f"/v1/students/{student}/courses/7", status=404)

    assert answer.json["code"] == "course_not_found"
    assert client.put_status(student, 7, "enrolled", 404).json["code"] == "course_not_found"
    assert client.get("/v1/courses/7/students", status=404).json["code"] == "course_not_found"


# The whole set


def enrolled(client: Client, student: int) -> list[int]:
    items = client.walk(f"/v1/students/{student}/courses?status=enrolled")
    return [item["course_id"] for item in items]


def test_the_whole_set_is_enrolled_kept_and_dropped(client: Client):
    student = client.student()
    kept, dropped, added = client.course(), client.course(), client.course()
    client.want(student, [kept, dropped])

    answer = client.want(student, [added, kept])

    assert [(item["course_id"], item["status"]) for item in answer.json["items"]] == [
        (kept, "enrolled"),
        (dropped, "dropped"),
        (added, "enrolled"),
    ]
    assert answer.json == client.get(f"/v1/students/{student}/courses").json
    assert client.events() == [
        (student, kept, None, "enrolled"),
        (student, dropped, None, "enrolled"),
        (student, dropped, "enrolled", "dropped"),
        (student, added, None, "enrolled"),
    ]


def test_the_same_set_again_changes_nothing(client: Client):
    student = client.student()
    courses = [client.course(), client.course()]
    first = client.want(student, courses)

    again = client.want(student, courses)

    assert again.json == first.json
    assert again.headers["ETag"] == first.headers["ETag"]
    assert len(client.events()) == 2


def test_an_empty_set_drops_every_course_and_no_completed_one(client: Client):
    student = client.student()
    done, left = client.course(), client.course()
    client.want(student, [done, left])
    client.put_status(student, done, "completed")

    client.want(student, [])

    assert (client.status(student, done), client.status(student, left)) == ("completed", "dropped")


def test_a_refused_set_changes_nothing_and_tells_every_reason_of_every_item(client: Client):
    student = client.student()
    present = client.course()
    client.want(student, [present])
    full = client.course(capacity=0, status="closed")
    before = client.get(f"/v1/students/{student}/courses").json

    answer = client.want(student, [full, present, 99, full], status=422)

    assert broken(answer) == [
        ("/courses/0/course_id", "course_not_open"),
        ("/courses/0/course_id", "course_full"),
        ("/courses/2/course_id", "unknown_course"),
        ("/courses/3/course_id", "duplicate_course"),
    ]
    assert answer.json["code"] == "duplicate_course"
    assert client.get(f"/v1/students/{student}/courses").json == before
    assert len(client.events()) == 1


def test_a_kept_course_is_not_checked_again(client: Client):
    student, course = client.student(), client.course(code="CS1", capacity=1)
    client.enroll(student, course)
    closed = {"code": "CS1", "title": "Databases", "capacity": 1, "status": "closed"}
    client.put_json(f"/v1/courses/{course}", closed, status=200)

    client.want(student, [course])


def test_a_student_who_becomes_inactive_leaves_every_course(client: Client):
    student, done, course = client.student(), client.course(), client.course()
    full = client.course(capacity=0)
    client.want(student, [done, course])
    client.enroll(student, full, waitlist=True)
    client.put_status(student, done, "completed")
    inactive = {"given_name": "Ada", "family_name": "Lovelace", "status": "inactive"}

    client.put_json(f"/v1/students/{student}", inactive, status=200)

    assert [client.status(student, id) for id in (done, course, full)] == [
        "completed",
        "dropped",
        "dropped",
    ]
    answer = client.want(student, [course], status=409)
    assert broken(answer) == [("/courses/0/course_id", "student_inactive")]


def test_what_deactivation_drops_is_returned_with_the_outcome_that_it_had(client: Client):
    student, course = client.student(), client.course(repeatable=True)
    client.complete(student, course)
    client.enroll(student, course)
    inactive = {"given_name": "Ada", "family_name": "Lovelace", "status": "inactive"}

    answer = client.put_json(f"/v1/students/{student}", inactive, status=200)

    (now,) = client.walk(f"/v1/students/{student}/courses")
    (dropped,) = answer.json["dropped"]
    assert dropped == {name: now[name] for name in dropped}
    assert dropped["passed"] is True


def test_a_student_who_stays_inactive_keeps_what_was_overridden(client: Client):
    student, course = client.student(status="inactive"), client.course()
    override = {"rules": ["student_inactive"], "reason": "the dean agrees"}
    client.enroll(student, course, override=override)
    body = {"given_name": "Ada", "family_name": "King", "status": "inactive"}

    client.put_json(f"/v1/students/{student}", body, status=200)

    assert client.status(student, course) == "enrolled"


# Lists


@pytest.mark.parametrize("limit", [1, 100])
def test_a_students_courses_are_listed_with_code_and_title(client: Client, limit: int):
    fall = client.term(code="FALL")
    student, other = client.student(), client.student()
    first = client.course(code="CS1", title="Databases", term=fall)
    second = client.course(code="CS2", title="Networks")
    third = client.course(code="CS3", title="Graphics", term=fall)
    client.want(student, [third, second, first])
    client.want(other, [first])
    client.put_status(student, second, "completed")

    def courses(query: str) -> list[tuple[str, str, str]]:
        items = client.walk(f"/v1/students/{student}/courses?limit={limit}&{query}")
        return [(item["code"], item["title"], item["status"]) for item in items]

    one, two, three = (
        ("CS1", "Databases", "enrolled"),
        ("CS2", "Networks", "completed"),
        ("CS3", "Graphics", "enrolled"),
    )
    assert courses("") == [one, two, three]
    assert courses("status=enrolled") == [one, three]
    assert courses("term=fall") == [one, three]
    assert courses("term=fall&status=completed") == []


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_a_roster_is_grouped_by_status(client: Client, limit: int):
    course, other = client.course(), client.course()
    students = [client.student(given_name=name) for name in ("Ada", "Ben", "Cat", "Dan")]
    for student in students:
        client.want(student, [course, other])
    client.put_status(students[1], course, "dropped")
    client.put_status(students[2], course, "completed")

    def roster(query: str) -> list[tuple[str, str]]:
        items = client.walk(f"/v1/courses/{course}/students?limit={limit}&{query}")
        return [(item["given_name"], item["status"]) for item in items]

    assert roster("") == [
        ("Cat", "completed"),
        ("Ben", "dropped"),
        ("Ada", "enrolled"),
        ("Dan", "enrolled"),
    ]
    assert roster("status=enrolled") == [("Ada", "enrolled"), ("Dan", "enrolled")]
    assert roster("status=dropped") == [("Ben", "dropped")]
    assert roster("status=waitlisted") == []
