"""Rows of lists that break rules are left out, and so are students who have no other row."""

import pytest

from enrollment.storage.database import Database
from tests.exchange.imports import import_content, one, rows


@pytest.fixture
def database(database: Database) -> Database:
    """An open course with one seat, and a closed one."""
    with database.write() as db:
        db.execute("INSERT INTO course (code, title, capacity) VALUES ('CS1', 'Databases', 1)")
        db.execute("INSERT INTO course (code, title, status) VALUES ('MA1', 'Algebra', 'closed')")
    return database


def test_a_student_whose_rows_are_all_left_out_is_not_created(database: Database):
    content = b"Number,Last name,Course\n1,A,CS1\n1,A,MA1\n2,B,CS1\n3,C,MA1\n"

    report, _ = import_content(database, content, create=True)

    assert [(fault.row, fault.code) for fault in report.faults] == [
        (3, "course_not_open"),
        (4, "course_full"),
        (5, "course_not_open"),
    ]
    assert rows(database, "SELECT number FROM student") == [("1",)]
    assert one(database, "SELECT count(*) FROM record_change WHERE subject = 'student'") == 1
    assert (report.counts.students.created, report.counts.enrollments.enrolled) == (1, 1)
