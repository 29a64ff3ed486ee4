"""The real server, as a process: races, kills, slow and broken clients."""

import json
import os
import re
import signal
import socket
import sqlite3
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import pytest

from enrollment.maintenance import migrations
from enrollment.model.location import Location
from tests.support.engine import connected, locked
from tests.support.server import PATIENCE, Server, serving

STUDENT = {"given_name": "Ada", "family_name": "Lovelace"}
COURSE = {"code": "CS101", "title": "Databases"}
CLIENTS, COURSES = 8, 1000
# How many enrollments are acknowledged before the server ends.
ENOUGH = 300


def fill(file: Path, students: int, capacities: list[int]) -> None:
    migrations.migrate(file)
    with closing(sqlite3.connect(file)) as db, db:
        name = ("Ada", "Lovelace")
        db.executemany(
            "INSERT INTO student (given_name, family_name) VALUES (?, ?)", [name] * students
        )
        db.executemany(
            "INSERT INTO course (code, title, capacity) VALUES (?, 'Databases', ?)",
            [(f"CS{number}", capacity) for number, capacity in enumerate(capacities)],
        )


def test_an_enrollment_outlives_the_process(tmp_path: Path):
    file = tmp_path / "enrollment.db"
    with serving(file) as server:
        assert server.post("/v1/students", STUDENT).status == 201
        assert server.post("/v1/courses", COURSE).status == 201
        enrolled = server.post("/v1/students/1/courses", {"course_id": 1})
        assert enrolled.status == 201
        server.kill()

    with serving(file) as server:
        assert server.get("/v1/students/1/courses/1").json == enrolled.json


def test_clients_that_race_for_the_last_seats_fill_exactly_those(tmp_path: Path):
    file, clients, capacities = tmp_path / "enrollment.db", 60, [10, 0, 59, 60]
    fill(file, clients, capacities)
    start = threading.Barrier(clients)

    def race(student: int) -> list[int]:
        start.wait()
        courses = range(1, len(capacities) + 1)
        path = f"/v1/students/{student}/courses"
        return [server.post(path, {"course_id": course}).status for course in courses]

    with serving(file) as server, ThreadPoolExecutor(clients) as pool:
        statuses = list(pool.map(race, range(1, clients + 1)))
        rosters = [
            server.get(f"/v1/courses/{course}/students?limit=1000").json["items"]
            for course in range(1, len(capacities) + 1)
        ]

    for number, capacity in enumerate(capacities):
        outcome = Counter(row[number] for row in statuses)
        assert (outcome[201], outcome[409]) == (capacity, clients - capacity)
        assert len(rosters[number]) == capacity


@contextmanager
def enrolling(file: Path, *gone: type[Exception]) -> Iterator[tuple[Server, set[tuple[int, int]]]]:
    """A new database that is served while clients enroll, each in one course after the other, until
    the server is gone, which raises one of these. Some hundred enrollments are acknowledged."""
    fill(file, CLIENTS, [CLIENTS] * COURSES)
    acknowledged: set[tuple[int, int]] = set()
    enough = threading.Event()

    def enroll(student: int) -> None:
        for course in range(1, COURSES + 1):
            try:
                reply = server.post(f"/v1/students/{student}/courses", {"course_id": course})
            except gone:
                return
            assert reply.status == 201
            assert (reply.json["student_id"], reply.json["course_id"]) == (student, course)
            acknowledged.add((student, course))
            if len(acknowledged) >= ENOUGH:
                enough.set()

    with serving(file) as server, ThreadPoolExecutor(CLIENTS) as pool:
        clients = [pool.submit(enroll, student) for student in range(1, CLIENTS + 1)]
        assert enough.wait(PATIENCE)
        yield server, acknowledged
        for client in clients:
            client.result(PATIENCE)


def test_every_acknowledged_enrollment_outlives_a_kill_in_the_middle_of_writes(tmp_path: Path):
    for number in range(3):
        file = tmp_path / f"{number}.db"
        with enrolling(file, OSError, ValueError, EOFError) as (server, acknowledged):
            server.kill()

        with closing(sqlite3.connect(file)) as db:
            found = set(db.execute("SELECT student_id, course_id FROM student_course"))
            events = set(db.execute("SELECT student_id, course_id FROM student_course_event"))
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert acknowledged <= found
        assert found == events


# Stopping and starting


def test_sigterm_finishes_what_is_in_flight(tmp_path: Path):
    file, body = tmp_path / "enrollment.db", json.dumps(STUDENT).encode()
    with serving(file) as server:
        with server.begin_to_post(body) as connection:
            # Another request and its answer: so the server has met the first one too.
            assert server.get("/v1/students").status == 200
            server.process.send_signal(signal.SIGTERM)
            connection.sendall(body[-1:])
            assert connection.recv(65536).startswith(b"HTTP/1.1 201 Created\r\n")
        assert server.process.wait(PATIENCE) == 0

    with serving(file) as server:
        assert len(server.get("/v1/students").json["items"]) == 1


def test_a_terminal_that_is_closed_sends_two_signals_and_cuts_nothing_off(
    tmp_path: Path, request: pytest.FixtureRequest
):
    handler = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    request.addfinalizer(partial(signal.signal, signal.SIGHUP, handler))
    body = json.dumps(STUDENT).encode()
    with serving(tmp_path / "enrollment.db") as server, server.begin_to_post(body) as connection:
        assert server.get("/v1/students").status == 200
        # Two of a kind could be taken for one by the kernel.
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGHUP):
            server.process.send_signal(number)
        server.wait_for_log("finishing what is in flight")
        connection.sendall(body[-1:])
        assert connection.recv(65536).startswith(b"HTTP/1.1 201 Created\r\n")
        assert server.process.wait(PATIENCE) == 0


def test_sigterm_under_load_drops_no_answer(tmp_path: Path):
    file = tmp_path / "enrollment.db"
    # Not so for an answer that is cut off: that is another error.
    with enrolling(file, ConnectionError) as (server, acknowledged):
        assert server.stop() == 0
    assert "Traceback" not in server.log.read_text()

    with closing(sqlite3.connect(file)) as db:
        found = set(db.execute("SELECT student_id, course_id FROM student_course"))
    assert ENOUGH <= len(found) < CLIENTS * COURSES
    # What is there was acknowledged too: so no answer was lost on the way.
    assert found == acknowledged


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_the_server_cleanly(
    tmp_path: Path, number: int, request: pytest.FixtureRequest
):
    # Under nohup, SIGHUP would be ignored, by the server too.
    request.addfinalizer(partial(signal.signal, number, signal.signal(number, signal.SIG_DFL)))
    with serving(tmp_path / "enrollment.db") as server:
        server.process.send_signal(number)
        assert server.process.wait(PATIENCE) == 0
        assert "Traceback" not in server.log.read_text()

    # The last connection to close has emptied the write-ahead log into the database.
    assert not (tmp_path / "enrollment.db-wal").exists()


def test_a_stop_finishes_what_a_client_has_left_behind(database_file: Path):
    body = json.dumps(STUDENT).encode()
    with serving(database_file, "--busy-timeout", "30") as server:
        with locked(database_file):
            with server.begin_to_post(body, sent=len(body)) as connection:
                assert server.get("/v1/students").status == 200
                # Closed so, it is reset.
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            server.process.send_signal(signal.SIGTERM)
            server.wait_for_log("finishing what is in flight")

        assert server.process.wait(PATIENCE) == 0
        assert "Traceback" not in server.log.read_text()
        assert " POST /v1/students 201 " in server.log.read_text()


def test_a_stop_refuses_a_body_that_never_ends(database_file: Path):
    body = json.dumps(STUDENT).encode()
    with serving(database_file) as server, server.begin_to_post(body) as connection:
        assert server.get("/v1/students").status == 200
        server.process.send_signal(signal.SIGTERM)

        head, _, content = connection.recv(65536).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
        assert json.loads(content)["type"] == "/problems/request_timeout"
        assert server.process.wait(PATIENCE) == 0
        assert " POST /v1/students 408 " in server.log.read_text()


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGTSTP])
def test_one_sigterm_is_enough_after_stops_and_continues(database_file: Path, number: int):
    with serving(database_file) as server:
        for _ in range(5):
            os.killpg(server.process.pid, number)
            os.killpg(server.process.pid, signal.SIGCONT)
        os.killpg(server.process.pid, number)
        server.process.send_signal(signal.SIGTERM)
        os.killpg(server.process.pid, signal.SIGCONT)

        assert server.process.wait(PATIENCE) == 0


def test_a_stop_says_what_it_waits_for_and_a_second_one_waits_no_more(database_file: Path):
    body = json.dumps(STUDENT).encode()
    with serving(database_file) as server, server.begin_to_post(body):
        assert server.get("/").status == 200
        server.process.send_signal(signal.SIGINT)
        server.wait_for_log("finishing what is in flight")
        assert server.process.poll() is None

        server.process.send_signal(signal.SIGINT)
        # Less than the body may take to arrive.
        assert server.process.wait(PATIENCE) == 1

    with serving(database_file) as server:
        assert server.get("/v1/students").json["items"] == []


def test_a_port_that_is_taken_is_refused(server: Server, tmp_path: Path):
    second = Server(tmp_path / "second.db", port=server.port)

    assert second.process.wait(PATIENCE) == 1

    last = second.log.read_text().splitlines()[-1]
    assert last == f"enrollment: cannot listen on 127.0.0.1:{server.port}: Address already in use"
    assert server.get("/").status == 200


def test_a_file_has_one_server(server: Server, tmp_path: Path):
    second = Server(tmp_path / "enrollment.db")

    assert second.process.wait(PATIENCE) == 1

    assert "in use by process" in second.log.read_text()
    assert server.get("/").status == 200


def test_a_locked_database_keeps_no_reader_waiting(tmp_path: Path):
    file = tmp_path / "enrollment.db"
    with serving(file, "--busy-timeout", "30") as server, ThreadPoolExecutor(4) as pool:
        server.post("/v1/students", STUDENT)
        with locked(file):
            writers = [pool.submit(server.post, "/v1/students", STUDENT) for _ in range(4)]
            for _ in range(20):
                assert server.get("/v1/students/1").status == 200
            assert not any(writer.done() for writer in writers)
        assert {writer.result().status for writer in writers} == {201}
        requests = [line for line in server.log.read_text().splitlines() if "POST" in line]

    assert len(requests) == 5


def test_a_locked_database_is_given_up_in_time(tmp_path: Path):
    file = tmp_path / "enrollment.db"
    with serving(file, "--busy-timeout", "0.1") as server:
        with locked(file):
            reply = server.post("/v1/students", STUDENT)
        assert (reply.status, reply.headers["Retry-After"]) == (503, "1")
        assert reply.json["code"] == "database_busy"
        assert server.post("/v1/students", STUDENT).status == 201


def test_a_locked_database_is_not_served(tmp_path: Path):
    file = tmp_path / "enrollment.db"
    migrations.migrate(file)
    blocker = sqlite3.connect(file, isolation_level=None)
    blocker.execute("PRAGMA locking_mode = EXCLUSIVE")
    blocker.execute("BEGIN EXCLUSIVE")

    server = Server(file, "--busy-timeout", "0")
    try:
        assert server.process.wait(PATIENCE) == 1
    finally:
        server.kill()
        blocker.close()
    assert "database is locked" in server.log.read_text()


def test_the_log_tells_each_request_and_where_the_service_is(tmp_path: Path):
    with serving(tmp_path / "enrollment.db", "--log-format", "json") as server:
        given = server.get("/v1/students/7").headers["X-Request-Id"]
        lines = server.log.read_text().splitlines()

    assert f"on http://127.0.0.1:{server.port}" in lines[-3]
    line = json.loads(lines[-1])
    assert (line["request_id"], line["status"], line["client"]) == (given, 404, "127.0.0.1")


# Tokens and retries


def test_a_first_start_prints_a_token_that_works_this_once(tmp_path: Path):
    file = tmp_path / "enrollment.db"
    with serving(file) as server:
        lines = server.log.read_text().splitlines()
        (command,) = [line for line in lines if "curl" in line]
        token = re.search(r"Bearer (enr_\w+)", command)[1]
        assert f"http://127.0.0.1:{server.port}/v1/students" in command
        assert server.request("GET", "/v1/tokens/1", Authorization=f"Bearer {token}").status == 200
        assert server.stop() == 0
    with serving(file) as server:
        assert "enr_" not in server.log.read_text()
        assert server.request("GET", "/v1/tokens/1", Authorization=f"Bearer {token}").status == 200
    assert all(token.encode() not in path.read_bytes() for path in tmp_path.glob("enrollment.db*"))


def test_a_retry_after_a_kill_finds_what_was_done(location: Location, tmp_path: Path):
    key, body = {"Idempotency-Key": '"a"'}, json.dumps(STUDENT).encode()
    with (
        serving(location, folder=tmp_path) as server,
        server.begin_to_post(body, 'Idempotency-Key: "a"\r\n') as connection,
        connected(location) as db,
    ):
        connection.sendall(body[-1:])
        deadline = time.monotonic() + PATIENCE
        while not db.execute("SELECT 1 FROM kept_answer").fetchone():
            assert time.monotonic() < deadline
        server.kill()
    with serving(location, folder=tmp_path) as server:
        again = server.request("POST", "/v1/students", STUDENT, **key)

        assert (again.status, again.headers["Idempotency-Replayed"]) == (201, "true")
        assert len(server.get("/v1/students").json["items"]) == 1


def test_a_request_counts_once_however_often_the_application_is_asked(database_file: Path):
    with serving(database_file, "--rate-limit", "9") as server:
        replies = [server.post("/v1/students", STUDENT), server.get("/v1/events?wait=1")]
        replies += [server.get("/v1/students/1")]

    left = [reply.headers["RateLimit"].partition(";t=")[0] for reply in replies]
    assert left == ['"token";r=8', '"token";r=7', '"token";r=6']


@pytest.mark.parametrize("is_abstract", [False, True])
def test_the_service_manager_is_told_of_the_start_and_the_stop(
    database_file: Path, monkeypatch: pytest.MonkeyPatch, is_abstract: bool
):
    name = str(database_file.with_name("notify"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.settimeout(PATIENCE)
        manager.bind("\0" + name if is_abstract else name)
        monkeypatch.setenv("NOTIFY_SOCKET", "@" + name if is_abstract else name)
        with serving(database_file) as server:
            assert manager.recv(100) == b"READY=1"
            assert server.stop() == 0
            assert manager.recv(100) == b"STOPPING=1"


def test_a_service_manager_that_is_gone_stops_nothing(
    database_file: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("NOTIFY_SOCKET", str(database_file.with_name("gone")))
    with serving(database_file) as server:
        assert server.get("/livez").status == 200
