"""The real server whose log cannot be written: it answers, counts the lines, and stops."""

import os
import socket
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

import pytest

from tests.api.test_metrics import parse
from tests.support.server import Server, serving

STUDENT = {"given_name": "Ada", "family_name": "Lovelace"}
# What never fits into what is left of a buffer.
LONG = b"x" * 65_536 + b"\n"


def fill(file: int) -> None:
    """Write until it takes no more, and leave it as others have it: a write now waits."""
    os.set_blocking(file, False)
    for size in (len(LONG), 1):
        with suppress(BlockingIOError):
            while True:
                os.write(file, LONG[:size])
    os.set_blocking(file, True)


@contextmanager
def unread_pipe() -> Iterator[int]:
    reader, writer = os.pipe()
    fill(writer)
    yield writer
    os.close(reader)
    os.close(writer)


@contextmanager
def pipe_without_a_reader() -> Iterator[int]:
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


@contextmanager
def unread_socket() -> Iterator[int]:
    reader, writer = socket.socketpair()
    with reader, writer:
        fill(writer.fileno())
        yield writer.fileno()


@contextmanager
def unread_terminal() -> Iterator[int]:
    screen, terminal = os.openpty()
    tty.setraw(terminal)
    fill(terminal)
    yield terminal
    # Else its last close waits for what it holds.
    termios.tcflush(terminal, termios.TCIOFLUSH)
    os.close(screen)
    os.close(terminal)


@contextmanager
def stopped_terminal() -> Iterator[int]:
    """As after Ctrl-S."""
    screen, terminal = os.openpty()
    termios.tcflow(terminal, termios.TCOOFF)
    yield terminal
    os.close(screen)
    os.close(terminal)


@contextmanager
def full_disk() -> Iterator[int]:
    file = os.open("/dev/full", os.O_WRONLY)
    yield file
    os.close(file)


def dropped(server: Server) -> float:
    return parse(server.get("/metrics").body.decode())["log_lines_dropped_total",]


def answers_and_stops(server: Server) -> None:
    # A terminal makes room while the kernel looks at what it holds.
    while dropped(server) < 10:
        assert server.get(f"/{'x' * 10_000}").status == 404
    for _ in range(3):
        assert server.post("/v1/students", STUDENT).status == 201
    assert server.stop() == 0


@pytest.mark.parametrize(
    "output",
    [
        unread_pipe,
        pipe_without_a_reader,
        unread_socket,
        unread_terminal,
        stopped_terminal,
        pytest.param(
            full_disk,
            marks=pytest.mark.skipif(
                not Path("/dev/full").exists(), reason="this system has no /dev/full"
            ),
        ),
    ],
)
@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
def test_an_output_that_takes_nothing_stops_nothing(
    database_file: Path,
    output: Callable[[], AbstractContextManager[int]],
    unbuffered: str,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    with output() as file, serving(database_file, output=file) as server:
        answers_and_stops(server)


@pytest.mark.parametrize("closed", [">&- 2>&-", "2>&-", ">&-", "<&- >&- 2>&-"])
def test_closed_outputs_stop_nothing(database_file: Path, closed: str):
    under = ("sh", "-c", f'exec "$@" {closed}', "sh")
    with serving(database_file, under=under) as server:
        assert server.post("/v1/students", STUDENT).status == 201
        assert dropped(server) > 0
        assert server.stop() == 0


def test_what_is_in_flight_is_finished_though_no_one_can_be_told(database_file: Path):
    body = b'{"given_name": "Ada", "family_name": "Lovelace"}'
    with unread_pipe() as file, serving(database_file, output=file) as server:
        with server.begin_to_post(body) as connection:
            server.process.terminate()
            # It has begun to stop: no one else is let in.
            with suppress(ConnectionError):
                while server.connect().close() is None:
                    pass
            connection.sendall(body[-1:])
            assert connection.recv(65536).startswith(b"HTTP/1.1 201 ")
        assert server.process.wait(20) == 0


def test_the_log_goes_on_with_whole_lines_when_it_is_read_again(database_file: Path):
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as log, serving(database_file, output=writer) as server:
        os.close(writer)
        numbers = iter(range(10_000))

        def ask() -> None:
            # Some lines are longer than a pipe takes in one piece.
            number = next(numbers)
            server.get(f"/{number}/{'x' * (number % 3) * 3000}/{number}")

        while dropped(server) < 10:
            ask()
        os.set_blocking(reader, False)
        taken = log.read()
        for _ in range(10):
            ask()
        taken += log.read()
        for _ in range(3):
            ask()
        taken += log.read()
        last = next(numbers) - 1
        assert server.stop() == 0

    started, *lines, end = taken.decode().split("\n")
    assert (started[:12], end) == ("enrollment: ", "")
    shown = [line.split(" ")[6] for line in lines]
    asked = [path.split("/") for path in shown if path not in ("/", "/metrics")]
    assert all(path[1] == path[3] and set(path[2]) <= {"x"} for path in asked)
    found = [int(path[1]) for path in asked]
    assert found == sorted(set(found))
    assert found[-13:] == list(range(last - 12, last + 1))
    assert found[:10] == list(range(10))
