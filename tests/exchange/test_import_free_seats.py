"""Imports, and their undo, after which a student who waits for a free seat is eligible."""

import pytest

from enrollment.model.types import Timestamp
from enrollment.storage.database import Database
from tests.exchange.imports import import_content, one, rows, undo
from tests.exchange.small_packages import bulk, delta, place


def groups(group: str) -> bytes:
    return f"Student ID,Last name,First name,Groups\nu1,Fu1,u1,{group}\n".encode()


@pytest.mark.parametrize("is_undone", [False, True], ids=["changed", "undone"])
@pytest.mark.parametrize(
    ("closing", "opening"),
    [
        (delta(gone="k1", classes="k1"), delta(classes="k1")),
        (
            bulk(None, academicSessions={"t1": "Fall 2026,term,2026-09-01,2026-11-01,2027"}),
            bulk(None),
        ),
        (groups("LAW"), groups("MATH")),
    ],
    ids=["a class", "a term", "a student"],
)
def test_a_student_who_waits_gets_a_free_seat_when_a_changed_record_allows_it(
    database: Database, closing: bytes, opening: bytes, *, is_undone: bool
):
    import_content(database, bulk(None))
    import_content(database, groups("MATH"))
    closed, _ = import_content(database, closing)
    with database.write() as db:
        db.execute("UPDATE course SET capacity = 1, open_to = '[\"MATH\"]', version = version + 1")
        db.execute(
            "INSERT INTO student_course (student_id, course_id, status, waitlisted_at, changed_at)"
            " SELECT id, 1, 'waitlisted', :at, :at FROM student WHERE number = 'u1'",
            {"at": "2026-11-02T10:00:00.000Z"},
        )

    if is_undone:
        undo(database, closed.id)
    else:
        opened, _ = import_content(database, opening)
        assert opened.counts.enrollments.promoted == 1

    assert one(database, "SELECT status FROM student_course") == "enrolled"


def test_an_undo_that_deletes_a_class_gives_its_student_the_seat_of_another_section(
    database: Database,
):
    import_content(database, bulk(None))
    made, _ = import_content(database, delta(classes="k3", places={"e1": place("u1", "k3")}))
    with database.write() as db:
        db.execute(
            "INSERT INTO student_course (student_id, course_id, status, waitlisted_at, changed_at)"
            " SELECT id, 1, 'waitlisted', :at, :at FROM student WHERE number = 'u1'",
            {"at": "2026-11-26T10:00:00.000Z"},
        )

    undo(database, made.id, at=Timestamp("2026-11-27T10:00:00.000Z"))

    assert rows(
        database, "SELECT course_id, status FROM student_course WHERE status <> 'void'"
    ) == [(1, "enrolled")]
