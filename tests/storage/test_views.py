"""The views: each agrees with the tables that it is made from."""

import sqlite3
from pathlib import Path

import pytest

from enrollment.storage.connection import Connection
from enrollment.storage.database import Database
from tests.support.client import Client


@pytest.fixture
def db(client: Client, database: Database) -> Connection:
    """A course with a waitlist, and enrollments that came, went and came back."""
    course, other = client.course(capacity=2, waitlist_capacity=9), client.course()
    students = [client.student() for _ in range(5)]
    for student in students:
        client.enroll(student, course, **({"waitlist": True} if student > 2 else {}))
        client.enroll(student, other)
    client.put_status(students[0], other, "completed")
    client.put_status(students[1], other, "dropped")
    client.enroll(students[1], other)
    client.put_status(students[3], course, "dropped")
    client.put_status(students[0], course, "dropped")
    with database.read() as db:
        return db


def test_an_enrollment_is_its_row_and_its_position(db: Connection):
    query = "SELECT student_id, position FROM enrollment WHERE course_id = 1 AND status = :status"

    assert [tuple(row) for row in db.execute(query, {"status": "waitlisted"})] == [(5, 1)]
    assert {row["position"] for row in db.execute(query, {"status": "enrolled"})} == {None}
    columns = "student_id, course_id, status, enrolled_at, waitlisted_at, completed_at, dropped_at"
    rows = [
        list(map(tuple, db.execute(f"SELECT {columns}, version FROM {table} ORDER BY 1, 2")))
        for table in ("enrollment", "student_course")
    ]
    assert rows[0] == rows[1]


def test_the_last_version_of_an_enrollment_is_the_enrollment(db: Connection):
    columns = "student_id, course_id, status, enrolled_at, waitlisted_at, completed_at, dropped_at"
    last = "SELECT max(id) FROM student_course_event GROUP BY student_id, course_id"
    where = f"WHERE event_id IN ({last})"
    versions = db.execute(
        f"SELECT {columns}, version FROM enrollment_version {where} ORDER BY 1, 2"
    )

    rows = db.execute(f"SELECT {columns}, version FROM student_course ORDER BY 1, 2")
    assert list(map(tuple, versions)) == list(map(tuple, rows))


def test_each_event_makes_a_version(db: Connection):
    query = (
        "SELECT version, status, dropped_at IS NULL FROM enrollment_version"
        " WHERE student_id = 2 AND course_id = 2 ORDER BY event_id"
    )

    assert list(map(tuple, db.execute(query))) == [
        (1, "enrolled", 1),
        (2, "dropped", 0),
        (3, "enrolled", 0),
    ]


def test_the_seats_of_a_course_are_counted(db: Connection):
    query = "SELECT course_id, capacity, enrolled, waitlisted FROM course_seat ORDER BY course_id"

    assert list(map(tuple, db.execute(query))) == [(1, 2, 2, 1), (2, None, 4, 0)]


def test_the_views_can_be_read_by_other_tools(client: Client, database_file: Path):
    """A tool that opens the file with other settings reads the same."""
    client.enroll(client.student(), client.course())
    db = sqlite3.connect(database_file)
    for trusted in ("ON", "OFF"):
        db.execute(f"PRAGMA trusted_schema = {trusted}")
        for view in ("enrollment", "enrollment_version", "course_seat"):
            assert len(db.execute(f"SELECT * FROM {view}").fetchall()) == 1
    db.close()
