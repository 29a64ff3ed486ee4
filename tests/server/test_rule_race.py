"""Students who enroll on the real server while registrars correct, cancel courses, change groups
and end the term. Nobody knows the order, so what must be true in every order is checked."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from enrollment.data.integrity import list_history_mismatches
from enrollment.model.location import Location
from enrollment.storage.offline import list_corruptions
from tests.support.engine import connected, is_sqlite
from tests.support.server import Reply, Server, serving

pytestmark = pytest.mark.slow

# After each round nothing moves, and it is looked who waits: a few requests later, another
# promotion can have mended what one has left out.
CLIENTS, ROUNDS, REQUESTS = 4, 40, 10
STUDENTS = range(1, 13)
CAPACITY = {1: 2, 2: 3, 3: 4}
COURSES: dict[int, dict[str, Any]] = {
    1: {"code": "ALL", "credits": 2},
    2: {"code": "SENIORS", "credits": 3, "open_to": ["SENIOR"]},
    3: {"code": "AFTER", "credits": 2, "prerequisites": [{"any_of": ["ALL", "SENIORS"]}]},
}
# What a client does, and how often.
DEEDS = {
    "enroll": 40,
    "drop": 14,
    "complete": 14,
    "correct": 14,
    "take back": 8,
    "change groups": 16,
    "cancel": 8,
    "reopen": 12,
    "end the term": 3,
    "prolong the term": 6,
}
MERGE = {"Content-Type": "application/merge-patch+json"}


def act(server: Server, random: Random, reason: str) -> tuple[str, Reply]:
    """Do something, and return what it was and its answer."""
    student, course = random.choice(STUDENTS), random.choice(list(COURSES))
    of_student = f"/v1/students/{student}"
    place = f"{of_student}/courses/{course}"
    (deed,) = random.choices(list(DEEDS), list(DEEDS.values()))
    method, path, body = "PUT", place, {}
    match deed:
        case "enroll":
            method, path = "POST", f"{of_student}/courses"
            body = {"course_id": course, "waitlist": random.random() < 0.8}
        case "drop":
            body = {"status": "dropped"}
        case "complete":
            body = {"status": "completed", "passed": random.random() < 0.6}
        case "correct":
            status = random.choice(["enrolled", "completed", "dropped"])
            body = {"status": status, "correction": True}
        case "take back":
            method, path, body = "POST", f"{place}/corrections", {"take_back": "latest_change"}
        case "change groups":
            method, path = "PATCH", of_student
            body = {"groups": random.choice([[], ["SENIOR"], ["SENIOR"]])}
        case "cancel" | "reopen":
            method, path = "PATCH", f"/v1/courses/{course}"
            body = {"status": "cancelled" if deed == "cancel" else "open"}
        case "end the term" | "prolong the term":
            method, path = "PATCH", "/v1/terms/1"
            days = -2 if deed == "end the term" else 90
            body = {"end_on": str(datetime.now(UTC).date() + timedelta(days))}
    if method == "PATCH":
        return deed, server.request(method, path, body, **MERGE)
    return deed, server.request(method, path, body | {"reason": reason})


def race(server: Server, random: Random, name: str) -> list[tuple[str, str, Reply]]:
    """Return the reason, the deed and the answer of each request of one client in one round."""
    reasons = [f"{name}, request {number}" for number in range(REQUESTS)]
    return [(reason, *act(server, random, reason)) for reason in reasons]


def read_events(server: Server) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    while page := server.get(f"/v1/events?after={len(events)}").json["items"]:
        events += page
    return events


def check_seats(events: list[dict[str, Any]]) -> None:
    """No course ever had more students than seats."""
    status: dict[int, dict[int, str]] = {course: {} for course in COURSES}
    for event in events:
        course = event["course_id"]
        # A correction goes on from before what it corrects, so `from_status` is not what was here.
        status[course][event["student_id"]] = event["to_status"]
        enrolled = list(status[course].values()).count("enrolled")
        assert enrolled <= CAPACITY[course], f"oversold by {event}"


def check_acknowledged(done: list[tuple[str, str, Reply]], events: list[dict[str, Any]]) -> None:
    """What was answered with success is on record as it was answered, and what was refused left
    nothing."""
    by_reason: dict[str, list[str]] = {}
    for event in events:
        by_reason.setdefault(event["reason"], []).append(event["to_status"])
    for reason, deed, reply in done:
        recorded = by_reason.get(reason, [])
        if reply.status < 300 and "status" in reply.json and "course_id" in reply.json:
            # A PUT of what is so already leaves no event. Who waits again may be promoted at once.
            shown = [reply.json["status"]]
            expected = [[], shown, ["waitlisted"]] if deed == "take back" else [[], shown]
            assert recorded in expected, (deed, recorded, reply.json)
        else:
            assert recorded == [], (deed, reply.json)


def check_nobody_waits_in_vain(server: Server) -> None:
    """Who waits beside a free seat has a reason for it."""
    for course, capacity in CAPACITY.items():
        roster = server.get(f"/v1/courses/{course}/students").json["items"]
        enrolled = sum(item["status"] == "enrolled" for item in roster)
        waiting = [item["student_id"] for item in roster if item["status"] == "waitlisted"]
        for student in waiting if enrolled < capacity else []:
            answer = server.get(f"/v1/students/{student}/courses/{course}/eligibility").json
            assert answer["errors"], f"{student} waits for {course}, where a seat is free"


def test_rules_that_change_during_a_race_leave_no_seat_oversold_and_nobody_waiting_in_vain(
    location: Location, tmp_path: Path
):
    with serving(location, folder=tmp_path) as server:
        term = {"code": "2026", "title": "Fall", "start_on": "2026-01-01", "end_on": "2099-01-01"}
        assert server.post("/v1/terms", term | {"max_credits": 4}).status == 201
        for number, fields in COURSES.items():
            course = {"title": "Databases", "term": "2026", "capacity": CAPACITY[number]}
            reply = server.post("/v1/courses", course | {"repeatable": True} | fields)
            assert reply.json["id"] == number
        for _ in STUDENTS:
            student = {"given_name": "Ada", "family_name": "Lovelace"}
            assert server.post("/v1/students", student).status == 201
        clients, done = [Random(number) for number in range(CLIENTS)], []
        with ThreadPoolExecutor(CLIENTS) as pool:
            for number in range(ROUNDS):
                names = [f"round {number}, client {client}" for client in range(CLIENTS)]
                for answers in pool.map(race, [server] * CLIENTS, clients, names):
                    done += answers
                check_nobody_waits_in_vain(server)
        events = read_events(server)

        check_seats(events)
        check_acknowledged(done, events)
        assert {reply.status for *_, reply in done} <= {200, 201, 404, 409}
        assert "Traceback" not in server.log.read_text()
        server.stop()
    with connected(location) as db:
        assert not is_sqlite(db) or list_corruptions(db) == []
        assert list_history_mismatches(db) == []
    # Every deed was done, and every rule met, by some client.
    assert {deed for _, deed, reply in done if reply.status < 300} == set(DEEDS)
    refused = {error["code"] for *_, r in done if r.status == 409 for error in r.json["errors"]}
    assert refused >= {"course_full", "group_required", "term_ended", "course_not_open"}
    assert refused >= {"credit_limit", "prerequisite_missing", "already_waitlisted"}
    assert any(event["corrects"] for event in events)
