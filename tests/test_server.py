"""The real server, as a process: races, kills, slow and broken clients."""

import json
import os
import re
import signal
import socket
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

import pytest

from enrollment import migrate
from enrollment.inputs import BODY_LIMIT
from tests.server import PATIENCE, Server, serving
from tests.tokens import TOKENS

STUDENT = {"given_name": "Ada", "family_name": "Lovelace"}
COURSE = {"code": "CS101", "title": "Databases"}


@pytest.fixture
def server(database_file: Path) -> Iterator[Server]:
    with serving(database_file) as server:
        yield server


def known(sent: bytes) -> bytes:
    """The same from someone who may send it."""
    token = TOKENS["admin"].encode()
    return sent.replace(b"Host: x\r\n", b"Host: localhost\r\nAuthorization: Bearer %s\r\n" % token)


def fill(file: Path, students: int, capacities: list[int]) -> None:
    migrate.migrate(file)
    with closing(sqlite3.connect(file)) as db, db:
        name = ("Ada", "Lovelace")
        db.executemany(
            "INSERT INTO student (given_name, family_name) VALUES (?, ?)", [name] * students
        )
        db.executemany(
            "INSERT INTO course (code, title, capacity) VALUES (?, 'Databases', ?)",
            [(f"CS{number}", capacity) for number, capacity in enumerate(capacities)],
        )


def test_an_enrolment_outlives_the_process(tmp_path: Path):
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


def test_every_acknowledged_enrolment_outlives_a_kill_in_the_middle_of_writes(tmp_path: Path):
    file, clients, courses = tmp_path / "enrollment.db", 8, 400
    fill(file, clients, [clients] * courses)
    acknowledged: set[tuple[int, int]] = set()
    enough = threading.Event()

    def write(student: int) -> None:
        for course in range(1, courses + 1):
            try:
                reply = server.post(f"/v1/students/{student}/courses", {"course_id": course})
            except (OSError, ValueError, EOFError):
                return
            assert reply.status == 201
            acknowledged.add((student, course))
            if len(acknowledged) >= 300:
                enough.set()

    for _ in range(3):
        acknowledged.clear()
        enough.clear()
        with serving(file) as server, ThreadPoolExecutor(clients) as pool:
            writers = [pool.submit(write, student) for student in range(1, clients + 1)]
            assert enough.wait(PATIENCE)
            server.kill()
            for writer in writers:
                writer.result(PATIENCE)
        with closing(sqlite3.connect(file)) as db:
            found = set(db.execute("SELECT student_id, course_id FROM student_course"))
            events = set(db.execute("SELECT student_id, course_id FROM student_course_event"))
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert acknowledged <= found
        assert found == events
        file.unlink()
        fill(file, clients, [clients] * courses)


# Stopping and starting


def begin_to_post(
    server: Server, body: bytes, header: str = "", token: str | None = None, sent: int = -1
) -> socket.socket:
    """A connection on which only the beginning of a request has been sent: all but the last byte,
    or so many bytes of the body."""
    connection = server.connect()
    head = (
        "POST /v1/students HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {token or server.token}\r\n{header}"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    connection.sendall(head.encode() + body[:sent])
    return connection


def test_sigterm_finishes_what_is_in_flight(tmp_path: Path):
    file, body = tmp_path / "enrollment.db", json.dumps(STUDENT).encode()
    with serving(file) as server:
        with begin_to_post(server, body) as connection:
            # Another request and its answer: so the server has met the first one too.
            assert server.get("/v1/students").status == 200
            server.process.send_signal(signal.SIGTERM)
            connection.sendall(body[-1:])
            assert connection.recv(65536).startswith(b"HTTP/1.1 201 Created\r\n")
        assert server.process.wait(PATIENCE) == 0

    with serving(file) as server:
        assert len(server.get("/v1/students").json["items"]) == 1


def test_sigterm_under_load_drops_no_answer(tmp_path: Path):
    file, clients, courses = tmp_path / "enrollment.db", 8, 1000
    fill(file, clients, [clients] * courses)
    acknowledged: set[tuple[int, int]] = set()
    enough = threading.Event()

    def write(server: Server, student: int) -> None:
        for course in range(1, courses + 1):
            try:
                reply = server.post(f"/v1/students/{student}/courses", {"course_id": course})
            except ConnectionError:
                # Not so for an answer that is cut off: that is another error.
                return
            assert reply.status == 201
            assert (reply.json["student_id"], reply.json["course_id"]) == (student, course)
            acknowledged.add((student, course))
            if len(acknowledged) >= 200:
                enough.set()

    with serving(file) as server, ThreadPoolExecutor(clients) as pool:
        writers = [pool.submit(write, server, student) for student in range(1, clients + 1)]
        assert enough.wait(PATIENCE)
        assert server.stop() == 0
        for writer in writers:
            writer.result(PATIENCE)
        assert "Traceback" not in server.log.read_text()

    with closing(sqlite3.connect(file)) as db:
        found = set(db.execute("SELECT student_id, course_id FROM student_course"))
    assert 200 <= len(found) < clients * courses
    # What is there was acknowledged too: so no answer was lost on the way.
    assert found == acknowledged


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_server_cleanly(tmp_path: Path, number: int):
    with serving(tmp_path / "enrollment.db") as server:
        server.process.send_signal(number)
        assert server.process.wait(PATIENCE) == 0
        assert "Traceback" not in server.log.read_text()

    # The last connection to close has emptied the write-ahead log into the database.
    assert not (tmp_path / "enrollment.db-wal").exists()


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
    with serving(database_file) as server, begin_to_post(server, body):
        assert server.get("/").status == 200
        server.process.send_signal(signal.SIGINT)
        deadline = time.monotonic() + PATIENCE
        while "finishing what is in flight" not in server.log.read_text():
            assert time.monotonic() < deadline
        assert server.process.poll() is None

        server.process.send_signal(signal.SIGINT)
        # Less than the body may take to arrive.
        assert server.process.wait(PATIENCE) == 1

    with serving(database_file) as server:
        assert server.get("/v1/students").json["items"] == []


def test_a_worker_that_dies_ends_the_service_with_a_line(server: Server):
    workers = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
    os.kill(int(workers.read_text()), signal.SIGKILL)

    assert server.process.wait(PATIENCE) == 1
    last = server.log.read_text().splitlines()[-1]
    assert last.startswith("enrollment: the worker has ended by itself")


def test_a_killed_supervisor_takes_its_worker_along(tmp_path: Path):
    file = tmp_path / "enrollment.db"
    with serving(file) as server:
        with server.connect() as connection:
            os.kill(server.process.pid, signal.SIGKILL)
            # The end of the connection is the end of the worker.
            with suppress(ConnectionResetError):
                assert connection.recv(1) == b""

        with serving(file, port=server.port) as successor:
            assert successor.get("/").status == 200


def test_a_port_that_is_taken_is_refused(server: Server, tmp_path: Path):
    second = Server(tmp_path / "second.db", port=server.port)

    assert second.process.wait(PATIENCE) == 1

    last = second.log.read_text().splitlines()[-1]
    assert last == f"enrollment: cannot listen on 127.0.0.1:{server.port}: Address already in use"
    assert server.get("/").status == 200


def test_a_file_has_one_server(server: Server, tmp_path: Path):
    second = Server(tmp_path / "enrollment.db")

    assert second.process.wait(PATIENCE) == 1

    assert "in use by another enrollment process" in second.log.read_text()
    assert server.get("/").status == 200


def test_a_hangup_starts_no_second_worker(server: Server):
    server.process.send_signal(signal.SIGHUP)
    assert server.post("/v1/students", STUDENT).status == 201

    assert server.stop() == 0
    assert "worker" not in server.log.read_text()


def test_a_locked_database_keeps_no_reader_waiting(tmp_path: Path):
    file = tmp_path / "enrollment.db"
    with serving(file, "--busy-timeout", "30") as server, ThreadPoolExecutor(4) as pool:
        server.post("/v1/students", STUDENT)
        blocker = sqlite3.connect(file, isolation_level=None)
        blocker.execute("BEGIN IMMEDIATE")
        writers = [pool.submit(server.post, "/v1/students", STUDENT) for _ in range(4)]
        for _ in range(20):
            assert server.get("/v1/students/1").status == 200
        assert not any(writer.done() for writer in writers)
        blocker.execute("ROLLBACK")
        blocker.close()
        assert {writer.result().status for writer in writers} == {201}
        requests = [line for line in server.log.read_text().splitlines() if "POST" in line]

    assert len(requests) == 5


def test_a_locked_database_is_given_up_in_time(tmp_path: Path):
    file = tmp_path / "enrollment.db"
    with serving(file, "--busy-timeout", "0.1") as server:
        blocker = sqlite3.connect(file, isolation_level=None)
        blocker.execute("BEGIN IMMEDIATE")
        reply = server.post("/v1/students", STUDENT)
        blocker.close()
        assert (reply.status, reply.headers["Retry-After"]) == (503, "1")
        assert reply.json["code"] == "database_busy"
        assert server.post("/v1/students", STUDENT).status == 201


def test_a_locked_database_is_not_served(tmp_path: Path):
    file = tmp_path / "enrollment.db"
    migrate.migrate(file)
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


# Bodies and clients


def chunked(body: bytes) -> bytes:
    return known(
        b"POST /v1/students HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n"
    ) + b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:7], body[7:], b""))


def test_a_chunked_body_is_read(server: Server):
    with server.connect() as connection:
        connection.sendall(chunked(json.dumps(STUDENT).encode()))
        assert connection.recv(65536).startswith(b"HTTP/1.1 201 Created\r\n")


def test_a_body_over_the_limit_is_refused_with_and_without_chunks(server: Server):
    body = b" " * (BODY_LIMIT + 1)

    reply = server.request("POST", "/v1/students", None, **{"Content-Type": "application/json"})
    assert reply.status == 400
    for sent in (chunked(body), chunked(body * 3)):
        with server.connect() as connection:
            threading.Thread(target=send_quietly, args=(connection, sent)).start()
            assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")
    declared = known(
        b"POST /v1/students HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n" % len(body)
    )
    with server.connect() as connection:
        threading.Thread(target=send_quietly, args=(connection, declared + body)).start()
        assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")
    assert server.get("/v1/students").json["items"] == []


def test_an_endless_body_is_not_read_to_its_end(server: Server):
    head = known(
        b"POST /v1/students HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n"
    )
    part = b"%x\r\n%s\r\n" % (BODY_LIMIT, b" " * BODY_LIMIT)
    sent = 0
    with server.connect() as connection:
        connection.sendall(head)
        try:
            while sent < 100:
                connection.sendall(part)
                sent += 1
        except OSError:
            pass

    assert sent < 100
    assert server.get("/").status == 200


def test_a_body_that_does_not_arrive_in_time_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ENROLLMENT_BODY_TIMEOUT", "0.2")
    with serving(tmp_path / "enrollment.db") as server:
        with begin_to_post(server, json.dumps(STUDENT).encode()) as connection:
            answer = connection.recv(65536)
        assert answer.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
        assert b'"code":"request_timeout"' in answer
        assert server.get("/v1/students").json["items"] == []


def test_a_stop_does_not_wait_for_a_body_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ENROLLMENT_BODY_TIMEOUT", "1")
    body = json.dumps(STUDENT).encode()
    with serving(tmp_path / "enrollment.db") as server, begin_to_post(server, body):
        assert server.get("/").status == 200
        assert server.stop() == 0


def test_a_header_with_an_underscore_passes_for_no_other(server: Server):
    tag = server.get("/").headers["ETag"]

    for name in ("If_None_Match", "If-None_Match"):
        assert server.request("GET", "/", **{name: tag}).status == 200


def test_a_header_that_is_sent_twice_is_one_list(server: Server):
    tag = server.get("/").headers["ETag"].encode()
    with server.connect() as connection:
        connection.sendall(
            known(b"GET / HTTP/1.1\r\nHost: x\r\nIf-None-Match: %s\r\n" % tag)
            + b'If-None-Match: "x"\r\n\r\n'
        )
        assert connection.recv(65536).startswith(b"HTTP/1.1 304 ")


def send_quietly(connection: socket.socket, sent: bytes) -> None:
    """Send what the server may not want to read to its end."""
    try:
        connection.sendall(sent)
    except OSError:
        return


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /v1/students HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
        b"Content-Length: 2\r\n\r\n{}",
        b"POST /v1/students HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n{}",
        b"POST /v1/students HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Content-Length: 99\r\n\r\n{}",
        b"POST /v1/students HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    ],
    ids=["nonsense", "version", "two-lengths", "negative-length", "cut-short", "bad-chunk"],
)
def test_a_broken_request_is_refused_or_dropped_and_changes_nothing(server: Server, sent: bytes):
    answer = server.raw(known(sent))

    assert answer == b"" or answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 505 "))
    assert server.get("/v1/students").json["items"] == []
    assert "Traceback" not in server.log.read_text()


@pytest.mark.parametrize(
    ("token", "status"),
    [("", b"401"), ("Authorization: Bearer enr_0\r\n", b"401"), ("READER", b"403")],
    ids=["none", "unknown", "of another role"],
)
def test_the_body_of_who_is_not_let_in_is_not_waited_for(server: Server, token: str, status: bytes):
    token = token.replace("READER", f"Authorization: Bearer {TOKENS['reader']}\r\n")
    head = (
        f"POST /v1/students HTTP/1.1\r\nHost: localhost\r\n{token}"
        "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
    )
    with server.connect() as connection:
        connection.sendall(head.encode())

        assert connection.recv(65536).startswith(b"HTTP/1.1 " + status)


def test_a_token_that_is_revoked_while_its_body_arrives_does_nothing(server: Server):
    body = json.dumps(STUDENT).encode()
    reader = {"Authorization": f"Bearer {TOKENS['reader']}"}
    with begin_to_post(server, body, token=TOKENS["registrar"]) as connection:
        assert server.request("GET", "/v1/courses", **reader).status == 200
        assert server.request("DELETE", "/v1/tokens/2").status == 204
        connection.sendall(body[-1:])

        assert connection.recv(65536).startswith(b"HTTP/1.1 401 ")
    assert server.get("/v1/students").json["items"] == []


@pytest.mark.parametrize("name", [b"If-Match", b"Idempotency-Key"])
def test_a_header_that_cannot_be_read_is_not_passed_over(server: Server, name: bytes):
    head = b'DELETE /v1/tokens/3 HTTP/1.1\r\nHost: x\r\n%s: "caf\xe9"\r\n\r\n' % name
    with server.connect() as connection:
        connection.sendall(known(head))

        assert connection.recv(65536).startswith(b"HTTP/1.1 400 ")
    assert server.get("/v1/tokens/3").json["revoked_at"] is None


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


def test_a_retry_after_a_kill_finds_what_was_done(database_file: Path):
    key, body = {"Idempotency-Key": '"a"'}, json.dumps(STUDENT).encode()
    with (
        serving(database_file) as server,
        begin_to_post(server, body, 'Idempotency-Key: "a"\r\n') as connection,
        closing(sqlite3.connect(database_file)) as db,
    ):
        connection.sendall(body[-1:])
        deadline = time.monotonic() + PATIENCE
        while not db.execute("SELECT 1 FROM kept_answer").fetchone():
            assert time.monotonic() < deadline
        server.kill()
    with serving(database_file) as server:
        again = server.request("POST", "/v1/students", STUDENT, **key)

        assert (again.status, again.headers["Idempotency-Replayed"]) == (201, "true")
        assert len(server.get("/v1/students").json["items"]) == 1


def test_clients_that_send_a_byte_at_a_time_keep_no_one_waiting(server: Server):
    """How much longer others wait is measured in tests/benchmarks."""
    body = json.dumps(STUDENT).encode()
    with ExitStack() as stack:
        slow = [stack.enter_context(begin_to_post(server, body, sent=0)) for _ in range(200)]

        for number, byte in enumerate(body[:-1], start=1):
            for connection in slow:
                connection.sendall(bytes([byte]))
            assert server.post("/v1/students", STUDENT).json["id"] == number
            assert server.get(f"/v1/students/{number}").status == 200

        for connection in slow:
            connection.sendall(body[-1:])
        answers = [connection.recv(65536) for connection in slow]
    assert all(answer.startswith(b"HTTP/1.1 201 ") for answer in answers)
    assert len(server.get("/v1/students?limit=1000").json["items"]) == 200 + len(body) - 1


def test_a_request_counts_once_however_often_the_application_is_asked(database_file: Path):
    with serving(database_file, "--rate-limit", "9") as server:
        replies = [server.post("/v1/students", STUDENT), server.get("/v1/events?wait=1")]
        replies += [server.get("/v1/students/1")]

    left = [reply.headers["RateLimit"].partition(";t=")[0] for reply in replies]
    assert left == ['"token";r=8', '"token";r=7', '"token";r=6']


def test_headers_and_queries_arrive_as_they_were_sent(server: Server):
    server.post("/v1/students", {"given_name": "Zoë", "family_name": "Ōe"})
    server.post("/v1/students", STUDENT)

    reply = server.get("/v1/students?given_name=zo%C3%AB&family_name=%C5%8C")
    assert [item["id"] for item in reply.json["items"]] == [1]
    tag = server.get("/v1/students/1").headers["ETag"]
    headers: dict[str, Any] = {"If-None-Match": f'"x", {tag}'}
    assert server.request("GET", "/v1/students/1", **headers).status == 304
    assert server.request("DELETE", "/v1/students/1", **{"If-Match": tag}).status == 204
    head = server.request("HEAD", "/v1/students/2")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == str(len(server.get("/v1/students/2").body))
    assert server.request("OPTIONS", "/v1/students").headers["Allow"] == "GET, HEAD, OPTIONS, POST"
    assert server.get("/%FF").status == 404
