"""The schema against raw SQL: only the latest change is corrected, and all else follows it."""

import sqlite3

import pytest

from tests.storage.test_void import FIRST, LATER, THEN, put, waitlist

EARLIER = "2026-08-20T08:00:00.000Z"
ROWS = (
    "INSERT INTO student (family_name) VALUES ('A'), ('B'), ('C')",
    "INSERT INTO course (code, title) VALUES ('CS1', 'One'), ('CS2', 'Two')",
)


def correct(
    db: sqlite3.Connection, corrects: int, status: str, at: str | None, **fields: object
) -> None:
    """Correct the enrollment of student 1 in course 1."""
    time = {f"{status}_at": at} if status != "void" else {}
    put(
        db, 1, 1, status, LATER,
        **{"effective_at": at, "corrects": corrects, "restores": None, **time, **fields},
    )  # fmt: skip


def events(db: sqlite3.Connection) -> list[tuple[object, ...]]:
    return db.execute(
        "SELECT from_status, to_status, effective_at, corrects, restores, passed, grade"
        " FROM student_course_event ORDER BY id"
    ).fetchall()


def row(db: sqlite3.Connection) -> tuple[object, ...]:
    return db.execute(
        "SELECT status, enrolled_at, waitlisted_at, completed_at, dropped_at, passed, grade,"
        " passed_at, version FROM student_course WHERE student_id = 1 AND course_id = 1"
    ).fetchone()


def version(db: sqlite3.Connection) -> tuple[object, ...]:
    return db.execute(
        "SELECT status, enrolled_at, waitlisted_at, completed_at, dropped_at, passed, grade,"
        " passed_at, version FROM enrollment_version ORDER BY event_id DESC"
    ).fetchone()


def standing(db: sqlite3.Connection) -> list[int]:
    query = "SELECT id FROM enrollment_event WHERE superseded_by IS NULL ORDER BY id"
    return [id for (id,) in db.execute(query)]


def test_a_correction_replaces_the_latest_change(db: sqlite3.Connection):
    put(db, 1, 1, "enrolled", FIRST)
    put(db, 1, 1, "dropped", LATER)

    correct(db, 2, "dropped", THEN)
    correct(db, 3, "completed", THEN, passed=0, grade="W")

    assert events(db)[2:] == [
        ("enrolled", "dropped", THEN, 2, None, None, None),
        ("enrolled", "completed", THEN, 3, None, 0, "W"),
    ]
    assert row(db) == ("completed", FIRST, None, THEN, None, 0, "W", None, 4)
    assert version(db) == row(db)
    assert standing(db) == [1, 4]


def test_what_is_taken_back_leaves_what_held_before_it(db: sqlite3.Connection):
    put(db, 1, 1, "enrolled", FIRST)
    put(db, 1, 1, "completed", THEN, passed=1, grade="A")
    put(db, 1, 1, "enrolled", LATER)
    assert row(db) == ("enrolled", LATER, None, THEN, None, 1, "A", THEN, 3)

    correct(db, 3, "completed", THEN, restores=2, passed=1, grade="A")
    assert row(db) == ("completed", FIRST, None, THEN, None, 1, "A", THEN, 4)
    correct(db, 4, "enrolled", FIRST, restores=1)

    assert row(db) == ("enrolled", FIRST, None, None, None, None, None, None, 5)
    assert version(db) == row(db)
    assert events(db)[3:] == [
        ("enrolled", "completed", THEN, 3, 2, 1, "A"),
        (None, "enrolled", FIRST, 4, 1, None, None),
    ]
    assert standing(db) == [5]
    correct(db, 5, "enrolled", EARLIER)
    assert row(db)[1] == EARLIER


def test_taking_back_the_first_change_makes_the_enrollment_void(db: sqlite3.Connection):
    put(db, 1, 1, "enrolled", FIRST)
    put(db, 1, 1, "void", LATER)

    assert events(db)[1] == ("enrolled", "void", FIRST, 1, None, None, None)
    put(db, 1, 1, "enrolled", LATER, effective_at=EARLIER)
    assert standing(db) == [2, 3]


def test_a_void_supersedes_everything_and_goes_back_to_what_stood_first(db: sqlite3.Connection):
    put(db, 1, 1, "enrolled", THEN)
    correct(db, 1, "enrolled", FIRST)
    put(db, 1, 1, "completed", LATER)
    put(db, 1, 1, "void", LATER)

    assert events(db)[3][:5] == ("completed", "void", FIRST, 2, None)
    assert row(db) == ("void", None, None, None, None, None, None, None, 4)
    assert standing(db) == [4]


@pytest.mark.parametrize(
    ("corrects", "status", "at", "fields"),
    [
        (1, "enrolled", FIRST, {}),
        (3, "dropped", THEN, {}),
        (9, "dropped", THEN, {}),
        (2, "dropped", EARLIER, {}),
        (2, "enrolled", FIRST, {}),
        (2, "enrolled", THEN, {"restores": 1}),
        (2, "dropped", THEN, {"restores": 1}),
        (2, "enrolled", FIRST, {"restores": 2}),
        (2, "enrolled", FIRST, {"restores": 3}),
    ],
    ids=[
        "not the latest",
        "of another student",
        "no event",
        "before what held before",
        "no change",
        "another time",
        "another status",
        "restores itself",
        "restores another's",
    ],
)
def test_nothing_else_is_corrected(
    db: sqlite3.Connection, corrects: int, status: str, at: str, fields: dict[str, object]
):
    put(db, 1, 1, "enrolled", FIRST)
    put(db, 1, 1, "dropped", THEN)
    put(db, 2, 1, "enrolled", FIRST)

    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        correct(db, corrects, status, at, **fields)

    assert len(events(db)) == 3


def test_what_was_corrected_is_not_corrected_again(db: sqlite3.Connection):
    put(db, 1, 1, "enrolled", FIRST)
    put(db, 1, 1, "dropped", THEN)
    correct(db, 2, "dropped", LATER)

    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        put(db, 1, 1, "dropped", LATER, corrects=1, effective_at=THEN)
    correct(db, 3, "enrolled", FIRST, restores=1)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        correct(db, 1, "enrolled", EARLIER)


def test_what_is_void_is_not_corrected(db: sqlite3.Connection):
    put(db, 1, 1, "enrolled", FIRST)
    put(db, 1, 1, "void", THEN)

    for corrects in (1, 2):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            correct(db, corrects, "enrolled", FIRST)
    put(db, 1, 1, "enrolled", LATER)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        correct(db, 3, "enrolled", FIRST, restores=1)
    correct(db, 3, "enrolled", EARLIER)
    assert row(db)[1] == EARLIER


def test_the_first_event_corrects_nothing(db: sqlite3.Connection):
    for fields in ({"corrects": 1}, {"restores": 1}):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            put(db, 1, 1, "enrolled", FIRST, **fields)


def test_a_later_change_that_says_nothing_new_corrects_nothing(db: sqlite3.Connection):
    put(db, 1, 1, "enrolled", FIRST)
    put(db, 1, 1, "dropped", THEN)
    correct(db, 2, "dropped", THEN, change_reason="why not")

    db.execute("UPDATE student_course SET status = 'enrolled', version = version + 1")

    assert events(db)[3][3:5] == (None, None)


# Waitlists


def test_a_promotion_that_is_taken_back_gives_the_old_place_back(db: sqlite3.Connection):
    for student in (1, 2, 3):
        put(db, student, 1, "waitlisted")
    put(db, 1, 1, "enrolled", THEN)
    assert waitlist(db) == [2, 3]

    correct(db, 4, "waitlisted", FIRST, restores=1)

    assert waitlist(db) == [1, 2, 3]
    assert row(db)[:4] == ("waitlisted", None, FIRST, None)


def test_a_drop_is_taken_back_twice_to_the_same_place(db: sqlite3.Connection):
    for student in (1, 2):
        put(db, student, 1, "waitlisted")
    for drop in (3, 5):
        put(db, 1, 1, "dropped", THEN)
        assert waitlist(db) == [2]
        correct(db, drop, "waitlisted", FIRST, restores=drop - 2 if drop == 3 else 4)
        assert waitlist(db) == [1, 2]


def test_a_student_who_was_skipped_gets_the_old_place_back(db: sqlite3.Connection):
    for student in (1, 2):
        put(db, student, 1, "waitlisted")
    put(db, 1, 1, "waitlisted", changed_by="Skipped #1")
    put(db, 1, 1, "enrolled", THEN)

    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        correct(db, 4, "waitlisted", FIRST, restores=3)
    correct(db, 4, "waitlisted", FIRST, restores=1)

    assert waitlist(db) == [1, 2]
    assert standing(db) == [2, 5]


def test_a_place_follows_a_corrected_time(db: sqlite3.Connection):
    for student in (1, 2):
        put(db, student, 1, "waitlisted")

    correct(db, 1, "waitlisted", EARLIER)

    assert waitlist(db) == [1, 2]
    assert row(db)[2] == EARLIER


def test_joining_again_that_is_taken_back_gives_no_place(db: sqlite3.Connection):
    put(db, 1, 1, "waitlisted")
    put(db, 1, 1, "dropped", THEN)
    put(db, 1, 1, "waitlisted", LATER)
    assert waitlist(db) == [1]

    correct(db, 3, "dropped", THEN, restores=2)
    assert waitlist(db) == []
    correct(db, 4, "waitlisted", FIRST, restores=1)
    assert db.execute("SELECT queue_number FROM student_course").fetchall() == [(1,)]


# Outcomes


def test_an_earlier_pass_is_not_lost_by_a_later_failure(db: sqlite3.Connection):
    put(db, 1, 1, "enrolled", FIRST)
    put(db, 1, 1, "completed", FIRST, passed=1, grade="C")
    put(db, 1, 1, "enrolled", THEN)
    put(db, 1, 1, "completed", LATER, passed=0, grade="F")

    assert row(db) == ("completed", THEN, None, LATER, None, 0, "F", FIRST, 4)
    assert version(db) == row(db)


def test_who_completes_has_passed_unless_it_is_said(db: sqlite3.Connection):
    put(db, 1, 1, "enrolled", FIRST)
    put(db, 1, 1, "completed", THEN)

    assert row(db)[5:] == (1, None, THEN, 2)
    assert events(db)[1][5:] == (1, None)


def test_a_grade_that_is_changed_leaves_an_event(db: sqlite3.Connection):
    put(db, 1, 1, "enrolled", FIRST)
    put(db, 1, 1, "completed", THEN, grade="B")

    db.execute("UPDATE student_course SET grade = 'A'")

    assert events(db)[2] == ("completed", "completed", THEN, None, None, 1, "A")
    assert row(db)[5:] == (1, "A", THEN, 3)
    assert version(db) == row(db)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ("passed = 2", "outcome_makes_sense"),
        ("grade = ''", "outcome_makes_sense"),
        ("grade = '12345678901'", "outcome_makes_sense"),
        ("passed_at = 'x'", "outcome_makes_sense"),
    ],
)
def test_an_outcome_that_makes_no_sense_is_refused(db: sqlite3.Connection, change: str, match: str):
    put(db, 1, 1, "enrolled", FIRST)
    put(db, 1, 1, "completed", THEN)

    with pytest.raises(sqlite3.IntegrityError, match=match):
        db.execute(f"UPDATE student_course SET {change}")


@pytest.mark.parametrize("column", ["corrects = 1", "restores = 1", "passed = 0", "grade = 'F'"])
def test_the_history_keeps_what_it_corrects_and_the_outcome(db: sqlite3.Connection, column: str):
    put(db, 1, 1, "enrolled", FIRST)
    put(db, 1, 1, "completed", THEN)

    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        db.execute(f"UPDATE student_course_event SET {column} WHERE id = 2")
