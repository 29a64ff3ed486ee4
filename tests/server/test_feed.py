"""The change feed of the real server: it waits for what comes."""

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from enrollment.model.location import Location
from tests.support.server import Server, serving

STUDENT = {"given_name": "Ada", "family_name": "Lovelace"}
COURSE = {"code": "CS101", "title": "Databases"}


@pytest.fixture
def server(location: Location, tmp_path: Path) -> Iterator[Server]:
    with serving(location, folder=tmp_path) as server:
        server.post("/v1/students", STUDENT)
        server.post("/v1/courses", COURSE)
        yield server


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


def arrive(server: Server, requests: int) -> None:
    """Wait until the server has read all that was sent on so many connections."""
    for _ in range(200):
        # The server's ends of those that are established, with nothing left to read (proc(5)).
        mine = rf":{server.port:04X} \S+ 01 \S+:00000000 "
        if len(re.findall(mine, Path("/proc/net/tcp").read_text())) >= requests:
            return
        time.sleep(0.01)
    pytest.fail("the requests do not arrive")


def test_who_waits_is_told_of_a_change_when_it_is_committed(
    server: Server, pool: ThreadPoolExecutor
):
    begun = time.monotonic()
    waiting = [pool.submit(server.get, "/v1/events?wait=30") for _ in range(5)]
    # A change of something else wakes no one for good.
    server.post("/v1/students", STUDENT)
    server.post("/v1/students/1/courses", {"course_id": 1})

    for future in waiting:
        assert [event["id"] for event in future.result(20).json["items"]] == [1]
    assert time.monotonic() - begun < 30


def test_the_wait_ends_when_nothing_happens(server: Server):
    begun = time.monotonic()

    reply = server.get("/v1/events?after=0&wait=1")

    assert reply.json == {"items": [], "next": None}
    assert time.monotonic() - begun >= 1


def test_what_has_happened_is_not_waited_for(server: Server):
    server.post("/v1/students/1/courses", {"course_id": 1})
    begun = time.monotonic()

    assert len(server.get("/v1/events?wait=30").json["items"]) == 1
    assert time.monotonic() - begun < 30


def test_a_rehearsal_or_a_refusal_is_no_news(server: Server, pool: ThreadPoolExecutor):
    waiting = pool.submit(server.get, "/v1/events?wait=2")
    server.post("/v1/students/1/courses?dry_run=true", {"course_id": 1})
    server.post("/v1/students/1/courses", {"course_id": 9})

    assert waiting.result(20).json["items"] == []


def poll(server: Server) -> bytes:
    return (
        "GET /v1/events?wait=30 HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: Bearer {server.token}\r\n\r\n"
    ).encode()


def test_a_client_that_has_gone_is_waited_with_no_more(server: Server):
    begun = time.monotonic()
    for _ in range(3):
        with server.connect() as connection:
            connection.sendall(poll(server))
            arrive(server, 1)

    server.wait_for_log("GET /v1/events 200", times=3)
    assert time.monotonic() - begun < 30
    assert server.stop() == 0
    assert "Traceback" not in server.log.read_text()


def test_however_many_wait_each_is_answered_when_something_happens(server: Server):
    with ExitStack() as stack:
        waiting = [stack.enter_context(server.connect()) for _ in range(600)]
        for connection in waiting:
            connection.sendall(poll(server))
        arrive(server, 600)
        assert "GET /v1/events" not in server.log.read_text()

        assert server.post("/v1/students/1/courses", {"course_id": 1}).status == 201

        for connection in waiting:
            received = connection.recv(65536)
            assert received.startswith(b"HTTP/1.1 200 ")
            assert b'"to_status":"enrolled"' in received
    log = server.log.read_text()
    assert log.count("GET /v1/events 200") == 600


def test_a_service_that_stops_lets_no_one_wait(server: Server):
    begun = time.monotonic()
    with ExitStack() as stack:
        waiting = [stack.enter_context(server.connect()) for _ in range(5)]
        for connection in waiting:
            connection.sendall(poll(server))
        arrive(server, 5)

        assert server.stop() == 0

        for connection in waiting:
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
    assert time.monotonic() - begun < 30
    log = server.log.read_text()
    assert log.count("GET /v1/events 200") == 5
