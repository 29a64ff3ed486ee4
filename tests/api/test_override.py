"""Overrides: named rules set aside for one request, on record."""

from typing import Any, get_args

import pytest

from enrollment.app import App
from enrollment.model.types import OverridableRule
from enrollment.storage.queries import query_text
from tests.support.client import Client, broken
from tests.support.engine import REFUSALS
from tests.support.tokens import ACTOR

MOMENT = "2026-09-01T08:00:00.000Z"


def override(*rules: str) -> dict[str, Any]:
    return {"override": {"rules": list(rules), "reason": "the dean agrees"}}


def last_event(client: Client) -> dict[str, Any]:
    return client.walk("/v1/events")[-1]


def test_an_overridden_rule_gives_way_and_the_event_says_so(client: Client):
    student, course = client.student(), client.course(capacity=0)

    client.enroll(student, course, **override("course_full"))

    event = last_event(client)
    assert event["overridden"] == ["course_full"]
    assert (event["reason"], event["actor"]) == ("the dean agrees", ACTOR)
    assert client.status(student, course) == "enrolled"


def test_the_other_rules_still_hold(client: Client):
    course = client.course(capacity=0, status="closed")

    answer = client.enroll(client.student(), course, 409, **override("course_full"))

    assert broken(answer) == [("/course_id", "course_not_open")]
    assert client.events() == []


def test_every_rule_but_those_that_keep_the_data_true_can_be_overridden(client: Client):
    held = client.student(status="inactive", max_credits=0)
    client.hold(held)
    meeting = [{"weekday": 1, "from": "09:00", "to": "10:00"}]
    rules = get_args(OverridableRule)
    client.enroll(held, client.course(meetings=meeting), **override(*rules))
    course = client.course(
        status="closed",
        capacity=0,
        credits=1,
        meetings=meeting,
        enroll_from="2999-01-01T00:00:00Z",
        prerequisites=[{"code": "A1"}],
        corequisites=["B1"],
    )

    client.enroll(held, course, **override(*rules))

    written = query_text("eligibility")
    assert all(f"'{rule}'" in written for rule in rules)


@pytest.mark.parametrize(
    "rule", ["already_enrolled", "unknown_course", "duplicate_course", "none", "", None, 1]
)
def test_a_rule_that_keeps_the_data_true_cannot_be_overridden(client: Client, rule: Any):
    answer = client.enroll(client.student(), client.course(), 422, **override(rule))

    assert broken(answer) == [("/override/rules/0", "invalid_value")]


@pytest.mark.parametrize(
    ("given", "pointer", "code"),
    [
        ({"rules": ["course_full"]}, "/override/reason", "missing"),
        ({"rules": ["course_full"], "reason": ""}, "/override/reason", "invalid_value"),
        ({"rules": [], "reason": "x"}, "/override/rules", "invalid_value"),
        ({"reason": "x"}, "/override/rules", "missing"),
        ({"rules": ["course_full"], "reason": "x", "who": 1}, "/override/who", "unknown_name"),
        ("course_full", "/override", "invalid_value"),
    ],
)
def test_an_override_needs_rules_and_a_reason(client: Client, given: Any, pointer: str, code: str):
    answer = client.enroll(client.student(), client.course(), 422, override=given)

    assert broken(answer) == [(pointer, code)]


def test_an_override_holds_for_its_own_change_only(client: Client):
    student, course = client.student(), client.course(capacity=0)
    client.enroll(student, course, **override("course_full"))
    client.put_status(student, course, "dropped")
    assert last_event(client)["overridden"] == []

    answer = client.enroll(student, course, 409)

    assert broken(answer) == [("/course_id", "course_full")]


def test_a_whole_set_and_one_status_can_be_overridden_too(client: Client):
    student, course, other = client.student(), client.course(capacity=0), client.course(capacity=0)
    path = f"/v1/students/{student}/courses"

    body = {"courses": [{"course_id": course}]} | override("course_full")
    client.put_json(path, body, status=200)
    body = {"status": "enrolled"} | override("course_full")
    client.put_json(f"{path}/{other}", body, status=201)

    events = client.walk("/v1/events")
    assert [event["overridden"] for event in events] == [["course_full"]] * 2


def test_the_reason_of_an_override_is_that_of_the_enrollment_alone(client: Client):
    student, old, new = client.student(), client.course(), client.course(capacity=0)
    client.enroll(student, old)

    body = {"courses": [{"course_id": new}], "reason": "by letter"} | override("course_full")
    client.put_json(f"/v1/students/{student}/courses", body, status=200)

    dropped, enrolled = client.walk("/v1/events")[1:]
    assert (dropped["reason"], dropped["overridden"]) == ("by letter", [])
    assert (enrolled["reason"], enrolled["overridden"]) == ("the dean agrees", ["course_full"])


def test_the_history_has_the_rules_that_were_broken_and_not_all_that_were_named(client: Client):
    student, open_one, full = client.student(), client.course(), client.course(capacity=0)
    every = override(*get_args(OverridableRule))

    path = f"/v1/students/{student}/courses"
    body = {"courses": [{"course_id": open_one}, {"course_id": full}]} | every
    client.put_json(path, body, status=200)
    client.put_json(f"{path}/{full}", {"status": "completed"} | every, status=200)
    client.put_json(f"{path}/{open_one}", {"status": "dropped"} | every, status=200)

    recorded = [(event["course_id"], event["overridden"]) for event in client.walk("/v1/events")]
    assert recorded == [(open_one, []), (full, ["course_full"]), (full, []), (open_one, [])]
    assert {event["reason"] for event in client.walk("/v1/events")} == {"the dean agrees"}


def test_only_a_student_without_a_seat_has_one_against_the_rule(client: Client):
    course = client.course(capacity=1)
    students = [{"student_id": client.student()} for _ in range(2)]

    body = {"students": students} | override("course_full", "student_on_hold")
    client.post_json(f"/v1/courses/{course}/students", body, status=201)

    assert [event["overridden"] for event in client.walk("/v1/events")] == [[], ["course_full"]]


def test_a_reserved_seat_that_an_override_has_taken_is_missing_to_the_next(client: Client):
    course = client.course(capacity=1, promotion="manual")
    gone, waiting, ahead = client.student(), client.student(), client.student()
    client.enroll(gone, course)
    client.enroll(waiting, course, waitlist=True)
    client.put_status(gone, course, "dropped")

    body = {"students": [{"student_id": ahead}, {"student_id": waiting}]} | override("course_full")
    client.post_json(f"/v1/courses/{course}/students", body, status=201)

    events = client.walk("/v1/events")[-2:]
    assert [event["overridden"] for event in events] == [["course_full"]] * 2


def test_a_correction_has_the_rules_that_it_breaks(client: Client):
    student, course = client.student(), client.course(capacity=1)
    client.enroll(student, course)
    client.put_status(student, course, "dropped")

    body = {"take_back": "latest_change", **override("course_full", "waitlist_full")}
    path = f"/v1/students/{student}/courses/{course}/corrections"
    client.post_json(path, body | {"reason": "our mistake"}, status=200)

    assert last_event(client)["overridden"] == []


def test_an_over_full_course_takes_no_one_until_it_shrinks(client: Client):
    course = client.course(capacity=1)
    first, second, third = (client.student() for _ in range(3))
    client.enroll(first, course)
    client.enroll(second, course, **override("course_full"))

    client.put_status(first, course, "dropped")
    answer = client.enroll(third, course, 409)

    assert answer.json["errors"][0]["details"]["enrolled"] == 1


def test_the_seats_honor_a_recorded_override_and_nothing_else(app: App, client: Client):
    student, course = client.student(), client.course(capacity=0)

    def execute(sql: str, overridden: str | None = None) -> None:
        values = {"student_id": student, "course_id": course, "overridden": overridden}
        with app.database.write() as db:
            db.execute(sql, values)

    insert = (
        "INSERT INTO student_course (student_id, course_id, status, enrolled_at, changed_at,"
        f" overridden) VALUES (:student_id, :course_id, 'enrolled', '{MOMENT}', '{MOMENT}',"
        " :overridden)"
    )
    for overridden in (None, '["credit_limit"]', '["course_fully"]'):
        with pytest.raises(REFUSALS, match="course_full"):
            execute(insert, overridden)
    with pytest.raises(REFUSALS, match="overridden_is_a_list"):
        execute(insert, "course_full")
    execute(insert, '["course_full"]')
    execute(f"UPDATE student_course SET status = 'dropped', dropped_at = '{MOMENT}'")

    with pytest.raises(REFUSALS, match="course_full"):
        execute("UPDATE student_course SET status = 'enrolled'")
    with pytest.raises(REFUSALS, match="course_full"):
        execute(
            "UPDATE student_course SET status = 'enrolled', overridden = NULL,"
            " version = version + 1"
        )

    with app.database.read() as db:
        query = "SELECT to_status, overridden FROM student_course_event ORDER BY id"
        found = [tuple(row) for row in db.execute(query)]
    assert found == [("enrolled", '["course_full"]'), ("dropped", None)]
