"""PostgreSQL servers that die, hang or restart under load: what was acknowledged is there, once."""

import re
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from itertools import count, cycle, pairwise, product
from pathlib import Path
from typing import Any, Self

import pytest
from psycopg import connect

from enrollment.data.integrity import list_history_mismatches
from enrollment.maintenance.migrations import migrate
from enrollment.model.location import ServerUrl
from enrollment.storage.engine import lock_database, open_to_read
from enrollment.storage.lock import Purpose
from enrollment.storage.postgresql import WRITE_LOCK
from tests.support.postgresql import QUICK, PostgreSQL, running_pair
from tests.support.server import PATIENCE, Reply, Server, serving
from tests.support.tokens import add_staff_tokens

pytestmark = pytest.mark.slow

CLIENTS, COURSES = 8, 5000
ROUNDS = 5
# How many enrollments are acknowledged between two faults.
SOME = 40
# In seconds: what the service has by default, and how much longer a commit may take.
BUSY_TIMEOUT, GRACE = 5.0, 1.0
BRIEF = 2.0
HANG = 10.0
# What a client may get instead of an answer while a server is away.
PASSING = {"database_busy", "database_unreachable", "outcome_unknown"}
FILL = f"""
    INSERT INTO student (given_name, family_name)
    SELECT 'Ada', 'Lovelace ' || number FROM generate_series(1, {CLIENTS}) AS number;
    INSERT INTO course (code, title)
    SELECT 'CS' || number, 'Databases' FROM generate_series(1, {COURSES}) AS number;
"""
CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE %s"
# Sessions whose commits wait for a standby, and that wait for a table.
COMMITTING = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
LOCKED = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'relation'"
COURSE = {"code": "CS", "title": "Databases"}
COURSE_1 = "/v1/students/1/courses"


class Pair:
    """A primary and its synchronous standby, which can take over from each other."""

    def __init__(self, primary: PostgreSQL, standby: PostgreSQL) -> None:
        self.primary, self.standby = primary, standby

    def url(self, database: str) -> ServerUrl:
        """The URL of a database, with both hosts: only one of them can be written to."""
        return ServerUrl(self.primary.url(database, self.standby))

    def fail_over(self) -> None:
        """Let the primary die, and its standby take over."""
        self.primary.kill()
        self.standby.promote()
        self.primary, self.standby = self.standby, self.primary

    def restore(self) -> None:
        """Make the server that died the standby of the other one."""
        self.standby.follow(self.primary)


class Clients:
    """Clients that enroll, each a student, in one course after the other. A client repeats its
    request, with the same key, until it is acknowledged: at one service, then at the other."""

    def __init__(self, services: Sequence[Server]) -> None:
        self._services = services
        self._changed = threading.Condition()
        self._ending = threading.Event()
        self._pool = ThreadPoolExecutor(CLIENTS)
        # The students and courses that were acknowledged, each with the time.
        self.acknowledged: dict[tuple[int, int], float] = {}
        # How often a client got something else, by the code of the problem.
        self.refusals: Counter[str] = Counter()

    def __enter__(self) -> Self:
        self._running = [
            self._pool.submit(self._enroll, student) for student in range(1, CLIENTS + 1)
        ]
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._pool.shutdown()
        for client in self._running:
            client.result()

    def wait_for_more(self, number: int = SOME) -> None:
        """Wait until so many more enrollments are acknowledged."""
        with self._changed:
            target = len(self.acknowledged) + number
            assert self._changed.wait_for(lambda: len(self.acknowledged) >= target, 2 * PATIENCE)

    def longest_pause(self) -> float:
        """For how many seconds no client got an acknowledgement."""
        times = sorted(self.acknowledged.values())
        return max(later - earlier for earlier, later in pairwise(times))

    def _enroll(self, student: int) -> None:
        for course in range(1, COURSES + 1):
            for service in cycle(self._services):
                if self._ending.is_set():
                    return
                code = self._ask(service, student, course)
                with self._changed:
                    if not code:
                        self.acknowledged[student, course] = time.monotonic()
                        self._changed.notify_all()
                        break
                    self.refusals[code] += 1

    def _ask(self, service: Server, student: int, course: int) -> str | None:
        """Return the code of the problem, or None if the enrollment is acknowledged."""
        try:
            reply = enroll(service, student, course)
        except ConnectionError:
            return "no_response"
        return None if reply.status == 201 else str(reply.json["code"])


def enroll(service: Server, student: int, course: int) -> Reply:
    key = {"Idempotency-Key": f'"{student}-{course}"'}
    path = f"/v1/students/{student}/courses"
    return service.request("POST", path, {"course_id": course}, **key)


def check(url: ServerUrl, acknowledged: Any) -> None:
    """What was acknowledged is there, nothing is there twice, and the ids of events have no gap."""
    with open_to_read(url) as db:
        query = "SELECT id, student_id, course_id FROM student_course_event ORDER BY id"
        events = [tuple(row) for row in db.execute(query)]
        query = "SELECT student_id, course_id FROM student_course"
        enrolled = [tuple(row) for row in db.execute(query)]
        assert list_history_mismatches(db) == []
    assert [id for id, *_ in events] == list(range(1, len(events) + 1))
    assert sorted((student, course) for _, student, course in events) == sorted(enrolled)
    assert set(acknowledged) - set(enrolled) == set()


@pytest.fixture(scope="module")
def servers() -> Iterator[Pair]:
    with running_pair(**QUICK) as (primary, standby):
        pair = Pair(primary, standby)
        primary.create_database("template_school")
        url = pair.url("template_school")
        migrate(url)
        add_staff_tokens(url)
        with connect(url.text) as db:
            db.execute(FILL)
        yield pair


@pytest.fixture
def pair(servers: Pair) -> Iterator[Pair]:
    """Both servers. After each test they run again."""
    yield servers
    for server in (servers.primary, servers.standby):
        if server.is_running:
            server.resume()
    if not servers.standby.is_running:
        servers.restore()


numbers = count(1)


@pytest.fixture
def url(pair: Pair) -> ServerUrl:
    """A database of its own, with students and courses, and no one in them yet."""
    name = f"school_{next(numbers)}"
    pair.primary.create_database(name, "template_school")
    return pair.url(name)


@contextmanager
def two_services(url: ServerUrl, folder: Path, *flags: str) -> Iterator[list[Server]]:
    """Two services on one database."""
    with ExitStack() as stack:
        services = [stack.enter_context(service_of(url, folder, *flags)) for _ in range(2)]
        for service in services:
            # That the token is used is noted now. A write comes after the note.
            assert service.get("/v1/students").status == 200
            assert service.post("/v1/courses?dry_run=true", COURSE).status == 201
        yield services


@contextmanager
def service_of(url: ServerUrl, folder: Path, *flags: str) -> Iterator[Server]:
    with serving(url, *flags, folder=folder) as service:
        yield service


@pytest.fixture
def services(url: ServerUrl, tmp_path: Path) -> Iterator[list[Server]]:
    with two_services(url, tmp_path) as services:
        yield services


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(32) as pool:
        yield pool


def test_a_failover_loses_and_doubles_nothing_that_was_acknowledged(
    pair: Pair, url: ServerUrl, services: list[Server]
):
    with Clients(services) as clients:
        for _ in range(ROUNDS):
            clients.wait_for_more()
            pair.fail_over()
            clients.wait_for_more()
            pair.restore()

    check(url, clients.acknowledged)
    assert set(clients.refusals) <= PASSING
    assert clients.longest_pause() < BUSY_TIMEOUT


def test_a_commit_without_an_answer_is_settled_by_its_key(
    pair: Pair, url: ServerUrl, services: list[Server], pool: ThreadPoolExecutor
):
    pair.standby.pause()
    reply = pool.submit(enroll, services[0], 1, 1)
    wait_for(pair.primary, COMMITTING)
    pair.primary.kill()
    pair.standby.resume()
    pair.standby.promote()

    assert reply.result(PATIENCE).json["code"] == "outcome_unknown"
    again = [enroll(service, 1, 1) for service in services]
    assert [reply.status for reply in again] == [201, 201]
    assert again[1].headers["Idempotency-Replayed"] == "true"
    assert again[0].json == again[1].json
    pair.primary, pair.standby = pair.standby, pair.primary
    check(url, {(1, 1)})


@contextmanager
def paused(server: PostgreSQL) -> Iterator[None]:
    """Stop the processes of a server during the `with`."""
    server.pause()
    try:
        yield
    finally:
        server.resume()


def wait_for(server: PostgreSQL, sessions: str, at_least: int = 1) -> None:
    """Wait until the server has so many sessions of a kind."""
    deadline = time.monotonic() + PATIENCE
    with connect(server.url(), autocommit=True) as db:
        while len(db.execute(sessions).fetchall()) < at_least:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_nothing_is_acknowledged_while_the_standby_is_gone(
    pair: Pair, url: ServerUrl, tmp_path: Path, pool: ThreadPoolExecutor
):
    with two_services(url, tmp_path, "--busy-timeout", str(BRIEF)) as services:
        assert enroll(services[0], 1, 1).status == 201
        pair.standby.pause()
        begun = time.monotonic()
        first = pool.submit(enroll, services[0], 1, 2)
        wait_for(pair.primary, COMMITTING)
        others = [pool.submit(enroll, *wish) for wish in product(services, (2, 3, 4), (1, 2))]

        reply = first.result(PATIENCE)
        assert (reply.status, reply.json["code"]) == (503, "outcome_unknown")
        assert BRIEF < time.monotonic() - begun < BRIEF + 2 * GRACE
        assert services[0].get("/readyz").status == 503
        codes = {other.result(PATIENCE).json["code"] for other in others}
        assert codes == {"database_busy"}
        assert time.monotonic() - begun < 3 * BRIEF + 2 * GRACE
        # Reads need no standby. They show nothing that it does not have.
        assert len(services[1].get(COURSE_1).json["items"]) == 1

        pair.standby.resume()
        again = enroll(services[1], 1, 2)
        assert (again.status, again.headers["Idempotency-Replayed"]) == (201, "true")
        check(url, {(1, 1), (1, 2)})


def test_a_server_that_hangs_is_not_ready_and_then_all_goes_on(
    pair: Pair, url: ServerUrl, services: list[Server], pool: ThreadPoolExecutor
):
    with Clients(services) as clients, connect(url.text) as db:
        clients.wait_for_more()
        # So several connections wait for reads.
        list(pool.map(lambda service: service.get(COURSE_1), services * 12))
        # These reads, and a write, have begun when the server hangs, and may take long.
        db.execute("LOCK TABLE course")
        slow = [pool.submit(service.get, "/v1/students/1/eligible-courses") for service in services]
        wait_for(pair.primary, LOCKED, at_least=1 + len(slow))
        with paused(pair.primary):
            until = time.monotonic() + HANG
            ready = [pool.submit(service.get, "/readyz") for service in services]
            reads = [pool.submit(service.get, COURSE_1) for service in services * 12]
            while time.monotonic() < until:
                for service in services:
                    begun = time.monotonic()
                    assert service.get("/livez").status == 200
                    assert time.monotonic() - begun < 1
                wait(ready, timeout=0.2)
            assert [reply.done() and reply.result().status for reply in ready] == [503, 503]
            assert {read.done() and read.result().status for read in reads} == {503}

        db.rollback()
        clients.wait_for_more()
        assert [service.get("/readyz").status for service in services] == [200, 200]
        assert {read.result(PATIENCE).status for read in slow} <= {200, 503}

    check(url, clients.acknowledged)
    assert set(clients.refusals) <= PASSING


def test_a_server_that_is_shut_down_and_started_again_has_what_was_acknowledged(
    pair: Pair, url: ServerUrl, services: list[Server]
):
    with Clients(services) as clients:
        clients.wait_for_more()
        pair.primary.stop("fast")
        pair.primary.start()
        clients.wait_for_more()

    check(url, clients.acknowledged)
    assert set(clients.refusals) <= PASSING
    assert clients.longest_pause() < BUSY_TIMEOUT


def test_nobody_notices_that_connections_were_cut_between_two_requests(
    pair: Pair, url: ServerUrl, services: list[Server], pool: ThreadPoolExecutor
):
    assert [enroll(service, 1, 1).status for service in services] == [201, 201]
    waiting = [pool.submit(service.get, "/v1/events?after=1&wait=30") for service in services]
    with connect(pair.primary.url(), autocommit=True) as db:
        assert len(db.execute(CUT, ("enrollment%",)).fetchall()) >= 4 * len(services)

    replies = [service.get(COURSE_1) for service in services]
    replies += [enroll(service, 1, course) for course, service in enumerate(services, 2)]

    assert [reply.status for reply in replies] == [200, 200, 201, 201]
    for feed in waiting:
        assert feed.result(PATIENCE).json["items"][0]["id"] == 2
    # A wait that had just begun may have been begun again, which the log says.
    for service in services:
        assert not re.search(r" 5\d\d [\d.]+$", service.log.read_text(), re.MULTILINE)


def test_a_service_that_is_killed_leaves_nothing_half_done_and_no_lock(
    pair: Pair, url: ServerUrl, services: list[Server], tmp_path: Path
):
    with Clients(services) as clients:
        clients.wait_for_more()
        services[0].kill()
        clients.wait_for_more()
        with service_of(url, tmp_path) as third:
            assert third.get("/readyz").status == 200
            clients.wait_for_more()

    check(url, clients.acknowledged)
    assert set(clients.refusals) <= PASSING | {"no_response"}
    services[1].kill()
    with lock_database(url, Purpose.CHANGE), connect(url.text) as db:
        # Each write has this lock.
        assert db.execute(f"SELECT pg_try_advisory_lock({WRITE_LOCK})").fetchone() == (True,)


def test_a_service_stops_though_its_server_is_gone(pair: Pair, services: list[Server]):
    assert [enroll(service, 1, 1).status for service in services] == [201, 201]
    pair.fail_over()
    pair.primary.stop()

    assert [service.stop() for service in services] == [0, 0]
    pair.primary.start()
