"""Load without a pause, and backups meanwhile: `python -m tests.benchmarks.soak --minutes 10`.

Clients on the loopback address enroll and drop. Each backup is verified, restored to a scratch
place, examined there, and must hold every change that was acknowledged before it began; in the end
the database must hold exactly those that were acknowledged. All of it lies in a temporary directory
(on the disk that TMPDIR names), and grows by some MB a minute.
"""

import argparse
import http.client
import json
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from random import Random

from enrollment.maintenance.migrations import migrate
from tests.api.test_metrics import parse
from tests.support.server import PATIENCE, Server, serving
from tests.support.tokens import add_staff_tokens

CLIENTS, STUDENTS_EACH, COURSES, CAPACITY = 4, 50, 40, 60
MEGABYTE = 1_000_000

# By student and course: the status, and the version, which counts the changes.
State = dict[tuple[int, int], tuple[str, int]]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="at most 60")
    parser.add_argument("--every", type=float, default=5, help="seconds from backup to backup")
    given = parser.parse_args()
    if not 0 < given.minutes <= 60 or given.every < 0:
        parser.error("more than 0 and at most 60 minutes, and not less than 0 seconds")
    with tempfile.TemporaryDirectory() as folder:
        soak(Path(folder), given.minutes * 60, given.every)


def soak(folder: Path, seconds: float, every: float) -> None:
    database, acknowledged, done = folder / "enrollment.db", State(), threading.Event()
    fill(database)
    (folder / "backups").mkdir()
    with serving(database) as server, ThreadPoolExecutor(CLIENTS) as pool:
        clients = [
            pool.submit(enrol_and_drop, server, number, acknowledged, done)
            for number in range(CLIENTS)
        ]
        try:
            watch(server, folder, acknowledged, seconds, every)
        finally:
            done.set()
        requests = sum(client.result() for client in clients)
        assert server.stop() == 0
        assert "Traceback" not in server.log.read_text()
    command("doctor", "--database", database)
    assert read(database) == acknowledged
    print(f"{requests} requests; every change that was acknowledged is there, and no other")


def fill(database: Path) -> None:
    migrate(database)
    add_staff_tokens(database)
    with closing(sqlite3.connect(database)) as db, db:
        db.executemany(
            "INSERT INTO student (given_name, family_name) VALUES ('Ada', ?)",
            [(f"Lovelace {number}",) for number in range(CLIENTS * STUDENTS_EACH)],
        )
        db.executemany(
            "INSERT INTO course (code, title, capacity) VALUES (?, 'Databases', ?)",
            [(f"CS{number}", CAPACITY) for number in range(COURSES)],
        )


def enrol_and_drop(server: Server, number: int, acknowledged: State, done: threading.Event) -> int:
    """What one client does, with students that no other has; how many requests it has made."""
    random, requests = Random(number), 0
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENCE)
    headers = {"Authorization": f"Bearer {server.token}", "Content-Type": "application/json"}
    with closing(connection):
        while not done.is_set():
            student = number * STUDENTS_EACH + random.randint(1, STUDENTS_EACH)
            course = random.randint(1, COURSES)
            path = f"/v1/students/{student}/courses/{course}"
            status, version = acknowledged.get((student, course), ("dropped", 0))
            wanted = "enrolled" if status == "dropped" else "dropped"
            connection.request("PUT", path, json.dumps({"status": wanted}), headers)
            response = connection.getresponse()
            answer = json.load(response)
            requests += 1
            if response.status in (200, 201):
                assert (answer["status"], answer["version"]) == (wanted, version + 1)
                acknowledged[student, course] = wanted, version + 1
            else:
                assert (response.status, answer["code"], wanted) == (409, "course_full", "enrolled")
    return requests


def watch(server: Server, folder: Path, acknowledged: State, seconds: float, every: float) -> None:
    begun, next_at = time.monotonic(), 0.0
    print("seconds  changes  database MB  log MB  memory MB  backup s")
    while (elapsed := time.monotonic() - begun) < seconds:
        if elapsed < next_at:
            time.sleep(min(next_at, seconds) - elapsed)
            continue
        next_at = elapsed + every
        before = dict(acknowledged)
        back_up_and_restore(folder, before)
        took = time.monotonic() - begun - elapsed
        changes = sum(version for _, version in before.values())
        figures = "  ".join(f"{size / MEGABYTE:11.1f}" for size in sizes(server))
        print(f"{elapsed:7.0f}  {changes:7}  {figures}  {took:8.1f}", flush=True)


def back_up_and_restore(folder: Path, before: State) -> None:
    command("backup", folder / "backups", "--keep", "3", "--database", folder / "enrollment.db")
    newest = max((folder / "backups").glob("*.backup"))
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        restored = Path(scratch) / "restored.db"
        command("restore", newest, "--database", restored)
        command("doctor", "--database", restored)
        found = read(restored)
        late = [key for key, (_, version) in before.items() if found[key][1] < version]
        assert not late, f"not in {newest}: {late}"


def command(*arguments: str | Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "enrollment", *map(str, arguments)],
        check=True,
        stdout=subprocess.DEVNULL,
        timeout=600,
    )


def read(database: Path) -> State:
    with closing(sqlite3.connect(database)) as db:
        rows = db.execute("SELECT student_id, course_id, status, version FROM student_course")
        return {(student, course): (status, version) for student, course, status, version in rows}


def sizes(server: Server) -> Iterator[float]:
    """Of the database, of its log, and of the memory of the worker."""
    numbers = parse(server.get("/metrics").body.decode())
    for name in ("database_bytes", "wal_bytes", "process_resident_memory_bytes"):
        yield numbers.get((name,), 0)


if __name__ == "__main__":
    main()
