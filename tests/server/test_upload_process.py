"""The process that reads the files that are sent, and brings them in."""

import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from enrollment.app import App
from enrollment.config import Config
from enrollment.http.context import Context
from enrollment.model.location import Location
from enrollment.problems.errors import Problem
from enrollment.server.adapter import Body
from enrollment.server.upload_process import Answer, UploadProcess
from tests.support.server import PATIENCE, Server, serving
from tests.support.tokens import TOKENS

LIST = b"Number,Given name,Family name\n1,Ada,Lovelace\n2,Emmy,Noether\n"
COURSE = {"code": "CS101", "title": "Databases"}


@pytest.fixture
def server(location: Location, tmp_path: Path) -> Iterator[Server]:
    with serving(location, "--rate-limit=50", folder=tmp_path) as server:
        yield server


def children(process: int) -> list[int]:
    """The processes that a process has started, on any of its threads (proc(5))."""
    found = Path(f"/proc/{process}/task").glob("*/children")
    return [int(child) for path in found for child in path.read_text().split()]


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_file_is_brought_in_by_one_process_which_ends_with_the_service(server: Server):
    assert children(server.process.pid) == []

    made = server.import_(LIST, **{"X-Request-Id": "mine", "Idempotency-Key": "one"})
    again = server.import_(LIST, **{"Idempotency-Key": "one"})

    assert (made.status, made.headers["X-Request-Id"]) == (201, "mine")
    assert made.headers["RateLimit"].startswith('"token";r=49')
    assert (again.status, again.json) == (201, made.json)
    assert [student["number"] for student in server.get("/v1/students").json["items"]] == ["1", "2"]
    (child,) = children(server.process.pid)
    assert server.stop() == 0
    assert not Path(f"/proc/{child}").exists()
    assert "Traceback" not in server.log.read_text()


def test_a_dry_run_changes_nothing_and_a_list_comes_back_as_a_file(server: Server):
    assert server.import_(LIST, "?dry_run=true").json["counts"]["students"]["created"] == 2
    marked = server.import_(LIST, "/marked.csv")

    assert (marked.status, marked.headers["Content-Type"]) == (200, "text/csv; charset=utf-8")
    assert b"Lovelace" in marked.body
    assert server.get("/v1/students").json["items"] == []


def test_what_is_refused_is_counted_and_logged_by_the_service(server: Server):
    refused = server.import_(b"Number,Email\n1,nowhere\n")

    assert (refused.status, refused.json["code"]) == (422, "import_has_errors")
    metrics = server.get("/metrics").body.decode()
    assert 'enrollment_refusals_total{code="import_has_errors"} 1.0' in metrics
    assert 'route="/v1/imports",status="422"} 1.0' in metrics
    server.wait_for_log("POST /v1/imports 422")


def test_who_waits_for_events_is_told_of_an_import(server: Server):
    server.post("/v1/courses", COURSE)
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(server.get, "/v1/events?wait=30")
        begun = time.monotonic()
        assert server.import_(LIST, "?course_id=1&create=true").status == 201

        assert len(waiting.result(PATIENCE).json["items"]) == 2
        assert time.monotonic() < begun + 30


def test_it_is_started_again_if_it_was_killed(server: Server):
    server.import_(LIST)
    (child,) = children(server.process.pid)
    os.kill(child, 9)
    wait_until(lambda: has_ended(child))

    assert server.import_(LIST).json["counts"]["students"]["unchanged"] == 2
    assert children(server.process.pid) != [child]


def has_ended(process: int) -> bool:
    """Whether all threads of a process have ended, for which its parent has not asked yet."""
    own = Path(f"/proc/{process}")
    return "Z" in (own / "stat").read_text().split() and len([*(own / "task").iterdir()]) == 1


def has_open(process: int, file: Path) -> bool:
    handles = Path(f"/proc/{process}/fd").iterdir()
    return any(handle.exists() and handle.samefile(file) for handle in handles)


def test_it_ends_with_a_service_that_is_killed(database_file: Path):
    with (
        serving(database_file, "--busy-timeout=3600") as server,
        closing(sqlite3.connect(database_file, isolation_level=None)) as db,
        ThreadPoolExecutor() as pool,
    ):
        db.execute("BEGIN IMMEDIATE")
        sent = pool.submit(server.import_, LIST)
        wait_until(lambda: bool(children(server.process.pid)))
        (child,) = children(server.process.pid)
        # From now on it waits for the lock.
        wait_until(lambda: has_open(child, database_file))
        server.process.kill()

        wait_until(lambda: not Path(f"/proc/{child}").exists())
        assert isinstance(sent.exception(), ConnectionError)


class Deadly:
    """What ends the process that reads it."""

    def __reduce__(self) -> tuple[Any, ...]:
        return signal.raise_signal, (signal.SIGKILL,)


def context_of(app: App, body: object) -> Context:
    """The context of a request whose body has arrived."""
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/v1/imports",
        "HTTP_HOST": "localhost",
        "HTTP_AUTHORIZATION": f"Bearer {TOKENS['admin']}",
        "CONTENT_TYPE": "text/csv",
        "wsgi.input_terminated": True,
        "wsgi.input": body,
    }
    return app.open(environ)


def test_who_sent_a_file_is_told_if_the_process_ended(app: App, location: Location):
    others = children(os.getpid())

    def kill(act: Callable[[], Answer]) -> Answer:
        # None, while this starts the process.
        for child in set(children(os.getpid())) - set(others):
            os.kill(child, 9)
        return act()

    with closing(UploadProcess(Config(database=location))) as process:
        with pytest.raises(Problem) as while_reading:
            process.respond(context_of(app, Deadly()), lambda act: act())
        with pytest.raises(Problem) as while_writing:
            process.respond(context_of(app, Body(LIST)), kill)

        assert while_reading.value.code == "internal_error"
        assert while_writing.value.code == "outcome_unknown"
        response = process.respond(context_of(app, Body(LIST)), lambda act: act())
        assert response.status == 201
