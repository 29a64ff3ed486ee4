"""How the cost of requests grows with the database: `python -m tests.benchmarks scale`.

It makes a small database and a large one in a temporary directory (on the disk that TMPDIR names),
sends both the same requests in turn, through the application and without a server, and prints the
median time of each.
"""

import argparse
import os
import platform
import random
import sqlite3
import tempfile
import time
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from enrollment.app import App, make_app
from enrollment.config import Config
from enrollment.data.event import get_last_event_id
from tests.benchmarks.seed import CANDIDATES, SEATS, WAITING, Seeded, seed
from tests.support.client import Client

SMALL = (1_000, 10_000)
# By then some of the seeded terms are over, one is on, and some have not begun.
AS_OF = "?as_of=2022-11-01"
# Four operations of a round each take a candidate who has never been in their course.
MOST_ROUNDS = (CANDIDATES - SEATS - WAITING) // 4


class School:
    """One database, served. Each operation returns the seconds that its request took; further
    requests then undo it: one course stays full, with 500 who wait, and the other has a free seat.

    A dry run goes the same way but for the commit, and so without the wait for the disk.
    """

    def __init__(self, seeded: Seeded, app: App) -> None:
        self.seeded = seeded
        self.app = app
        self.client = Client(app)
        self.chance = random.Random(1)
        self.enrolled = deque(seeded.candidates[:SEATS])
        self.waiting = deque(seeded.candidates[SEATS : SEATS + WAITING])
        self.others = seeded.candidates[SEATS + WAITING :]
        self.newcomers = iter(self.chance.sample(self.others, len(self.others)))

    def join_waitlist(self, dry_run: bool = False) -> float:
        return self._come_and_go(self.seeded.full, dry_run, waitlist=True)

    def enroll(self, dry_run: bool = False) -> float:
        return self._come_and_go(self.seeded.free, dry_run)

    def be_refused(self, dry_run: bool = False) -> float:
        student = self.chance.choice(self.others)
        return self._enroll(student, self.seeded.full, dry_run, status=409)

    def drop_and_promote(self, dry_run: bool = False) -> float:
        student, course = self.enrolled[0], self.seeded.full
        seconds = self._drop(student, course, dry_run)
        if not dry_run:
            self._enroll(student, course, waitlist=True)
            self.enrolled.popleft()
            self.enrolled.append(self.waiting.popleft())
            self.waiting.append(student)
        return seconds

    def list_courses(self, query: str = "") -> float:
        student = self.chance.choice(self.others)
        return _seconds(self.client.get, f"/v1/students/{student}/courses{query}")

    def list_students(self, query: str = "") -> float:
        course = self.chance.choice(self.seeded.courses)
        return _seconds(self.client.get, f"/v1/courses/{course}/students{query}")

    def list_events(self) -> float:
        with self.app.database.read() as db:
            last = get_last_event_id(db)
        return _seconds(self.client.get, f"/v1/events?after={last - 100}")

    def check(self) -> None:
        """Those who waited were promoted in their order, and no one else has got in."""
        for status, expected in ("enrolled", sorted(self.enrolled)), ("waitlisted", self.waiting):
            path = f"/v1/courses/{self.seeded.full}/students?limit=1000&status={status}"
            found = [item["student_id"] for item in self.client.get(path).json["items"]]
            assert found == [*expected], f"{path} lists other students than it should"

    def _come_and_go(self, course: int, dry_run: bool, **fields: bool) -> float:
        student = next(self.newcomers)
        seconds = self._enroll(student, course, dry_run, **fields)
        if not dry_run:
            self._drop(student, course)
        return seconds

    def _enroll(
        self, student: int, course: int, dry_run: bool = False, status: int = 201, **fields: bool
    ) -> float:
        path = f"/v1/students/{student}/courses{'?dry_run=true' if dry_run else ''}"
        return _seconds(self.client.post_json, path, {"course_id": course} | fields, status=status)

    def _drop(self, student: int, course: int, dry_run: bool = False) -> float:
        path = f"/v1/students/{student}/courses/{course}{'?dry_run=true' if dry_run else ''}"
        return _seconds(self.client.delete, path)


WRITES: dict[str, Callable[..., float]] = {
    "join a waitlist of 500": School.join_waitlist,
    "be refused: course_full": School.be_refused,
    "drop, which promotes the first of 500": School.drop_and_promote,
    "enroll in a course with a free seat": School.enroll,
}
READS: dict[str, Callable[[School], float]] = {
    "list a student's courses": School.list_courses,
    "list a student's courses as of a day": partial(School.list_courses, query=AS_OF),
    "list a course's students": School.list_students,
    "list a course's students as of a day": partial(School.list_students, query=AS_OF),
    "list the last 100 events": School.list_events,
}
DRY_RUNS = {f"{name}, dry run": partial(write, dry_run=True) for name, write in WRITES.items()}


def measure(schools: Sequence[School], rounds: int) -> dict[str, list[float]]:
    """The median milliseconds of each operation at each school; they take turns in being first."""
    operations = WRITES | DRY_RUNS | READS
    taken = defaultdict(list)
    for turn in range(rounds):
        for name, operation in operations.items():
            for school in schools[:: -1 if turn % 2 else 1]:
                taken[name, school].append(operation(school))
    for school in schools:
        school.check()
    return {name: [median(taken[name, school]) * 1000 for school in schools] for name in operations}


def _seconds(send: Callable[..., Any], *arguments: Any, **expected: int) -> float:
    """How long a request takes; it fails unless the status is the expected one, or a success."""
    started = time.perf_counter()
    send(*arguments, **expected)
    return time.perf_counter() - started


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks scale", description=__doc__)
    parser.add_argument("--students", type=int, default=100_000, help="of the large database")
    parser.add_argument("--enrollments", type=int, default=1_000_000, help="of the large database")
    parser.add_argument("--rounds", type=int, default=100, help=f"at most {MOST_ROUNDS}")
    given = parser.parse_args(arguments)
    if given.students < CANDIDATES or not 1 <= given.rounds <= MOST_ROUNDS:
        parser.error(f"at least {CANDIDATES} students, and 1 to {MOST_ROUNDS} rounds")

    versions = f"SQLite {sqlite3.sqlite_version}, Python {platform.python_version()}"
    print(f"{versions}, {os.cpu_count()} cores, median of {given.rounds}")
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        schools = []
        for name, size in ("small", SMALL), ("large", (given.students, given.enrollments)):
            seeded = seed(Path(folder) / f"{name}.db", *size)
            rows = ", ".join(f"{table} {count:,}" for table, count in seeded.rows.items())
            print(f"{name}: {rows}, {seeded.path.stat().st_size / 1e6:,.0f} MB", flush=True)
            app = make_app(Config(database=seeded.path))
            stack.callback(app.database.close)
            schools.append(School(seeded, app))
        medians = measure(schools, given.rounds)

    width = max(map(len, medians))
    print(f"\n{'operation':{width}}  small ms  large ms  ratio")
    for operation, (small, large) in medians.items():
        print(f"{operation:{width}}  {small:8.2f}  {large:8.2f}  {large / small:5.2f}")
