"""Several processes of the service on one PostgreSQL database."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from psycopg import connect

from enrollment.model.location import ServerUrl
from tests.support.command import run_command
from tests.support.postgresql import PROGRAMS, PostgreSQL
from tests.support.server import PATIENCE, Reply, Server, serving
from tests.support.tokens import add_staff_tokens

ROOT = Path(__file__).parents[2]
STUDENTS, SEATS = 12, 5
FIRST_SERVICES = 3
CLIENTS = 4
TOKEN = r"enr_[0-9a-f]{12}_[0-9a-f]{48}"
ADMINS = "SELECT name FROM token WHERE role = 'admin' ORDER BY id"


@pytest.fixture(scope="module")
def url(postgresql: PostgreSQL) -> Iterator[ServerUrl]:
    """A database with tokens, students and nothing else."""
    with postgresql.migrated("two_services") as url:
        add_staff_tokens(url)
        with connect(url.text) as db:
            db.execute(
                "INSERT INTO student (given_name, family_name)"
                f" SELECT 'Ada', 'Lovelace ' || n FROM generate_series(1, {STUDENTS}) AS n"
            )
        yield url


@pytest.fixture(scope="module")
def services(url: ServerUrl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Server]]:
    """Two services on the database."""
    folder = tmp_path_factory.mktemp("services")
    with ExitStack() as stack:
        yield [stack.enter_context(serving(url, folder=folder)) for _ in range(2)]


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2 * STUDENTS) as pool:
        yield pool


def create_course(server: Server, code: str, **fields: Any) -> int:
    reply = server.post("/v1/courses", {"code": code, "title": "Databases"} | fields)
    assert reply.status == 201
    return int(reply.json["id"])


def enroll(server: Server, student: int, course: int, **headers: str) -> Reply:
    path = f"/v1/students/{student}/courses"
    return server.request("POST", path, {"course_id": course}, **headers)


def read_events(server: Server, after: int) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = server.get(f"/v1/events?after={after}&limit=1000").json["items"]
    return items


def last_event(url: ServerUrl) -> int:
    with connect(url.text) as db:
        (last,) = db.execute("SELECT coalesce(max(id), 0) FROM student_course_event").fetchone()
    return int(last)


def run(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the service."""
    return run_command(*arguments, cwd=folder, env=os.environ | variables)


def test_a_race_through_two_services_never_oversells(
    services: list[Server], url: ServerUrl, pool: ThreadPoolExecutor
):
    course = create_course(services[0], "RACE", capacity=SEATS)
    start = Barrier(2 * STUDENTS)

    def race(service: Server, student: int) -> tuple[int, Reply]:
        start.wait(PATIENCE)
        return student, enroll(service, student, course)

    racing = [
        pool.submit(race, service, student)
        for student in range(1, STUDENTS + 1)
        for service in services
    ]
    replies = [future.result() for future in racing]

    winners = [student for student, reply in replies if reply.status == 201]
    assert len(winners) == len(set(winners)) == SEATS
    for student, reply in replies:
        if reply.status != 201:
            code = "already_enrolled" if student in winners else "course_full"
            assert (reply.status, reply.json["code"]) == (409, code)
    with connect(url.text) as db:
        query = "SELECT student_id FROM student_course WHERE course_id = %s AND status = 'enrolled'"
        assert {student for (student,) in db.execute(query, (course,))} == set(winners)


def test_a_key_that_is_sent_to_both_services_is_used_once(
    services: list[Server], url: ServerUrl, pool: ThreadPoolExecutor
):
    course, before = create_course(services[0], "ONCE"), last_event(url)

    sent = [
        pool.submit(enroll, service, 1, course, **{"Idempotency-Key": '"once"'})
        for service in services
    ]

    replies = [future.result() for future in sent]
    assert [reply.status for reply in replies] == [201, 201]
    assert replies[0].json == replies[1].json
    assert last_event(url) == before + 1


def test_the_feed_has_no_gap_and_no_late_event_while_both_services_write(
    services: list[Server], url: ServerUrl, pool: ThreadPoolExecutor
):
    courses = [create_course(services[0], f"FEED{number}") for number in range(20)]
    first = last = last_event(url)

    def write(student: int) -> list[int]:
        return [
            enroll(services[(student + number) % 2], student, course).status
            for number, course in enumerate(courses)
        ]

    writing = [pool.submit(write, student) for student in range(1, CLIENTS + 1)]
    seen: list[int] = []
    while len(seen) < CLIENTS * len(courses):
        page = read_events(services[len(seen) % 2], last)
        seen += [event["id"] for event in page]
        last = seen[-1] if seen else first

    assert {status for client in writing for status in client.result()} == {201}
    assert seen == list(range(first + 1, first + 1 + CLIENTS * len(courses)))


def test_a_write_through_one_service_wakes_a_long_poll_of_the_other(
    services: list[Server], url: ServerUrl, pool: ThreadPoolExecutor
):
    course, last = create_course(services[0], "WAKE"), last_event(url)
    for student, (writer, reader) in enumerate([services, services[::-1]], 1):
        begun = time.monotonic()
        feed = pool.submit(reader.get, f"/v1/events?after={last}&wait=30")
        assert enroll(writer, student, course).status == 201

        (event,) = feed.result(PATIENCE).json["items"]
        assert (event["id"], event["student_id"]) == (last + 1, student)
        assert time.monotonic() - begun < 5
        last += 1


def test_a_lost_admin_token_is_replaced_while_two_services_run(
    services: list[Server], url: ServerUrl, tmp_path: Path
):
    made = run(tmp_path, "token", "create", "--name", "Head of office", "--role", "admin",
               "--database", url.text)  # fmt: skip

    assert (made.returncode, made.stderr) == (0, "")
    (token,) = re.findall(TOKEN, made.stdout)
    bearer = {"Authorization": f"Bearer {token}"}
    replies = [service.request("GET", "/v1/tokens", **bearer) for service in services]
    assert [reply.status for reply in replies] == [200, 200]


@pytest.mark.slow
def test_a_rollback_is_refused_while_two_services_run_and_names_them(
    services: list[Server], url: ServerUrl, tmp_path: Path
):
    done = run(tmp_path, "migrate", "rollback", "--to", "0000", "--yes", "--database", url.text)

    assert done.returncode == 1
    for service in services:
        assert f"enrollment, process {service.process.pid} on " in done.stderr
    assert "Stop it first." in done.stderr
    assert [service.get("/readyz").status for service in services] == [200, 200]


@pytest.mark.slow
def test_of_services_that_start_at_once_on_an_empty_database_one_migrates(
    postgresql: PostgreSQL, tmp_path: Path
):
    url = postgresql.create_database("first_start")
    started = [Server(tmp_path / "school", "--database", url.text) for _ in range(FIRST_SERVICES)]
    try:
        for service in started:
            service.wait_until_it_answers()

        logs = [service.log.read_text() for service in started]
        assert sum("applied  0028" in log for log in logs) == 1
        (token,) = re.findall(rf"^  ({TOKEN})$", "".join(logs), re.MULTILINE)
        with connect(url.text) as db:
            assert db.execute(ADMINS).fetchall() == [("first admin",)]
        assert "Traceback" not in "".join(logs)
        for number, service in enumerate(started):
            service.token = token
            create_course(service, f"CS{number}")
    finally:
        for service in started:
            service.kill()
        postgresql.drop_database("first_start")


# The pages for operators


def block(page: str, language: str, word: str) -> list[str]:
    """The lines of the block with this word."""
    text = (ROOT / page).read_text()
    blocks = re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    (found,) = [block for block in blocks if word in block]
    return str(found).splitlines()


@pytest.mark.slow
def test_the_lines_of_the_readme_put_the_demo_college_on_a_server(
    postgresql: PostgreSQL, tmp_path: Path
):
    create, fill, serve = block("README.md", "bash", "postgresql:///")
    programs = [str(Path(sys.executable).parent), str(postgresql.folder / PROGRAMS / "bin")]
    variables = {
        "PATH": os.pathsep.join([*programs, os.environ["PATH"]]),
        "PGHOST": str(postgresql.folder),
        "PGUSER": "school",
    }

    # The driver is installed.
    lines = "\n".join(["set -e", create.partition(" && ")[2], fill])
    done = subprocess.run(["bash", "-c", lines], cwd=tmp_path, env=os.environ | variables,
                          capture_output=True, text=True, timeout=60)  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "now has 500 students" in done.stdout

    (name,) = re.findall(r"postgresql:///(\w+)", serve)
    with serving(ServerUrl(postgresql.url(name)), folder=tmp_path) as server:
        assert len(server.get("/v1/students").json["items"]) > 1
    postgresql.drop_database(name)


@pytest.mark.slow
def test_the_statements_of_the_manual_make_a_database_that_the_doctor_accepts(
    postgresql: PostgreSQL, tmp_path: Path
):
    statements = block("docs/postgresql.md", "sql", "CREATE ROLE")
    with connect(postgresql.url(), autocommit=True) as db:
        for statement in statements:
            db.execute(statement)
    (name,) = re.findall(r"CREATE DATABASE (\w+)", "".join(statements))
    url = postgresql.url(name).replace("school@", f"{name}@")

    done = run(tmp_path, "migrate", ENROLLMENT_DATABASE=url)
    assert (done.returncode, done.stderr) == (0, "")
    done = run(tmp_path, "doctor", ENROLLMENT_DATABASE=url)

    # The server of the tests does not wait for its disk.
    wrong = [line for line in done.stdout.splitlines() if line.startswith("wrong")]
    assert [line.split()[1] for line in wrong] == ["fsync"]
    assert "ok    the role is not a superuser" in done.stdout
    postgresql.drop_database(name)
    with connect(postgresql.url(), autocommit=True) as db:
        db.execute(f"DROP ROLE {name}")


@pytest.mark.slow
def test_the_lines_of_the_manual_move_a_school_and_its_backup_fills_another(
    postgresql: PostgreSQL, tmp_path: Path
):
    _, *lines = block("docs/postgresql.md", "bash", "--from")
    urls = [postgresql.create_database(name).text for name in ("moved", "restored")]
    filled = run(tmp_path, "demo", "--students", "20", "--database", "enrollment.db")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    variables = {"PATH": path, "ENROLLMENT_DATABASE": urls[0]}

    moved = subprocess.run(
        ["bash", "-c", "\n".join(lines)],
        cwd=tmp_path, env=os.environ | variables, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert filled.stdout.partition(" now has ")[2].strip() in moved.stdout
    assert "ok    state and history agree" in moved.stdout

    saved = run(tmp_path, "backup", "school.backup", "--database", urls[0])
    assert (saved.returncode, saved.stderr) == (0, "")
    restored = run(tmp_path, "restore", "school.backup", "--database", urls[1])
    assert (restored.returncode, restored.stderr) == (0, "")
    with connect(urls[0]) as source, connect(urls[1]) as copy:
        query = "SELECT * FROM student_course_event ORDER BY id"
        assert copy.execute(query).fetchall() == source.execute(query).fetchall() != []
    for name in ("moved", "restored"):
        postgresql.drop_database(name)
