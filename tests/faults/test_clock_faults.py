"""A clock that is set back while the service runs: the history goes on, and no one is refused."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from enrollment.cli.main import main
from enrollment.data.integrity import list_history_mismatches
from enrollment.data.record_change import acting
from enrollment.maintenance.backup import back_up, prune
from tests.faults.inject import Plan
from tests.support.client import today
from tests.support.command import Captured
from tests.support.engine import connected
from tests.support.server import Server, serving

pytestmark = pytest.mark.slow

DAY = 86_400


@pytest.fixture
def server(database_file: Path, preloaded: Plan) -> Iterator[Server]:
    """With four students, and a course that has one seat."""
    with serving(database_file) as server:
        for name in ("Ada", "Ben", "Cyd", "Dee"):
            server.post("/v1/students", {"given_name": name, "family_name": "Lovelace"})
        server.post("/v1/courses", {"code": "CS101", "title": "Databases", "capacity": 1})
        yield server


def enroll(server: Server, student: int, **fields: object) -> int:
    body = {"course_id": 1, "waitlist": True, **fields}
    return server.post(f"/v1/students/{student}/courses", body).status


def drop(server: Server, student: int) -> int:
    return server.request("DELETE", f"/v1/students/{student}/courses/1").status


def roster(server: Server, query: str = "") -> list[tuple[int, str]]:
    items = server.get(f"/v1/courses/1/students?{query}").json["items"]
    return [(item["student_id"], item["status"]) for item in items]


@pytest.mark.parametrize("ahead", [-1, -DAY, -4000 * DAY])
def test_who_enrols_drops_and_waits_after_the_clock_was_set_back_is_served_in_turn(
    server: Server, preloaded: Plan, database_file: Path, ahead: int
):
    assert [enroll(server, student) for student in (1, 2)] == [201, 201]

    preloaded.set_clock(ahead)

    assert [enroll(server, student) for student in (3, 4)] == [201, 201]
    assert drop(server, 1) == 204
    assert enroll(server, 1) == 201
    assert roster(server) == [(2, "enrolled"), *((waits, "waitlisted") for waits in (3, 4, 1))]
    assert drop(server, 2) == 204
    done = server.request("PUT", "/v1/students/3/courses/1", {"status": "completed"})
    assert done.status == 200

    now = roster(server)
    assert sorted(now) == [(1, "waitlisted"), (2, "dropped"), (3, "completed"), (4, "enrolled")]
    preloaded.set_clock(0)
    assert roster(server, f"as_of={today()}") == sorted(now)
    events = server.get("/v1/events").json["items"]
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    for student in (1, 2, 3, 4):
        own = [event for event in events if event["student_id"] == student]
        for name in ("effective_at", "recorded_at"):
            times = [event[name] for event in own]
            assert times == sorted(times)
    with closing(sqlite3.connect(database_file)) as db:
        db.row_factory = sqlite3.Row
        assert list_history_mismatches(db) == []


def test_times_of_an_enrollment_are_those_of_its_events_whatever_the_clock_says(
    server: Server, preloaded: Plan
):
    assert enroll(server, 1) == 201
    preloaded.set_clock(-DAY)
    assert drop(server, 1) == 204
    assert enroll(server, 1) == 201

    items = server.get("/v1/students/1/courses/1").json
    events = server.get("/v1/students/1/courses/1/events").json["items"]
    assert items["dropped_at"] == events[1]["effective_at"]
    assert items["enrolled_at"] == events[2]["effective_at"]


def test_tokens_holds_and_retries_outlast_a_clock_that_is_set_back(server: Server, preloaded: Plan):
    key = {"Idempotency-Key": '"a"'}
    body = {"given_name": "Eve", "family_name": "Lovelace"}
    first = server.request("POST", "/v1/students", body, **key)
    token = server.post("/v1/tokens", {"name": "Ada", "role": "reader"}).json
    assert server.post("/v1/students/4/holds", {"reason": "fees"}).status == 201

    preloaded.set_clock(-DAY)

    again = server.request("POST", "/v1/students", body, **key)
    assert (again.json, again.headers["Idempotency-Replayed"]) == (first.json, "true")
    reader = {"Authorization": f"Bearer {token['token']}"}
    assert server.request("GET", "/v1/courses", **reader).status == 200
    assert server.request("DELETE", f"/v1/tokens/{token['id']}").status == 204
    assert server.request("GET", "/v1/courses", **reader).status == 401
    assert enroll(server, 4) == 409
    assert server.request("DELETE", "/v1/students/4/holds/1").status == 204
    assert enroll(server, 4) == 201
    assert "Traceback" not in server.log.read_text()


def test_a_backup_is_the_newest_whatever_the_clock_says(database_file: Path, tmp_path: Path):
    later = tmp_path / "enrollment-99990101T000000.000000Z.backup"
    later.touch()

    made = back_up(database_file, tmp_path)

    assert prune(database_file, made, keep=1) == [later]
    assert made.exists()


def test_a_clock_that_is_behind_the_records_is_warned_of(database_file: Path, capsys: Captured):
    later = "the latest change was recorded at 2999-01-01T00:00:00.000Z"
    assert main(["doctor", "--database", str(database_file)]) == 0
    assert "ok    the clock is later than" in capsys.readouterr().out
    with connected(database_file) as db, acting(db, "Ada", "2999-01-01T00:00:00.000Z"):
        db.execute("INSERT INTO student (given_name, family_name) VALUES ('Ada', 'Lovelace')")

    assert main(["doctor", "--database", str(database_file)]) == 0
    with serving(database_file) as server:
        assert f"but {later}: `updated_since`" in server.log.read_text()
    (warning,) = re.findall("warn +the clock is at .*", capsys.readouterr().out)
    assert later in warning
