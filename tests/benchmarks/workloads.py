"""What is asked of the contenders: each workload is a list of requests, the same for everyone."""

import json
import random
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import quote

from tests.benchmarks.load import Request
from tests.benchmarks.running import READ_PATH, Running
from tests.benchmarks.school import School

# Reads begin anew after so many; no one answers more writes, or more of all, in a second.
READS = 5_000
MOST_WRITES = 10_000
MOST_REQUESTS = 30_000
# Who comes after the other is somewhere else in the database.
APART = 7919
# How many students can be changed in one request.
BULK = 10_000


class Workload(NamedTuple):
    """`requests` makes them for a school, one contender that runs, and so many seconds; every
    answer to one of them adds at least `rows` to the history."""

    name: str
    words: str
    requests: Callable[[School, Running, int], list[Request]]
    rows: float = 0


def read(school: School, running: Running, seconds: int) -> list[Request]:
    return [Request("GET", READ_PATH.format(student)) for student in _some(school.students)]


def roster(school: School, running: Running, seconds: int) -> list[Request]:
    courses = _some(school.courses)
    return [Request("GET", f"/v1/courses/{course}/students?limit=50") for course in courses]


def deep(school: School, running: Running, seconds: int) -> list[Request]:
    """The pages in the middle of the list are where a client comes to that follows it."""
    pages, cursor = [], ""
    for _ in range(school.students // 2000):
        page = running.request("GET", f"/v1/students?limit=1000{cursor}").json
        cursor = f"&cursor={quote(page['next'])}"
        pages.append(Request("GET", f"/v1/students?limit=100{cursor}"))
    return pages[len(pages) // 2 :] or [Request("GET", "/v1/students?limit=100")]


def conditional(school: School, running: Running, seconds: int) -> list[Request]:
    paths = [f"/v1/students/{student}/courses" for student in _some(school.students)[:500]]
    tagged = [Request("GET", path, tag=running.request("GET", path).tag) for path in paths]
    status = running.request("GET", tagged[0].path, tag=tagged[0].tag).status
    if status != 304:
        raise RuntimeError(f"{running.contender.name} answers {status} to what it has tagged")
    return tagged


def enroll(school: School, running: Running, seconds: int) -> list[Request]:
    return _enrollments(school, school.open, seconds * MOST_WRITES)


def enroll_ten(school: School, running: Running, seconds: int) -> list[Request]:
    return _enrollments(school, school.open[:10], seconds * MOST_WRITES)


def mixed(school: School, running: Running, seconds: int) -> list[Request]:
    """Nine reads, then an enrollment."""
    reads, requests = read(school, running, seconds), []
    writes = _enrollments(school, school.open, seconds * MOST_REQUESTS // 10)
    for number, write in enumerate(writes):
        requests += [reads[(number * 9 + i) % len(reads)] for i in range(9)] + [write]
    return requests


def enroll_ruled(school: School, running: Running, seconds: int) -> list[Request]:
    return _enrollments(school, school.ruled, seconds * MOST_WRITES, school.candidates)


def whole_set(school: School, running: Running, seconds: int) -> list[Request]:
    """Three courses, which are other ones each time that a student's turn comes."""
    requests, count = [], len(school.open)
    for number in range(seconds * MOST_WRITES // 3):
        lap, place = divmod(number, school.students)
        student = place * APART % school.students
        first = student * 3 + lap * 7
        courses = [{"course_id": school.open[(first + i) % count]} for i in range(3)]
        path = f"/v1/students/{student + 1}/courses"
        requests.append(Request("PUT", path, json.dumps({"courses": courses})))
    return requests


def _enrollments(
    school: School, courses: range, count: int, students: range | None = None
) -> list[Request]:
    """Each student once, then each again with the next course: no pair comes twice."""
    students = students or range(1, school.students + 1)
    requests = []
    for number in range(min(count, len(students) * len(courses))):
        lap, place = divmod(number, len(students))
        student = place * APART % len(students)
        course = courses[(student + lap) % len(courses)]
        path = f"/v1/students/{students[student]}/courses"
        requests.append(Request("POST", path, json.dumps({"course_id": course})))
    return requests


def _some(most: int) -> list[int]:
    """Ids up to this one, always the same."""
    chance = random.Random(1)
    return [chance.randint(1, most) for _ in range(READS)]


WORKLOADS = {
    workload.name: workload
    for workload in (
        Workload("read", "read a student's courses", read),
        Workload("read-large", "read, in the larger school", read),
        Workload("roster", "read a page of a roster", roster),
        Workload("deep", "read a page in the middle of all students", deep),
        Workload("conditional", "ask for what is known already: 304", conditional),
        Workload("enroll", "enroll, spread over all courses", enroll, rows=1),
        Workload("enroll-large", "enroll, in the larger school", enroll, rows=1),
        Workload("enroll-ten", "enroll, everyone in the same ten courses", enroll_ten, rows=1),
        Workload("enroll-ruled", "enroll, with every kind of rule in use", enroll_ruled, rows=1),
        Workload("mixed", "nine reads to an enrollment", mixed, rows=0.1),
        Workload("set", "replace a student's whole set", whole_set, rows=3),
        Workload("slow-fsync", "enroll, each fsync 5 ms slower", enroll, rows=1),
        Workload("stalled", "read while 200 clients send a byte a second", read),
        Workload("browse", "read while 8 students list eligible courses", read),
        Workload("bulk", "read while bulks of 10,000 are enrolled", read),
        Workload("start", "start, and rest", read),
        Workload("page", "the page of a student, for one registrar", read),
        Workload("import", "bring in a list of 10,000 students", read),
        Workload("memory", "nine reads to an enrollment, and the memory", mixed),
    )
}
