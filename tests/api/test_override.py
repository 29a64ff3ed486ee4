"""Overrides: named rules set aside for one request, on record."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, get_args

import pytest

from enrollment.model.types import OverridableRule
from enrollment.storage.queries import query_text
from tests.support.client import Client, broken
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
    client.post_json(f"/v1/students/{held}/holds", {"reason": "unpaid fees"}, status=201)
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


def test_an_over_full_course_takes_no_one_until_it_shrinks(client: Client):
    course = client.course(capacity=1)
    first, second, third = (client.student() for _ in range(3))
    client.enroll(first, course)
    client.enroll(second, course, **override("course_full"))

    client.put_status(first, course, "dropped")
    answer = client.enroll(third, course, 409)

    assert answer.json["errors"][0]["details"]["enrolled"] == 1


def test_the_seats_honor_a_recorded_override_and_nothing_else(database_file: Path):
    with closing(sqlite3.connect(database_file, isolation_level=None)) as db:
        db.execute("INSERT INTO student (given_name, family_name) VALUES ('A', 'B'), ('C', 'D')")
        db.execute("INSERT INTO course (code, title, capacity) VALUES ('CS1', 'One', 0)")
        insert = (
            "INSERT INTO student_course (student_id, course_id, status, enrolled_at, changed_at,"
            " overridden) VALUES (?, 1, 'enrolled', ?, ?, ?)"
        )
        for overridden in (None, '["credit_limit"]', '["course_fully"]'):
            with pytest.raises(sqlite3.IntegrityError, match="course_full"):
                db.execute(insert, (1, MOMENT, MOMENT, overridden))
        with pytest.raises(sqlite3.IntegrityError, match="overridden_is_a_list"):
            db.execute(insert, (1, MOMENT, MOMENT, "course_full"))
        db.execute(insert, (1, MOMENT, MOMENT, '["course_full"]'))
        drop = "UPDATE student_course SET status = 'dropped', dropped_at = ?"
        db.execute(drop, (MOMENT,))

        with pytest.raises(sqlite3.IntegrityError, match="course_full"):
            db.execute("UPDATE student_course SET status = 'enrolled'")
        with pytest.raises(sqlite3.IntegrityError, match="course_full"):
            db.execute(
                "UPDATE student_course SET status = 'enrolled', overridden = NULL,"
                " version = version + 1"
            )

        query = "SELECT to_status, overridden FROM student_course_event ORDER BY id"
        assert db.execute(query).fetchall() == [("enrolled", '["course_full"]'), ("dropped", None)]
