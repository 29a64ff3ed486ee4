"""The floor: what the SQL alone costs, in a bare loop of Python's sqlite3 without HTTP.

python -m tests.benchmarks.contenders.floor DATABASE REQUESTS TOKEN SKIP SECONDS

It takes the same file of requests as the load generator, and prints the same figures.
"""

import hashlib
import hmac
import json
import re
import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.benchmarks.contenders import rules
from tests.benchmarks.load import PERCENTILES

TOKEN = """
SELECT id, name, role, digest FROM token
WHERE lookup = ? AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?)
"""
ENROLLMENT = """
    enrollment.student_id, enrollment.course_id, enrollment.status, enrollment.position,
    enrollment.enrolled_at, enrollment.waitlisted_at, enrollment.completed_at,
    enrollment.dropped_at, enrollment.version
"""
COURSES = f"""
SELECT {ENROLLMENT}, course.code, course.section, course.label, course.title, course.term,
    course.credits, course.instructor,
    (
        SELECT json_group_array(
            json_object('weekday', weekday, 'from', from_time, 'to', to_time, 'room', room)
        )
        FROM (
            SELECT * FROM course_meeting WHERE course_id = course.id ORDER BY weekday, from_time
        )
    ) AS meetings
FROM enrollment JOIN course ON course.id = enrollment.course_id
WHERE enrollment.student_id = ?
ORDER BY enrollment.course_id LIMIT 100
"""
ROSTER = f"""
SELECT {ENROLLMENT}, student.number, student.given_name, student.family_name, student.email
FROM enrollment JOIN student ON student.id = enrollment.student_id
WHERE enrollment.course_id = ?
ORDER BY enrollment.status, enrollment.queue_number, enrollment.student_id
LIMIT 51
"""
SEATS = "SELECT count(*) FROM student_course WHERE course_id = ? AND status = 'enrolled'"
ENROLL = """
INSERT INTO student_course (student_id, course_id, status, enrolled_at, changed_at, changed_by)
VALUES (?, ?, 'enrolled', ?, ?, ?)
RETURNING student_id, course_id, status, enrolled_at, version
"""


def main() -> None:
    database, requests, token, skip, seconds = sys.argv[1:]
    db = sqlite3.connect(database, isolation_level=None)
    for pragma in "journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON":
        db.execute(f"PRAGMA {pragma}")
    calls = [_call(line) for line in Path(requests).read_text().splitlines()]
    taken, position = [], int(skip)
    started = now = time.perf_counter()
    while now < started + float(seconds):
        query, arguments = calls[position % len(calls)]
        query(db, _authenticate(db, token), *arguments)
        position += 1
        before, now = now, time.perf_counter()
        taken.append(now - before)
    taken.sort()
    print(
        json.dumps(
            {
                "requests": len(taken),
                "errors": 0,
                "seconds": now - started,
                "percentiles": {
                    str(percent): taken[int((len(taken) - 1) * percent / 100)] * 1000
                    for percent in PERCENTILES
                },
            }
        )
    )


def _call(line: str) -> tuple[Callable[..., Any], tuple[int, ...]]:
    """The function that does what a request asks for, and its arguments."""
    method, path, body, _ = line.split("\t")
    (number,) = map(int, re.findall(r"/(\d+)/", path))
    if method == "POST":
        return _enroll, (number, json.loads(body)["course_id"])
    query = ROSTER if path.startswith("/v1/courses") else COURSES
    return lambda db, actor, number: db.execute(query, (number,)).fetchall(), (number,)


def _authenticate(db: sqlite3.Connection, text: str) -> str:
    where = (rules.lookup(text), rules.now())
    number, name, role, digest = db.execute(TOKEN, where).fetchone()
    assert hmac.compare_digest(hashlib.sha256(text.encode()).hexdigest(), digest)
    assert role in rules.WRITE_ROLES
    return f"{name} #{number}"


def _enroll(db: sqlite3.Connection, actor: str, student: int, course: int) -> None:
    now = rules.now()
    db.execute("BEGIN IMMEDIATE")
    found = db.execute("SELECT status FROM student WHERE id = ?", (student,)).fetchone()
    assert found == ("active",)
    status, capacity = db.execute(
        "SELECT status, capacity FROM course WHERE id = ?", (course,)
    ).fetchone()
    assert status == "open"
    pair = (student, course)
    present = "SELECT status FROM student_course WHERE student_id = ? AND course_id = ?"
    assert db.execute(present, pair).fetchone() is None
    assert db.execute(SEATS, (course,)).fetchone()[0] < capacity
    db.execute(ENROLL, (*pair, now, now, actor)).fetchone()
    db.execute("COMMIT")


if __name__ == "__main__":
    main()
