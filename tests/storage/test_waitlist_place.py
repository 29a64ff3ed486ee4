"""The schema against raw SQL: no one is moved on a waitlist without an event that says why."""

import sqlite3

import pytest

from tests.storage.test_void import FIRST, LATER, put

REFUSED = "the events give the places"
# Three students wait.
ROWS = (
    "INSERT INTO student (family_name) VALUES ('A'), ('B'), ('C'), ('D')",
    "INSERT INTO course (code, title) VALUES ('CS1', 'One'), ('CS2', 'Two')",
    "INSERT INTO student_course"
    " (student_id, course_id, status, waitlisted_at, changed_at, changed_by, change_reason)"
    f" SELECT id, 1, 'waitlisted', '{FIRST}', '{FIRST}', 'Staff #1', 'why' FROM student"
    " WHERE id < 4 ORDER BY id",
)


def move(
    db: sqlite3.Connection, student: int, number: int, fraction: str, **fields: object
) -> None:
    """Move a student as the service does it."""
    row = {"changed_at": LATER, "changed_by": "Staff #1", "change_reason": "why"} | fields
    row |= {"queue_number": number, "queue_fraction": fraction}
    db.execute(
        f"UPDATE student_course SET {', '.join(f'{name} = :{name}' for name in row)},"
        f" version = version + 1 WHERE student_id = {student}",
        row,
    )


def order(db: sqlite3.Connection) -> list[int]:
    rows = db.execute("SELECT student_id, position FROM enrollment WHERE status = 'waitlisted'")
    places = {position: student for student, position in rows}
    assert sorted(places) == [*range(1, len(places) + 1)]
    return [places[position] for position in sorted(places)]


def events(db: sqlite3.Connection) -> list[tuple[object, ...]]:
    return db.execute(
        "SELECT student_id, from_status, to_status, reason, actor, position"
        " FROM student_course_event WHERE id > 3 ORDER BY id"
    ).fetchall()


def test_a_move_leaves_an_event(db: sqlite3.Connection):
    move(db, 3, 0, "5")
    move(db, 1, 2, "5")

    assert order(db) == [3, 2, 1]
    assert events(db) == [
        (3, "waitlisted", "waitlisted", "why", "Staff #1", 1),
        (1, "waitlisted", "waitlisted", "why", "Staff #1", 3),
    ]


def test_digits_are_in_the_order_of_the_fractions(db: sqlite3.Connection):
    move(db, 3, 1, "5")
    move(db, 2, 1, "45")
    assert order(db) == [1, 2, 3]
    move(db, 2, 1, "55")
    assert order(db) == [1, 3, 2]


@pytest.mark.parametrize(
    "change",
    [
        "queue_fraction = '5'",
        "queue_number = 0, queue_fraction = '5'",
        "queue_number = 0, queue_fraction = '5', change_reason = 'why'",
        "queue_number = 0, queue_fraction = '5', change_reason = NULL, version = version + 1",
        "queue_number = 0, version = version + 1",
        "queue_number = 9, version = version + 1",
        "queue_number = 0, queue_fraction = '5', version = version + 1, status = 'dropped',"
        " dropped_at = changed_at",
    ],
    ids=[
        "no event",
        "to the front",
        "no new version",
        "no reason",
        "a number that is not its own",
        "a later number",
        "with another status",
    ],
)
def test_no_one_jumps_the_queue(db: sqlite3.Connection, change: str):
    with pytest.raises(sqlite3.IntegrityError, match=REFUSED):
        db.execute(f"UPDATE student_course SET {change} WHERE student_id = 3")

    assert order(db) == [1, 2, 3]
    assert events(db) == []


@pytest.mark.parametrize(("number", "fraction"), [(0, "x"), (0, "50"), (0, "-5"), (-1, "5")])
def test_a_place_is_a_number(db: sqlite3.Connection, number: int, fraction: str):
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
        move(db, 3, number, fraction)


def test_no_two_students_have_one_place(db: sqlite3.Connection):
    move(db, 3, 1, "5")

    with pytest.raises(sqlite3.IntegrityError, match=REFUSED):
        move(db, 2, 1, "5")
    put(db, 4, 2, "waitlisted", FIRST)
    move(db, 4, 1, "5")


def test_only_who_waits_is_moved(db: sqlite3.Connection):
    put(db, 3, 1, "enrolled", LATER)

    with pytest.raises(sqlite3.IntegrityError, match=REFUSED):
        move(db, 3, 0, "5")
    with pytest.raises(sqlite3.IntegrityError, match=REFUSED):
        db.execute(
            "INSERT INTO student_course (student_id, course_id, status, waitlisted_at, changed_at,"
            f" queue_fraction) VALUES (4, 1, 'waitlisted', '{FIRST}', '{FIRST}', '5')"
        )


@pytest.mark.parametrize(
    "fields",
    [
        {"from_status": None},
        {"to_status": "enrolled"},
        {"reason": None},
        {"position": None},
        {"queue_number": None},
        {"queue_number": 2, "queue_fraction": "5"},
    ],
    ids=str,
)
def test_an_event_moves_only_who_waits_and_says_why(
    db: sqlite3.Connection, fields: dict[str, object]
):
    move(db, 2, 2, "5")
    row: dict[str, object] = {"student_id": 3, "course_id": 1, "from_status": "waitlisted"}
    row |= {"to_status": "waitlisted", "effective_at": FIRST, "recorded_at": LATER, "reason": "why"}
    row |= {"queue_number": 0, "queue_fraction": "5", "position": 1}
    insert = f"INSERT INTO student_course_event ({', '.join(row)}) VALUES ({':' + ', :'.join(row)})"

    with pytest.raises(sqlite3.IntegrityError):
        db.execute(insert, row | fields)
    assert order(db) == [1, 2, 3]
    db.execute(insert, row)

    assert order(db) == [3, 1, 2]


def test_the_place_in_an_event_is_never_changed(db: sqlite3.Connection):
    move(db, 3, 0, "5")

    for change in ("queue_number = 1", "queue_fraction = '6'", "position = 2"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            db.execute(f"UPDATE student_course_event SET {change} WHERE id = 4")


def test_what_is_taken_back_returns_to_the_moved_place_and_no_other(db: sqlite3.Connection):
    move(db, 3, 0, "5")
    put(db, 3, 1, "enrolled", LATER, effective_at=LATER)
    assert order(db) == [1, 2]

    put(db, 3, 1, "waitlisted", LATER, effective_at=FIRST, waitlisted_at=FIRST,
        corrects=5, restores=3)  # fmt: skip

    assert order(db) == [3, 1, 2]
    assert db.execute(
        "SELECT queue_number, queue_fraction, position FROM student_course_event WHERE id = 6"
    ).fetchone() == (0, "5", None)
    row = "SELECT queue_number, queue_fraction FROM student_course WHERE student_id = 3"
    assert db.execute(row).fetchone() == (0, "5")


def test_another_change_of_who_was_moved_keeps_the_place(db: sqlite3.Connection):
    move(db, 3, 0, "5")
    db.execute("UPDATE student_course SET changed_by = 'someone' WHERE student_id = 3")

    assert order(db) == [3, 1, 2]
    assert events(db)[1:] == [(3, "waitlisted", "waitlisted", None, None, None)]


# Swaps


def test_what_a_student_gives_up_is_in_the_event(db: sqlite3.Connection):
    put(db, 4, 1, "waitlisted", FIRST, instead_of=2)
    db.execute("UPDATE student_course SET instead_of = 3 WHERE student_id = 4")
    put(db, 4, 1, "enrolled", LATER)

    query = (
        "SELECT to_status, instead_of FROM student_course_event WHERE student_id = 4 ORDER BY id"
    )
    assert db.execute(query).fetchall() == [
        ("waitlisted", 2),
        ("waitlisted", 3),
        ("enrolled", None),
    ]
    assert db.execute("SELECT instead_of FROM enrollment WHERE student_id = 4").fetchall() == [
        (None,)
    ]
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        db.execute("UPDATE student_course_event SET instead_of = 2 WHERE to_status = 'waitlisted'")


def test_no_one_gives_up_the_course_for_itself(db: sqlite3.Connection):
    with pytest.raises(sqlite3.IntegrityError, match="student_course_instead_of_another"):
        put(db, 4, 1, "waitlisted", FIRST, instead_of=1)


def test_a_swap_is_shown_while_there_is_something_to_give_up(db: sqlite3.Connection):
    put(db, 4, 2, "enrolled", FIRST)
    put(db, 4, 1, "waitlisted", FIRST, instead_of=2)
    assert db.execute("SELECT * FROM swap").fetchall() == [(4, 1, 2)]

    put(db, 4, 2, "dropped", LATER)

    assert db.execute("SELECT * FROM swap").fetchall() == []
