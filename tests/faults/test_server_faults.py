"""The server where calls fail, or kill it: what it has acknowledged is there, and nothing half."""

import errno
import os
import shutil
import signal
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from enrollment.data.integrity import list_history_mismatches
from enrollment.storage.offline import list_corruptions
from tests.faults.inject import ALL, HALF, KILL, OPEN, SEND, SYNC, WRITE, Fault, Plan
from tests.support.server import PATIENCE, Reply, Server, serving

pytestmark = pytest.mark.slow

CLIENTS, COURSES = 4, 1000
# Where all calls are not wanted, those are struck: many fall into the first request.
GROWING = (1, 2, 3, 5, 8, 13, 21, 34, 55)
FILES = "*/enrollment.db*"
FAILURES = [
    Fault(SYNC, errno.EIO),
    Fault(SYNC, errno.EIO, ALL),
    Fault(SYNC, errno.ENOSPC, lasting=True),
    Fault(WRITE, errno.EIO, HALF),
    Fault(WRITE, errno.EIO, ALL),
    Fault(WRITE, errno.ENOSPC, lasting=True),
    Fault(WRITE, errno.EROFS, lasting=True),
]
STUDENT = {"given_name": "Ada", "family_name": "Lovelace"}


@pytest.fixture
def college(database_file: Path) -> Path:
    """A database with students and courses, and no one in them yet."""
    with closing(sqlite3.connect(database_file)) as db, db:
        db.executemany(
            "INSERT INTO student (given_name, family_name) VALUES ('Ada', ?)",
            [(f"Lovelace {number}",) for number in range(CLIENTS)],
        )
        db.executemany(
            "INSERT INTO course (code, title) VALUES (?, 'Databases')",
            [(f"CS{number}",) for number in range(COURSES)],
        )
    return database_file


class Registration:
    """Clients that enroll at once, and what has become of it."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.acknowledged: set[tuple[int, int]] = set()
        self._courses = count(1)
        # That the token is used is noted now.
        server.get("/v1/students")

    def enroll_many(self, each: int) -> list[Reply]:
        """Every client enrolls in so many courses, one after the other."""
        wishes = [[next(self._courses) for _ in range(each)] for _ in range(CLIENTS)]
        with ThreadPoolExecutor(CLIENTS) as pool:
            replies = list(pool.map(self._enroll, range(1, CLIENTS + 1), wishes))
        return [reply for some in replies for reply in some]

    def _enroll(self, student: int, courses: list[int]) -> list[Reply]:
        replies = []
        for course in courses:
            reply = self.server.post(f"/v1/students/{student}/courses", {"course_id": course})
            if reply.status == 201:
                self.acknowledged.add((student, course))
            replies.append(reply)
        return replies

    def listed(self) -> set[tuple[int, int]]:
        """Who is in what, by what the server says."""
        pairs = set()
        for student in range(1, CLIENTS + 1):
            items = self.server.get(f"/v1/students/{student}/courses?limit=1000").json["items"]
            pairs |= {(item["student_id"], item["course_id"]) for item in items}
        return pairs


def found(file: Path) -> set[tuple[int, int]]:
    """Who is in what, by the file and its log alone, which are sound: so will it be found by who
    comes next, for the memory that processes share is gone with them."""
    with TemporaryDirectory() as folder:
        copy = Path(folder) / file.name
        for name in (file.name, f"{file.name}-wal"):
            if file.with_name(name).exists():
                shutil.copy(file.with_name(name), folder)
        return read(copy)


def read(file: Path) -> set[tuple[int, int]]:
    with closing(sqlite3.connect(file)) as db:
        db.row_factory = sqlite3.Row
        assert list_corruptions(db) == []
        assert list_history_mismatches(db) == []
        query = "SELECT student_id, course_id FROM student_course"
        return {tuple(row) for row in db.execute(query)}


def let_token_be_noted(server: Server) -> None:
    """Nothing but what is asked for is then written: a rehearsal comes after the note."""
    assert server.get("/v1/students").status == 200
    assert server.post("/v1/students?dry_run=true", STUDENT).status == 201


def is_failure(reply: Reply) -> bool:
    """A 5xx that says what has failed, and no more."""
    told = reply.json
    expected = {"disk_failed": 503, "disk_full": 507}
    return reply.headers["Content-Type"] == "application/problem+json" and (
        reply.status == told["status"] == expected[told["code"]]
    )


@pytest.mark.parametrize("fault", FAILURES, ids=str)
def test_a_call_that_fails_is_told_and_the_service_goes_on(
    college: Path, preloaded: Plan, fault: Fault
):
    with serving(college) as server:
        registration = Registration(server)
        for n in GROWING:
            preloaded.strike(fault, n, FILES)
            replies = registration.enroll_many(3)
            if not preloaded.mend():
                break

            # Where several share a commit that fails once, each is done again alone.
            assert any(is_failure(reply) for reply in replies) or not fault.lasting
            assert all(reply.status == 201 or is_failure(reply) for reply in replies)
            assert registration.listed() == registration.acknowledged
            assert {reply.status for reply in registration.enroll_many(1)} == {201}
        assert n > 1
        server.kill()

    assert found(college) == registration.acknowledged


@pytest.mark.parametrize(
    "fault",
    [Fault(WRITE | SYNC, errno.EIO, lasting=True), Fault(WRITE, errno.ENOSPC, HALF)],
    ids=str,
)
def test_a_log_that_cannot_be_brought_into_the_file_holds_what_was_acknowledged(
    college: Path, preloaded: Plan, fault: Fault
):
    with serving(college) as server:
        registration = Registration(server)
        preloaded.strike(fault, 1, "*/enrollment.db")
        while not preloaded.has_struck:
            assert {reply.status for reply in registration.enroll_many(5)} == {201}
        assert {reply.status for reply in registration.enroll_many(5)} == {201}
        preloaded.mend()
        assert {reply.status for reply in registration.enroll_many(5)} == {201}
        server.kill()

    assert found(college) == registration.acknowledged


def test_a_change_whose_sync_failed_may_be_there_after_a_crash_and_is_done_once(
    college: Path, preloaded: Plan
):
    path, body, key = "/v1/students/1/courses", {"course_id": 1}, {"Idempotency-Key": '"a"'}
    with serving(college) as server:
        let_token_be_noted(server)
        preloaded.strike(Fault(SYNC, errno.EIO), 1, "*/enrollment.db-wal")
        reply = server.request("POST", path, body, **key)
        assert is_failure(reply)
        assert preloaded.mend() == 1
        assert server.get(path).json["items"] == []
        advice = server.get(reply.json["type"]).body.decode()
        server.kill()

    # The commit had been written, if not to the disk: so it is found when the log is read again.
    assert found(college) == {(1, 1)}
    assert "Nothing was changed" not in advice
    with serving(college) as server:
        again = server.request("POST", path, body, **key)
        assert (again.status, again.headers["Idempotency-Replayed"]) == (201, "true")
        assert len(server.get(f"{path}/1/events").json["items"]) == 1


def endings(college: Path, plan: Plan, fault: Fault, files: str) -> Iterator[tuple[bool, Reply]]:
    """What a retry is told after the server was killed at the first of these calls of a request, at
    the second, and so on, until there are no more; and whether the request was answered."""
    for n in fault.turns():
        key: dict[str, Any] = {"Idempotency-Key": f'"{n}"'}
        with serving(college) as server:
            let_token_be_noted(server)
            plan.strike(fault, n, files)
            try:
                answered = server.request("POST", "/v1/students", STUDENT, **key).status == 201
            except (ConnectionError, EOFError):
                answered = False
            struck = plan.mend()
            if struck:
                assert server.process.wait(PATIENCE) == -signal.SIGKILL
            server.kill()
        with serving(college) as server:
            yield answered, server.request("POST", "/v1/students", STUDENT, **key)
            assert len(server.get("/v1/students").json["items"]) == CLIENTS + 1
            server.kill()
        with closing(sqlite3.connect(college)) as db, db:
            db.execute("DELETE FROM student WHERE id > ?", (CLIENTS,))
        if not struck:
            assert answered
            break


@pytest.mark.parametrize(
    ("fault", "files", "is_done"),
    [
        (Fault(WRITE, KILL, HALF), FILES, False),
        (Fault(SYNC, KILL, ALL), FILES, True),
        (Fault(SEND, KILL), "client", True),
    ],
    ids=["while it is written", "after the commit", "before the answer"],
)
def test_a_retry_after_a_kill_is_done_once(
    college: Path, preloaded: Plan, fault: Fault, files: str, is_done: bool
):
    outcomes = set()
    for answered, again in endings(college, preloaded, fault, files):
        assert again.status == 201
        outcomes.add((answered, "Idempotency-Replayed" in again.headers))

    assert outcomes == {(True, True), (False, is_done)}


@pytest.mark.parametrize(
    "fault",
    [
        Fault(OPEN | WRITE, errno.EIO),
        Fault(OPEN, errno.EIO),
        Fault(OPEN, errno.EACCES),
        Fault(OPEN, errno.EROFS),
        Fault(SYNC, errno.EIO),
    ],
    ids=str,
)
def test_a_server_that_cannot_start_stops_and_says_why_and_one_that_can_writes(
    college: Path, preloaded: Plan, fault: Fault
):
    for n in fault.turns():
        preloaded.strike(fault, n, FILES)
        server = Server(college)
        try:
            while server.process.poll() is None and not answers(server):
                pass
            struck, code = preloaded.mend(), server.process.poll()
            log = server.log.read_text()
            if code is not None:
                assert (code, struck) == (1, 1)
                reasons = (
                    "disk I/O error",
                    "unable to open",
                    "not written to",
                    "readonly database",
                )
                reasons += (os.strerror(fault.error),)
                assert any(reason in log for reason in reasons), log
                assert log.splitlines()[-1].startswith("enrollment: "), log
                assert "Traceback" not in log
            else:
                assert server.post("/v1/students", STUDENT).status == 201
        finally:
            server.kill()
        assert found(college) == set()
        if not struck:
            break


def answers(server: Server) -> bool:
    try:
        return server.get("/livez").status == 200
    except ConnectionError:
        return False
