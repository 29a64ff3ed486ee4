"""Windows of enrollment that open while no one asks for anything: who waits gets a seat."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from enrollment.app import App
from enrollment.data.waitlist import list_opened_courses
from enrollment.model.location import Location
from enrollment.model.types import Timestamp
from tests.support.client import Client
from tests.support.server import Server, serving

COURSE = {"code": "CS101", "title": "Databases", "capacity": 1}
BEFORE, THEN, LATER = (Timestamp(f"2026-08-0{day}T08:00:00.000Z") for day in (1, 2, 3))
PAST, FUTURE = "2020-01-01T00:00:00.000Z", "2100-01-01T00:00:00.000Z"
SOON = timedelta(seconds=2)


def waiting_for_a_free_seat(client: Client | Server, enroll_from: str, **fields: object) -> None:
    """Let student 2, of a group, wait for course 1, which has a free seat and is closed."""
    for name in ("Ada", "Grace"):
        client.post("/v1/students", {"given_name": name, "family_name": "X", "groups": ["A1"]})
    client.post("/v1/courses", COURSE)
    for student in (1, 2):
        body = {"course_id": 1, "waitlist": True}
        client.post(f"/v1/students/{student}/courses", body)
    client.request("PATCH", "/v1/courses/1", {"enroll_from": enroll_from} | fields)
    client.request("DELETE", "/v1/students/1/courses/1")
    assert client.get("/v1/students/2/courses/1").json["status"] == "waitlisted"


def promoted(server: Server, seconds: int) -> bool:
    """Wait until student 2 is enrolled, and return whether the service did it."""
    for _ in range(seconds):
        events = server.get("/v1/students/2/courses/1/events").json["items"]
        if events[-1]["to_status"] == "enrolled":
            return events[-1]["actor"] == "serve"
        after = server.get("/v1/events").json["items"][-1]["id"]
        server.get(f"/v1/events?after={after}&wait=1")
    return False


@pytest.mark.parametrize(
    "opened", [{"enroll_from": PAST}, {"early_access": f'{{"A1":"{PAST}"}}'}], ids=["all", "group"]
)
def test_a_window_that_opened_while_nothing_served(
    location: Location, app: App, tmp_path: Path, opened: dict[str, str]
):
    with serving(location, folder=tmp_path) as server:
        waiting_for_a_free_seat(server, FUTURE)
        assert server.stop() == 0
    with app.database.write() as db:
        # Time has passed.
        for column, value in opened.items():
            db.execute(f"UPDATE course SET {column} = '{value}'")

    with serving(location, folder=tmp_path) as server:
        assert promoted(server, 20)


@pytest.mark.slow
def test_a_window_that_opens_while_the_service_runs(location: Location, tmp_path: Path):
    with serving(location, folder=tmp_path) as server:
        waiting_for_a_free_seat(server, (datetime.now(UTC) + SOON).isoformat())

        # It looks at each full minute.
        assert promoted(server, 90)


def test_which_courses_open(client: Client, app: App):
    own = client.course(enroll_from=THEN)
    term = client.course(term=client.term(enroll_from=THEN))
    early = client.course(capacity=0)
    client.enroll(client.student(groups=["A1"]), early, waitlist=True)
    access = [{"group": "A1", "enroll_from": THEN}]
    client.patch_json(f"/v1/courses/{early}", {"early_access": access, "enroll_from": FUTURE})
    client.course(early_access=access, enroll_from=FUTURE)
    client.course()
    client.course(term="2026-FALL", enroll_from=FUTURE)

    with app.database.read() as db:
        assert list_opened_courses(db, BEFORE, THEN) == [own, term, early]
        assert list_opened_courses(db, Timestamp(""), LATER) == [own, term, early]
        assert list_opened_courses(db, THEN, LATER) == []
        assert list_opened_courses(db, Timestamp(""), BEFORE) == []
