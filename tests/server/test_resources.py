"""What clients can make the service hold: memory, threads, time at a stop. It is little."""

import asyncio
import http.client
import json
import re
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from enrollment.api.operations import OPERATIONS
from enrollment.app import make_app
from enrollment.config import Config
from enrollment.http.body import BODY_LIMIT
from enrollment.http.operation import ANYONE, Operation, make_router
from enrollment.http.responses import ok
from enrollment.server.adapter import Request
from enrollment.server.dispatcher import Dispatcher
from tests.support.bytes import GET, STUDENT
from tests.support.command import run_command
from tests.support.server import PATIENCE, Server, free_port, serving
from tests.support.tokens import TOKENS

# How much more memory an attack may cost at any moment, in MiB.
ALLOWANCE = 64
OPENAPI = b"GET /v1/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"


def send(connection: socket.socket, sent: bytes) -> None:
    """Send as much as the server takes."""
    with suppress(OSError):
        connection.sendall(sent)


def many_headers_after_a_request(server: Server, stack: ExitStack) -> None:
    headers = b"".join(b"x%d: \r\n" % number for number in range(14_000))
    for _ in range(300):
        send(stack.enter_context(server.connect()), GET + b"\r\n" + GET + headers)


def many_headers_again_and_again(server: Server, stack: ExitStack) -> None:
    headers = b"".join(b"x%d: \r\n" % number for number in range(9_000))
    for _ in range(300):
        with server.connect() as connection:
            send(connection, GET + headers + b"\r\n")


def headers_of_one_name(server: Server, stack: ExitStack) -> None:
    for _ in range(50):
        with server.connect() as connection:
            send(connection, GET + b"X: y\r\n" * 60_000 + b"\r\n")


def headers_that_do_not_end(server: Server, stack: ExitStack) -> None:
    for _ in range(300):
        send(stack.enter_context(server.connect()), GET + b"X: " + b"y" * 30_000)


def bodies_that_are_refused(server: Server, stack: ExitStack) -> None:
    body = b'{"x": "%s"}' % (b"y" * (BODY_LIMIT - 100))
    headers = {"Authorization": f"Bearer {server.token}", "Content-Type": "application/json"}

    def post() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
        for _ in range(200):
            connection.request("POST", "/v1/students", body, headers)
            response = connection.getresponse()
            response.read()
            assert response.status == 422
        connection.close()

    with ThreadPoolExecutor(4) as pool:
        for future in [pool.submit(post) for _ in range(4)]:
            future.result(PATIENCE)


@pytest.mark.parametrize(
    "attack",
    [
        many_headers_after_a_request,
        many_headers_again_and_again,
        headers_of_one_name,
        headers_that_do_not_end,
        bodies_that_are_refused,
    ],
)
@pytest.mark.skipif(sys.platform != "linux", reason="reads the memory of a process from /proc")
def test_an_attack_costs_little_memory(server: Server, attack: Callable[[Server, ExitStack], None]):
    before = server.peak_memory()
    with ExitStack() as stack:
        attack(server, stack)
        assert server.get("/livez").status == 200
        assert server.peak_memory() < before + ALLOWANCE


@pytest.mark.skipif(sys.platform != "linux", reason="reads the memory of a process from /proc")
def test_clients_that_read_nothing_cost_no_more_than_what_they_asked_for(server: Server):
    size = len(server.get("/v1/openapi.json").body)
    before, clients = server.peak_memory(), 200
    with ExitStack() as stack:
        for _ in range(clients):
            # So small a buffer takes hardly anything off the server.
            connection = stack.enter_context(socket.socket())
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(("127.0.0.1", server.port))
            send(connection, OPENAPI * 10)
        assert server.get("/livez").status == 200
        assert server.peak_memory() < before + ALLOWANCE + clients * size // 1024**2


def test_requests_leave_nothing_that_needs_a_collection_of_garbage(database_file: Path):
    program = [str(Path(__file__).with_name("leftovers.py"))]
    kinds: list[tuple[str, str, Any, int]] = [
        ("GET", "/livez", None, 200),
        ("GET", "/v1/students/1", None, 200),
        ("GET", "/v1/students/999999", None, 404),
        ("GET", "/v1/students?limit=1000", None, 200),
        ("GET", "/v1/students/1/eligible-courses", None, 200),
        ("GET", "/v1/events", None, 200),
        ("GET", "/nowhere", None, 404),
        ("GET", "/metrics", None, 200),
        ("POST", "/v1/students", STUDENT, 201),
        ("POST", "/v1/students", {"x": 1}, 422),
        ("POST", "/v1/students?dry_run=true", STUDENT, 201),
        ("POST", "/v1/students/1/courses", {"course_id": 9}, 409),
    ]

    def leftovers() -> int:
        count = len(re.findall("leftovers: ", server.log.read_text()))
        server.process.send_signal(signal.SIGUSR1)
        server.get("/livez")
        found: list[str] = []
        while len(found) <= count:
            found = re.findall(r"leftovers: (\d+)\n", server.log.read_text())
        return int(found[-1])

    with serving(database_file, program=program) as server, ExitStack() as stack:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
        stack.callback(connection.close)
        headers = {"Authorization": f"Bearer {server.token}", "Content-Type": "application/json"}

        def send_each(times: int) -> None:
            for method, path, body, status in kinds * times:
                content = None if body is None else json.dumps(body)
                connection.request(method, path, content, headers)
                response = connection.getresponse()
                response.read()
                assert (path, response.status) == (path, status)

        server.post("/v1/students", STUDENT)
        send_each(5)
        leftovers()
        send_each(100)
        left = leftovers()

    assert left < 100


# Slow reads


@pytest.fixture
def held(database_file: Path) -> Iterator[tuple[Any, threading.Event]]:
    """The application with a slow read that goes on until the event is set."""
    app, event = make_app(Config(database=database_file)), threading.Event()

    def wait(*_: object) -> Any:
        assert event.wait(PATIENCE)
        return ok({})

    slow = Operation("GET", "/slow", ANYONE, wait, slow=True)
    app.router = make_router((*OPERATIONS, slow))
    yield app, event
    event.set()


class Sent(Request):
    """A request without a connection."""

    def __init__(self, method: str, path: str, body: bytes = b"") -> None:
        self.environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "HTTP_HOST": "localhost",
            "HTTP_AUTHORIZATION": f"Bearer {TOKENS['admin']}",
            "CONTENT_TYPE": "application/json",
            "SERVER_PROTOCOL": "HTTP/1.1",
        }
        self.started = 0.0


def test_a_slow_read_holds_up_no_other_request(held: tuple[Any, threading.Event]):
    app, event = held

    async def ask() -> list[int]:
        dispatcher = Dispatcher(app, Config())
        slow = [asyncio.create_task(dispatcher.respond(Sent("GET", "/slow"))) for _ in range(8)]
        await asyncio.sleep(0)
        quick = [
            await dispatcher.respond(Sent("GET", path))
            for path in ("/livez", "/v1/students", "/v1/students/7")
        ]
        assert not any(task.done() for task in slow)
        event.set()
        late = [await task for task in slow]
        dispatcher.close()
        return [response.status for response in (*quick, *late)]

    assert asyncio.run(ask()) == [200, 200, 404] + [200] * 8


# Stops


def test_clients_can_hold_up_a_stop_only_for_a_while(database_file: Path):
    """However long a body may take, and whatever is not read."""
    body = json.dumps(STUDENT).encode()
    with serving(database_file, "--body-timeout", "3600") as server, ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(server.begin_to_post(body))
            connection = stack.enter_context(server.connect())
            send(connection, OPENAPI * 100)
        assert server.get("/livez").status == 200

        assert server.stop() == 0
        assert "Traceback" not in server.log.read_text()


def test_a_stop_cuts_off_no_response_that_is_being_read(server: Server):
    """The client takes a little before the stop, and the rest after it."""
    with server.connect() as connection:
        connection.sendall(OPENAPI)
        received = connection.recv(1)
        server.process.send_signal(signal.SIGTERM)
        server.wait_for_log("GET /v1/openapi.json 200")
        while chunk := connection.recv(65536):
            received += chunk
    assert server.process.wait(PATIENCE) == 0
    head, _, content = received.partition(b"\r\n\r\n")
    assert b"content-length: %d\r\n" % len(content) in head


def limited(files: int) -> list[str]:
    return ["sh", "-c", f'ulimit -n {files} && exec "$@"', "sh"]


def test_more_clients_than_files_wait_for_their_turn(database_file: Path):
    with serving(database_file, under=limited(100)) as server:
        with ExitStack() as stack:
            for _ in range(100):
                send(stack.enter_context(server.connect()), GET + b"\r\n")
        assert server.post("/v1/students", STUDENT).status == 201


def test_a_limit_with_which_nothing_could_be_answered_is_refused(database_file: Path):
    serve = ["serve", "--database", database_file, "--port", free_port()]
    ended = run_command(*serve, under=limited(64))

    assert ended.returncode == 1
    assert ended.stderr.startswith(
        "enrollment: the limit of open files is 64, and the service needs more than 64: "
    )
    with serving(database_file, under=limited(65)) as server:
        assert server.post("/v1/students", STUDENT).status == 201
        assert server.import_(b"Number,Given name,Family name\n1,Ada,Lovelace\n").status == 201
