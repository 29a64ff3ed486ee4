"""The real server under clients that race for the same seats, and under kills in the middle of
large requests."""

import http.client
import json
import select
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, closing
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any

import pytest

from enrollment.data.waitlist import PROMOTED
from enrollment.model.location import Location
from enrollment.storage.offline import list_corruptions
from tests.support.engine import connected, is_being_written, is_sqlite
from tests.support.replay import PASSED_OVER, Event, Exchange, Replay, current
from tests.support.server import PATIENCE, Server, serving
from tests.support.tokens import TOKENS

pytestmark = pytest.mark.slow

CLIENTS, SECONDS = 4, 3
# Of each client: however slow or fast the machine is.
FEWEST, MOST = 400, 600
STUDENTS = range(1, 13)
COURSES: dict[int, dict[str, Any]] = {
    1: {"capacity": 2, "waitlist_capacity": None, "promotion": "automatic"},
    2: {"capacity": 3, "waitlist_capacity": 1, "promotion": "automatic"},
    3: {"capacity": 4, "waitlist_capacity": None, "promotion": "manual"},
}
# What a client does, and how often.
DEEDS = {
    "enroll": 40,
    "drop": 24,
    "end": 12,
    "renew": 6,
    "replace": 6,
    "fill": 6,
    "promote": 8,
    "move": 8,
    "swap": 16,
    "hold": 8,
    "release": 8,
    "pass over": 6,
}
# A course, and a request that enrolls many students in it.
Prepared = tuple[int, tuple[str, str, Any]]
# How often a large request is killed.
KILLS = 4


def many(location: Location) -> int:
    """How many students are in one request. A server needs ten times as long for each."""
    return 2_000 if isinstance(location, Path) else 200


def insert_students(location: Location, count: int) -> None:
    names = ", ".join(f"('Ada', 'Lovelace {number}')" for number in range(count))
    with connected(location) as db:
        db.execute(f"INSERT INTO student (given_name, family_name) VALUES {names}")


def create_course(server: Server, code: str, **fields: Any) -> int:
    reply = server.post("/v1/courses", {"code": code, "title": "Databases"} | fields)
    assert reply.status == 201
    return reply.json["id"]


def read_events(server: Server) -> list[Event]:
    events: list[Event] = []
    while page := server.get(f"/v1/events?after={len(events)}").json["items"]:
        events += page
    return events


def read_rosters(server: Server) -> dict[tuple[int, int], tuple[str, int]]:
    return {
        (item["student_id"], course): (item["status"], item["version"])
        for course in COURSES
        for item in server.get(f"/v1/courses/{course}/students").json["items"]
    }


# Clients that race


class RacingClient:
    """One connection and a chance of its own; it keeps what it sent and what it was answered."""

    def __init__(self, port: int, number: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self.number, self.random = number, Random(number)
        self.exchanges: list[Exchange] = []
        self.holds: list[str] = []

    def send(self, method: str, path: str, body: Any = None) -> Exchange:
        headers = {} if body is None else {"Content-Type": "application/json"}
        headers["Authorization"] = f"Bearer {TOKENS['admin']}"
        sent = time.time()
        self.connection.request(method, path, body and json.dumps(body), headers)
        response = self.connection.getresponse()
        content = response.read()
        received = time.time()
        answer = json.loads(content) if content else None
        exchange = Exchange(method, path, body, response.status, answer, sent, received)
        self.exchanges.append(exchange)
        return exchange

    def act(self) -> None:
        """Do something, if it can be done."""
        student, course = self.random.choice(STUDENTS), self.random.choice(list(COURSES))
        reason = {"reason": f"client {self.number}, request {len(self.exchanges)}"}
        path = f"/v1/students/{student}/courses"
        (deed,) = self.random.choices(list(DEEDS), list(DEEDS.values()))
        match deed:
            case "enroll":
                self.send("POST", path, self.item("course_id", course) | reason)
            case "drop":
                self.send("DELETE", f"{path}/{course}")
            case "end":
                status = self.random.choice(["completed", "dropped"])
                self.send("PUT", f"{path}/{course}", {"status": status} | reason)
            case "renew":
                self.send("PUT", f"{path}/{course}", {"status": "enrolled"} | reason)
            case "replace":
                wanted = self.random.sample(list(COURSES), self.random.randint(0, 2))
                items = [self.item("course_id", number) for number in wanted]
                self.send("PUT", path, {"courses": items} | reason)
            case "fill":
                wanted = self.random.sample(STUDENTS, self.random.randint(1, 3))
                items = [self.item("student_id", number) for number in wanted]
                body = {"students": items, "mode": self.random.choice(["all", "each"])}
                self.send("POST", f"/v1/courses/{course}/students", body | reason)
            case "promote":
                seats = self.random.randint(1, 2)
                self.send("POST", "/v1/courses/3/promotions", {"seats": seats})
            case "swap":
                other = self.random.choice([number for number in COURSES if number != course])
                body = {"course_id": course, "waitlist": True, "instead_of": other}
                self.send("POST", path, body | reason)
            case "move":
                position = self.random.randint(1, 3)
                self.send("PUT", f"{path}/{course}/position", {"position": position} | reason)
            case "hold" if len(self.holds) < 2:
                self.holds.append(self.place_hold(student, reason))
            case "release" if self.holds:
                self.send("DELETE", self.holds.pop(0))
            case "pass over":
                self.pass_over(course, reason)

    def place_hold(self, student: int, reason: dict[str, str]) -> str:
        path = f"/v1/students/{student}/holds"
        return f"{path}/{self.send('POST', path, reason).answer['id']}"

    def pass_over(self, course: int, reason: dict[str, str]) -> None:
        """Free a seat while the first who waits is on hold, if others let it be so."""
        roster = self.send("GET", f"/v1/courses/{course}/students").answer["items"]
        seated = [item["student_id"] for item in roster if item["status"] == "enrolled"]
        first = [item["student_id"] for item in roster if item["position"] == 1]
        if seated and first:
            hold = self.place_hold(first[0], reason)
            self.send("DELETE", f"/v1/students/{seated[0]}/courses/{course}")
            self.send("DELETE", hold)

    def item(self, name: str, number: int) -> dict[str, Any]:
        return {name: number, "waitlist": self.random.random() < 0.7}


def race(port: int, number: int) -> list[Exchange]:
    """What a client does in a process of its own."""
    client = RacingClient(port, number)
    deadline = time.monotonic() + SECONDS
    while len(client.exchanges) < (MOST if time.monotonic() < deadline else FEWEST):
        client.act()
    for hold in client.holds:
        client.send("DELETE", hold)
    client.connection.close()
    return client.exchanges


def test_whatever_clients_do_at_once_might_have_been_done_one_after_the_other(
    location: Location, tmp_path: Path
):
    insert_students(location, len(STUDENTS))
    # Spawned, so that the clients share nothing but the server; they begin together.
    context = get_context("spawn")
    start = context.Barrier(CLIENTS)
    with (
        serving(location, folder=tmp_path) as server,
        ProcessPoolExecutor(CLIENTS, context, start.wait, (PATIENCE,)) as pool,
    ):
        for number, fields in COURSES.items():
            assert create_course(server, f"CS{number}", repeatable=True, **fields) == number
        racing = [pool.submit(race, server.port, number) for number in range(CLIENTS)]
        exchanges = [exchange for client in racing for exchange in client.result()]
        events, rosters = read_events(server), read_rosters(server)
        log = server.log.read_text()

    replay = Replay(events, COURSES, exchanges)
    replay.check_steps()
    replay.check_answers()
    assert rosters == current(events)
    assert "Traceback" not in log
    # It was a race for seats, places, and what came free.
    codes = {exchange.answer["code"] for exchange in exchanges if exchange.status == 409}
    assert codes >= {"course_full", "waitlist_full", "already_waitlisted", "student_on_hold"}
    promoted = [event["course_id"] for event in events if event["reason"] == PROMOTED]
    assert set(promoted) == set(COURSES)
    assert any((event["reason"] or "").startswith(PASSED_OVER) for event in events)
    assert any(event["position"] for event in events)
    # Swaps were made at once, and with a promotion.
    assert "nothing_to_swap" in codes
    assert any(e["to_status"] == "dropped" and e["reason"] == PROMOTED for e in events)


# Kills


def prepare_to_fill(server: Server, location: Location, code: str) -> Prepared:
    """A course, and the request that enrolls many students in it."""
    course = create_course(server, code, capacity=many(location))
    students = [{"student_id": number} for number in range(1, many(location) + 1)]
    return course, ("POST", f"/v1/courses/{course}/students", {"students": students})


def prepare_to_swap(server: Server, location: Location, code: str) -> Prepared:
    """A course that many wait for, each instead of a seat in another one, and the request that
    gives all of them a seat."""
    other, (*_, all_of_them) = prepare_to_fill(server, location, f"{code}-OTHER")
    assert server.post(f"/v1/courses/{other}/students", all_of_them).status == 201
    course, request = prepare_to_promote(server, location, code)
    with connected(location) as db:
        # As many requests would do it, one by one.
        db.execute(
            f"UPDATE student_course SET instead_of = {other}, version = version + 1"
            f" WHERE course_id = {course}"
        )
    return course, request


def prepare_to_promote(server: Server, location: Location, code: str) -> Prepared:
    """A course that many wait for, and the request that gives all of them a seat."""
    course = create_course(server, code, capacity=0)
    students = [{"student_id": number, "waitlist": True} for number in range(1, many(location) + 1)]
    assert server.post(f"/v1/courses/{course}/students", {"students": students}).status == 201
    body = {"code": code, "title": "Databases", "capacity": many(location)}
    return course, ("PUT", f"/v1/courses/{course}", body)


def prepare_to_reopen(server: Server, location: Location, code: str) -> Prepared:
    """A cancelled course that many wait for, and the request that opens it again."""
    course, (method, path, body) = prepare_to_promote(server, location, code)
    assert server.request(method, path, body | {"status": "cancelled"}).status == 200
    return course, (method, path, body | {"status": "open"})


def read_seats(server: Server, course: int) -> dict[str, int]:
    return server.get(f"/v1/courses/{course}").json["seats"]


def kill_during(
    server: Server, location: Location, pause: float, method: str, path: str, body: Any
) -> tuple[bool, bool]:
    """Whether the server was writing when it was killed, and whether it had answered."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    with closing(connection):
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {server.token}"}
        connection.request(method, path, json.dumps(body), headers)
        # Nothing shows from outside how far the request has come: any moment of it will do.
        time.sleep(pause)
        written = is_being_written(location)
        (answered, _, _) = select.select([connection.sock], [], [], 0)
        server.kill()
        return written, bool(answered)


def check_history(location: Location) -> None:
    """The database is sound, and every enrollment is what its events say."""
    with connected(location) as db:
        events = current(db.execute("SELECT * FROM student_course_event ORDER BY id"))
        places = db.execute("SELECT student_id, course_id, status, version FROM student_course")
        assert {(s, c): (status, version) for s, c, status, version in places} == events
        assert not is_sqlite(db) or list_corruptions(db) == []
        # Whoever has got a seat instead of another has given that up, and no one else has.
        half_done = db.execute(
            "SELECT count(*) FROM student_course AS wanted"
            " JOIN student_course AS other ON other.student_id = wanted.student_id"
            " AND other.course_id = wanted.instead_of"
            " WHERE (wanted.status = 'enrolled') <> (other.status = 'dropped')"
        )
        assert tuple(half_done.fetchone()) == (0,)


@pytest.mark.parametrize(
    "prepare", [prepare_to_fill, prepare_to_promote, prepare_to_swap, prepare_to_reopen]
)
def test_a_large_request_that_is_killed_is_done_whole_or_not_at_all(
    location: Location,
    tmp_path: Path,
    prepare: Callable[[Server, Location, str], Prepared],
):
    insert_students(location, many(location))
    random, moments = Random(1), []
    with ExitStack() as stack:
        server = stack.enter_context(serving(location, folder=tmp_path))
        course, request = prepare(server, location, "WHOLE")
        nothing, begun = read_seats(server, course), time.monotonic()
        assert server.request(*request).status in (200, 201)
        duration, whole = time.monotonic() - begun, read_seats(server, course)
        assert (nothing["enrolled"], whole["enrolled"]) == (0, many(location))

        for number in range(KILLS):
            course, request = prepare(server, location, f"KILLED{number}")
            pause = duration * (number + random.random()) / KILLS
            written, answered = kill_during(server, location, pause, *request)
            moments.append((written, answered))
            server = stack.enter_context(serving(location, folder=tmp_path))

            assert read_seats(server, course) in ([whole] if answered else [nothing, whole])
            check_history(location)

    assert (True, False) in moments
