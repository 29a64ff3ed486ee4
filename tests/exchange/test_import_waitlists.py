"""Imports into courses for whose seats students wait."""

import pytest

from enrollment.problems.errors import Problem
from enrollment.storage.database import Database
from tests.exchange.imports import import_content, rows

EVENTS = (
    "SELECT student_id, to_status, overridden FROM student_course_event WHERE id > 3 ORDER BY id"
)


@pytest.fixture
def database(database: Database) -> Database:
    """Student 1 has the one seat of a course, and students 2 and 3 wait for it."""
    with database.write() as db:
        db.execute("INSERT INTO course (code, title, capacity) VALUES ('CS1', 'Databases', 1)")
        db.execute(
            "INSERT INTO student (number, family_name)"
            " VALUES ('1', 'A'), ('2', 'A'), ('3', 'A'), ('4', 'A')"
        )
        for student, status in [(1, "enrolled"), (2, "waitlisted"), (3, "waitlisted")]:
            db.execute(
                f"INSERT INTO student_course (student_id, course_id, status, {status}_at,"
                f" changed_at) VALUES ({student}, 1, '{status}', :at, :at)",
                {"at": "2026-11-02T09:00:00.000Z"},
            )
    return database


def test_a_list_leaves_a_seat_that_it_frees_to_those_who_wait(database: Database):
    content = b"Number,Status\n1,dropped\n4,enrolled\n"

    with pytest.raises(Problem) as refused:
        import_content(database, content, course_id=1, errors="refuse")
    report, _ = import_content(database, content, course_id=1)

    assert [item.details["detail"] for item in refused.value.violations] == [
        "No seat of CS1 is free: 1 of 1 taken, and waitlisted students come first."
    ]
    assert report.counts.enrollments.promoted == 1
    assert rows(database, EVENTS) == [(1, "dropped", None), (2, "enrolled", None)]


def test_the_first_on_the_waitlist_has_the_seat_and_the_second_has_not(database: Database):
    report, _ = import_content(database, b"Number,Status\n1,dropped\n2,\n3,\n", course_id=1)

    assert [(fault.row, fault.code) for fault in report.faults] == [(4, "course_full")]
    assert rows(database, EVENTS) == [(1, "dropped", None), (2, "enrolled", None)]


def test_a_student_who_is_enrolled_before_those_who_wait_is_on_record(database: Database):
    content = b"Number,Status\n1,dropped\n4,enrolled\n"

    report, _ = import_content(database, content, course_id=1, rules="record")

    assert (report.set_aside, report.counts.enrollments.promoted) == ({"course_full": 1}, 0)
    assert rows(database, EVENTS) == [(1, "dropped", None), (4, "enrolled", '["course_full"]')]


def test_a_student_who_waits_and_can_not_have_the_seat_leaves_it_to_others(database: Database):
    with database.write() as db:
        db.execute("UPDATE student SET status = 'inactive', version = 2 WHERE id IN (2, 3)")

    report, _ = import_content(database, b"Number,Status\n1,dropped\n4,\n", course_id=1)

    assert (report.faults, report.counts.enrollments.enrolled) == ([], 1)


def test_a_complete_list_gives_no_seat_to_a_student_who_is_not_in_it(database: Database):
    """Else the same list would drop the student the next time."""
    with database.write() as db:
        db.execute("UPDATE course SET capacity = 2, version = version + 1")
        db.execute("UPDATE student SET status = 'inactive', version = 2 WHERE id = 2")
    import_content(database, b"Number,Email\n1,\n4,\n", course_id=1, rules="record")
    before = rows(database, EVENTS)

    for _ in range(2):
        import_content(database, b"Number,Email\n1,\n", course_id=1, replace=True, removals=1)

    assert rows(database, EVENTS) == [*before, (4, "dropped", None)]
    states = "SELECT student_id, status FROM student_course ORDER BY student_id"
    assert rows(database, states) == [
        (1, "enrolled"),
        (2, "waitlisted"),
        (3, "waitlisted"),
        (4, "dropped"),
    ]


def test_of_a_complete_list_those_who_wait_come_first(database: Database):
    content = b"Number,Email\n4,\n3,\n"

    report, _ = import_content(database, content, course_id=1, replace=True, removals=1)

    assert [(fault.row, fault.code) for fault in report.faults if fault.row] == [(2, "course_full")]
    assert rows(database, EVENTS) == [(1, "dropped", None), (3, "enrolled", None)]


def test_a_student_whom_a_complete_list_drops_gets_a_seat_elsewhere(database: Database):
    with database.write() as db:
        db.execute("INSERT INTO course (code, section, title) VALUES ('CS1', 'B', 'Databases')")
        db.execute(
            "INSERT INTO student_course (student_id, course_id, status, waitlisted_at, changed_at)"
            " VALUES (1, 2, 'waitlisted', :at, :at)",
            {"at": "2026-11-02T10:00:00.000Z"},
        )

    import_content(database, b"Number,Email\n4,\n", course_id=1, replace=True, removals=1)

    states = "SELECT course_id, student_id FROM student_course WHERE status = 'enrolled'"
    assert sorted(rows(database, states)) == [(1, 4), (2, 1)]
