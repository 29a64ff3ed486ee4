"""The schema against raw SQL: what is void counts for nothing, and nothing but texts is erased."""

import sqlite3

import pytest

FIRST, THEN, LATER = (f"2026-09-0{day}T08:00:00.000Z" for day in (1, 2, 3))
ERASE = (
    "INSERT INTO erasure (student_id, erased_at, erased_by, reason)"
    f" VALUES (?, '{LATER}', 'A #1', 'asked')"
)
ROWS = (
    "INSERT INTO student (given_name, family_name)"
    " VALUES ('Ada', 'L'), ('Ben', 'M'), ('Cy', 'N'), ('Di', 'O')",
    "INSERT INTO course (code, title, capacity) VALUES ('CS1', 'One', 1), ('CS2', 'Two', 9)",
)


TIMES = {status: f"{status}_at" for status in ("enrolled", "waitlisted", "completed", "dropped")}


def put(
    db: sqlite3.Connection,
    student: int,
    course: int,
    status: str,
    at: str = FIRST,
    **fields: object,
) -> None:
    """Give an enrollment a status, as the service does it."""
    times = {TIMES[status]: at} if status in TIMES else dict.fromkeys(TIMES.values())
    row = {"status": status, "changed_at": at, "changed_by": "Staff #1", "change_reason": "why"}
    row |= {"effective_at": None, "place_of": None, **times, **fields}
    db.execute(
        f"INSERT INTO student_course (student_id, course_id, {', '.join(row)})"
        f" VALUES ({student}, {course}, {', '.join(f':{name}' for name in row)})"
        " ON CONFLICT DO UPDATE SET version = student_course.version + 1, "
        + ", ".join(f"{name} = excluded.{name}" for name in row),
        row,
    )


def events(db: sqlite3.Connection) -> list[tuple[str | None, str, str]]:
    return db.execute(
        "SELECT from_status, to_status, effective_at FROM student_course_event ORDER BY id"
    ).fetchall()


def waitlist(db: sqlite3.Connection) -> list[int]:
    query = "SELECT student_id FROM student_course WHERE queue_number > 0 ORDER BY queue_number"
    return [student for (student,) in db.execute(query)]


# Void


def test_a_void_goes_back_to_the_beginning_and_what_follows_begins_anew(db: sqlite3.Connection):
    put(db, 1, 1, "enrolled", FIRST)
    put(db, 1, 1, "dropped", THEN)
    put(db, 1, 1, "void", LATER)
    put(db, 1, 1, "enrolled", LATER, effective_at=FIRST)
    put(db, 1, 1, "void", LATER)

    assert events(db) == [
        (None, "enrolled", FIRST),
        ("enrolled", "dropped", THEN),
        ("dropped", "void", FIRST),
        ("void", "enrolled", FIRST),
        ("enrolled", "void", FIRST),
    ]
    assert db.execute("SELECT * FROM enrollment").fetchall() == []


def test_the_times_before_a_void_are_not_those_after_it(db: sqlite3.Connection):
    put(db, 1, 1, "enrolled", FIRST)
    put(db, 1, 1, "dropped", THEN)
    put(db, 1, 1, "void", LATER)
    put(db, 1, 1, "enrolled", LATER)

    columns = "status, enrolled_at, dropped_at, version"
    last = "SELECT max(id) FROM student_course_event"
    version = f"SELECT {columns} FROM enrollment_version WHERE event_id = ({last})"
    assert db.execute(version).fetchall() == [("enrolled", LATER, None, 4)]
    assert db.execute(f"SELECT {columns} FROM enrollment").fetchall() == [
        ("enrolled", LATER, None, 4)
    ]
    assert db.execute("SELECT event_id FROM enrollment_version").fetchall() == [(1,), (2,), (4,)]


def test_a_void_enrollment_has_no_time(db: sqlite3.Connection):
    put(db, 1, 1, "enrolled")

    for column in ("enrolled_at", "waitlisted_at", "completed_at", "dropped_at"):
        with pytest.raises(sqlite3.IntegrityError, match="student_course_void_has_no_time"):
            db.execute(
                "UPDATE student_course SET status = 'void', enrolled_at = NULL,"
                f" {column} = changed_at"
            )


def test_a_void_enrollment_leaves_its_seat(db: sqlite3.Connection):
    put(db, 1, 1, "enrolled")
    put(db, 1, 1, "void")

    put(db, 2, 1, "enrolled")
    with pytest.raises(sqlite3.IntegrityError, match="course_full"):
        put(db, 1, 1, "enrolled")


def test_what_never_was_cannot_be_void(db: sqlite3.Connection):
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        put(db, 1, 1, "void")


@pytest.mark.parametrize(("table", "column"), [("student", "student_id"), ("course", "course_id")])
def test_what_has_only_void_enrollments_is_deleted_and_its_events_stay(
    db: sqlite3.Connection, table: str, column: str
):
    put(db, 1, 1, "enrolled")
    put(db, 1, 1, "void")
    put(db, 2, 2, "enrolled")

    db.execute(f"DELETE FROM {table} WHERE id = 1")

    assert db.execute(f"SELECT {column} FROM student_course").fetchall() == [(2,)]
    assert len(events(db)) == 3
    with pytest.raises(sqlite3.IntegrityError, match="has enrolments is not deleted"):
        db.execute(f"DELETE FROM {table} WHERE id = 2")
    assert db.execute(f"SELECT {column} FROM student_course").fetchall() == [(2,)]


def test_only_a_void_enrollment_can_be_deleted_and_it_is_no_loss(db: sqlite3.Connection):
    put(db, 1, 1, "enrolled")
    put(db, 2, 2, "enrolled")
    put(db, 1, 1, "void")

    with pytest.raises(sqlite3.IntegrityError, match="never deleted"):
        db.execute("DELETE FROM student_course")
    db.execute("DELETE FROM student_course WHERE student_id = 1")

    put(db, 1, 1, "enrolled", LATER)
    assert events(db)[-1] == ("void", "enrolled", LATER)
    assert db.execute("SELECT version FROM student_course").fetchall() == [(3,), (1,)]


# Places on a waitlist


def test_a_place_is_taken_over_from_a_void_enrollment(db: sqlite3.Connection):
    for student in (1, 2, 3):
        put(db, student, 1, "waitlisted")
    put(db, 1, 1, "void")
    assert waitlist(db) == [2, 3]

    put(db, 4, 1, "waitlisted", place_of=1)
    assert waitlist(db) == [4, 2, 3]
    put(db, 4, 1, "waitlisted", changed_by="Skipped #1")
    assert waitlist(db) == [4, 2, 3]
    put(db, 4, 1, "void")
    put(db, 1, 1, "waitlisted", place_of=1)
    assert waitlist(db) == [1, 2, 3]


@pytest.mark.parametrize(
    ("student", "course", "status", "place"),
    [
        (4, 1, "waitlisted", 1),
        (4, 1, "waitlisted", 2),
        (4, 1, "waitlisted", 4),
        (4, 1, "waitlisted", 9),
        (4, 2, "waitlisted", 3),
        (4, 1, "enrolled", 3),
    ],
    ids=["taken", "dropped", "a void", "no event", "another course", "no waiting"],
)
def test_no_other_place_is_taken_over(
    db: sqlite3.Connection, student: int, course: int, status: str, place: int
):
    for waiting in (1, 2, 3):
        put(db, waiting, 1, "waitlisted")
    put(db, 3, 1, "void")
    put(db, 2, 1, "dropped")

    with pytest.raises(sqlite3.IntegrityError, match="the events give the places"):
        put(db, student, course, status, place_of=place)

    assert waitlist(db) == [1]


def test_a_place_is_taken_over_once(db: sqlite3.Connection):
    put(db, 1, 1, "waitlisted")
    put(db, 1, 1, "void")
    put(db, 2, 1, "waitlisted", place_of=1)

    with pytest.raises(sqlite3.IntegrityError, match="the events give the places"):
        put(db, 3, 1, "waitlisted", place_of=1)


# Erasure


@pytest.fixture
def erased(db: sqlite3.Connection) -> sqlite3.Connection:
    """Ada is erased; she dropped a course with a token of her own, which gave Ben her seat."""
    db.execute(
        "INSERT INTO token (id, name, role, student_id, lookup, digest, created_at, created_by)"
        f" VALUES (51, 'Ada''s', 'student', 1, 'a', '{'0' * 64}', '{FIRST}', 'A #9'),"
        f" (52, 'Ben''s', 'student', 2, 'b', '{'1' * 64}', '{FIRST}', 'A #9')"
    )
    put(db, 1, 1, "enrolled")
    put(db, 2, 1, "waitlisted", changed_by="Ben's #52")
    put(db, 1, 1, "dropped", THEN, changed_by="Ada's #51")
    put(db, 2, 1, "enrolled", THEN, changed_by="Ada's #51")
    blank(db)
    db.execute(ERASE, (1,))
    return db


def blank(db: sqlite3.Connection) -> None:
    db.execute(
        "UPDATE student SET given_name = NULL, family_name = 'Erased', status = 'inactive'"
        " WHERE id = 1"
    )


def test_reasons_and_own_tokens_of_an_erased_student_are_erased_without_an_event(
    erased: sqlite3.Connection,
):
    for table, reason, actor in (
        ("student_course_event", "reason", "actor"),
        ("student_course", "change_reason", "changed_by"),
    ):
        erased.execute(f"UPDATE {table} SET {reason} = NULL WHERE student_id = 1")
        erased.execute(f"UPDATE {table} SET {actor} = '#51' WHERE {actor} = 'Ada''s #51'")

    query = "SELECT student_id, actor, reason FROM student_course_event ORDER BY id"
    assert erased.execute(query).fetchall() == [
        (1, "Staff #1", None),
        (2, "Ben's #52", "why"),
        (1, "#51", None),
        (2, "#51", "why"),
    ]
    query = "SELECT student_id, changed_by, change_reason, version FROM student_course"
    assert erased.execute(query).fetchall() == [(1, "#51", None, 2), (2, "#51", "why", 2)]


@pytest.mark.parametrize(
    "change",
    [
        "reason = 'another' WHERE id = 1",
        "reason = NULL WHERE id = 2",
        "actor = NULL WHERE id = 3",
        "actor = '#52' WHERE id = 3",
        "actor = '#51' WHERE id = 1",
        "actor = '#52' WHERE id = 2",
        "reason = NULL, recorded_at = '2026-09-09T08:00:00.000Z' WHERE id = 1",
        "reason = NULL, effective_at = '2026-08-01T08:00:00.000Z' WHERE id = 1",
        "reason = NULL, from_status = 'dropped' WHERE id = 1",
        "reason = NULL, to_status = 'dropped' WHERE id = 1",
        "reason = NULL, overridden = '[\"course_full\"]' WHERE id = 1",
        "reason = NULL, place_of = 2 WHERE id = 1",
        "reason = NULL, student_id = 2 WHERE id = 1",
        "reason = NULL, course_id = 2 WHERE id = 1",
        "reason = NULL, id = 50 WHERE id = 1",
    ],
)
def test_nothing_else_in_the_history_is_changed(erased: sqlite3.Connection, change: str):
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        erased.execute(f"UPDATE student_course_event SET {change}")


@pytest.mark.parametrize(
    "change",
    [
        "change_reason = 'another' WHERE student_id = 1",
        "change_reason = NULL WHERE student_id = 2",
        "changed_by = '#52' WHERE student_id = 2",
        "changed_by = NULL WHERE student_id = 1",
        "change_reason = NULL, changed_at = '2026-09-09T08:00:00.000Z' WHERE student_id = 1",
    ],
)
def test_every_other_change_of_a_text_leaves_an_event(erased: sqlite3.Connection, change: str):
    erased.execute(f"UPDATE student_course SET {change}")

    assert len(events(erased)) == 5


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE student SET family_name = 'L' WHERE id = 1",
        "UPDATE student SET status = 'active' WHERE id = 1",
        "UPDATE erasure SET student_id = 2",
        "DELETE FROM erasure",
        ERASE.replace("INSERT", "INSERT OR REPLACE").replace("?", "1"),
    ],
    ids=["name", "status", "moved", "deleted", "replaced"],
)
def test_an_erasure_is_permanent(erased: sqlite3.Connection, statement: str):
    with pytest.raises(sqlite3.IntegrityError, match=r"permanent|before it is erased"):
        erased.execute(statement)


def test_a_student_is_blank_and_in_no_course_before_the_erasure(db: sqlite3.Connection):
    for prepare in (lambda: None, lambda: (blank(db), put(db, 1, 1, "enrolled"))):
        prepare()
        with pytest.raises(sqlite3.IntegrityError, match="before it is erased"):
            db.execute(ERASE, (1,))
    put(db, 1, 1, "dropped")
    db.execute(ERASE, (1,))


# Changes on record

BLANK = "before = iif(before IS NULL, NULL, '{}'), after = '{\"erased\":true}'"


def test_the_changes_of_an_erased_student_and_of_the_tokens_and_holds_are_erased(
    erased: sqlite3.Connection,
):
    erased.execute(
        "INSERT INTO hold (student_id, reason, placed_at, placed_by)"
        f" VALUES (1, 'fees', '{FIRST}', 'A #9')"
    )
    where = "subject = 'student' AND subject_id = 1 OR subject = 'token' AND subject_id = 51"

    erased.execute(f"UPDATE record_change SET {BLANK} WHERE {where} OR subject = 'hold'")

    query = f"SELECT before, after FROM record_change WHERE {where} OR subject = 'hold'"
    assert {*erased.execute(query)} == {(None, '{"erased":true}'), ("{}", '{"erased":true}')}


@pytest.mark.parametrize(
    "change",
    [
        f"{BLANK} WHERE subject = 'student' AND subject_id = 2",
        f"{BLANK} WHERE subject = 'token' AND subject_id = 52",
        f"{BLANK} WHERE subject = 'course' AND subject_id = 1",
        "before = '{\"status\":\"x\"}' WHERE subject = 'student' AND subject_id = 1",
        "after = NULL WHERE subject = 'student' AND subject_id = 1",
        *(
            f"{BLANK}, {column} WHERE subject = 'student' AND subject_id = 1"
            for column in (
                "actor = 'someone'",
                "recorded_at = '2026-09-09T08:00:00.000Z'",
                "version = version + 1",
                "subject = 'term'",
                "subject_id = 3",
                "id = id + 1000",
            )
        ),
    ],
)
def test_no_other_change_on_record_is_changed(erased: sqlite3.Connection, change: str):
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        erased.execute(f"UPDATE record_change SET {change}")
