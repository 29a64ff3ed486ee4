"""Windows of enrollment that open while no one asks for anything: who waits gets a seat."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from enrollment.app import App
from enrollment.data.waitlist import list_opened_courses
from enrollment.model.location import Location
from enrollment.model.types import Timestamp
from enrollment.server.openings import promote_in_opened_courses
from tests.api.test_waitlist_position import move
from tests.support.client import Client
from tests.support.server import Server, serving

COURSE = {"code": "CS101", "title": "Databases", "capacity": 1}
PAST, FUTURE = "2020-01-01T00:00:00.000Z", "2100-01-01T00:00:00.000Z"
BEFORE, SOON, LATER = (f"209{year}-01-01T00:00:00.000Z" for year in (0, 1, 2))


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
    ("column", "value"), [("enroll_from", "{}"), ("early_access", '{{"A1":"{}"}}')]
)
def test_a_window_that_opened_while_nothing_served(
    location: Location, app: App, tmp_path: Path, column: str, value: str
):
    with serving(location, folder=tmp_path) as server:
        waiting_for_a_free_seat(server, FUTURE)
        assert server.stop() == 0
    with app.database.write() as db:
        db.execute(f"UPDATE course SET {column} = '{value.format(Timestamp.now())}'")

    with serving(location, folder=tmp_path) as server:
        assert promoted(server, 20)


@pytest.mark.slow
def test_a_window_that_opens_while_the_service_runs(database_file: Path, tmp_path: Path):
    with serving(database_file, folder=tmp_path) as server:
        waiting_for_a_free_seat(server, (datetime.now(UTC) + timedelta(seconds=2)).isoformat())

        # It looks at each full minute.
        assert promoted(server, 90)


def test_which_courses_open(client: Client, app: App):
    """In each a student waits for a free seat."""
    term = client.term()
    groups = {"own": [], "term": [], "early": ["A1"], "of others": ["B1"]}
    access = {"early_access": [{"group": "A1", "enroll_from": SOON}], "enroll_from": FUTURE}
    changes = {"own": {"enroll_from": SOON}, "term": {}, "early": access, "of others": access}
    courses = {name: client.course(term=term, capacity=0) for name in changes}
    for name, course in courses.items():
        client.enroll(client.student(groups=groups[name]), course, waitlist=True)
        client.patch_json(f"/v1/courses/{course}", {"enroll_from": FUTURE} | changes[name])
    full = client.course(capacity=0)
    client.enroll(client.student(), full, waitlist=True)
    client.patch_json(f"/v1/courses/{full}", {"enroll_from": SOON})
    manual = client.course(capacity=0, promotion="manual")
    client.enroll(client.student(), manual, waitlist=True)
    client.patch_json(f"/v1/courses/{manual}", {"enroll_from": SOON})
    client.patch_json(f"/v1/courses/{courses['term']}", {"enroll_from": None}, status=200)
    client.patch_json("/v1/terms/1", {"enroll_from": SOON})
    with app.database.write() as db:
        db.execute("UPDATE course SET capacity = 1 WHERE id <> 5")

    with app.database.read() as db:
        assert list_opened_courses(db, Timestamp(PAST)) == []
        opened = [courses[name] for name in ("own", "term", "early")]
        assert list_opened_courses(db, Timestamp(LATER)) == opened
        assert list_opened_courses(db, Timestamp(BEFORE)) == []


def test_a_course_is_left_alone_once_something_has_happened_since_it_opened(
    client: Client, app: App
):
    waiting, course = client.student(), client.course(capacity=0)
    client.enroll(waiting, course, waitlist=True)
    with app.database.write() as db:
        db.execute(f"UPDATE course SET capacity = 1, enroll_from = '{PAST}'")

    promote_in_opened_courses(app.database, UTC)

    assert client.status(waiting, course) == "waitlisted"


def test_a_move_on_the_waitlist_since_the_course_opened_takes_no_seat_from_it(
    client: Client, app: App
):
    course = client.course(capacity=0)
    first, second = client.student(), client.student()
    for student in (first, second):
        client.enroll(student, course, waitlist=True)
    joined = Timestamp.now()
    # A request can take less than the millisecond in which times are recorded.
    while (opened := Timestamp.now()) <= joined:
        pass
    with app.database.write() as db:
        db.execute("UPDATE course SET capacity = 1, enroll_from = :at", {"at": opened})

    move(client, second, course, 1)
    promote_in_opened_courses(app.database, UTC)

    assert client.status(first, course) == "waitlisted"
    assert client.status(second, course) == "enrolled"
