"""The schema against raw SQL: with the service passed by, SQLite itself keeps the promises."""

import sqlite3
import unicodedata
from contextlib import closing, nullcontext
from pathlib import Path

import pytest

from enrollment.model.types import Timestamp
from tests.storage.test_void import waitlist

MOMENT = "2026-09-01T08:00:00.000Z"
# What is in the database before each test.
ROWS = (
    "INSERT INTO student (given_name, family_name) VALUES ('Ada', 'L'), ('Ben', 'M')",
    "INSERT INTO course (code, title, capacity) VALUES ('CS1', 'One', 1), ('CS2', 'Two', 9)",
)
FALL = (
    "INSERT INTO term (code, title, start_on, end_on)"
    " VALUES ('FALL', 'Fall', '2026-08-31', '2026-12-18')"
)


def enroll(db: sqlite3.Connection, student: int, course: int, verb: str = "INSERT") -> None:
    db.execute(
        f"{verb} INTO student_course"
        " (student_id, course_id, status, enrolled_at, changed_at, changed_by)"
        " VALUES (?, ?, 'enrolled', ?, ?, 'someone')",
        (student, course, MOMENT, MOMENT),
    )


def drop(db: sqlite3.Connection, student: int, course: int) -> None:
    db.execute(
        "UPDATE student_course SET status = 'dropped', dropped_at = ?"
        " WHERE student_id = ? AND course_id = ?",
        (MOMENT, student, course),
    )


def history(db: sqlite3.Connection) -> list[tuple[str | None, str, str | None]]:
    return db.execute(
        "SELECT from_status, to_status, actor FROM student_course_event ORDER BY id"
    ).fetchall()


def test_an_oversold_seat_is_refused(db: sqlite3.Connection):
    enroll(db, 1, 1)

    with pytest.raises(sqlite3.IntegrityError, match="course_full"):
        enroll(db, 2, 1)

    assert db.execute("SELECT count(*) FROM student_course").fetchone() == (1,)
    assert len(history(db)) == 1


def test_a_seat_is_not_oversold_by_coming_back_to_it(db: sqlite3.Connection):
    enroll(db, 1, 1)
    drop(db, 1, 1)
    enroll(db, 2, 1)

    with pytest.raises(sqlite3.IntegrityError, match="course_full"):
        db.execute("UPDATE student_course SET status = 'enrolled' WHERE student_id = 1")

    assert db.execute("SELECT status FROM student_course ORDER BY student_id").fetchall() == [
        ("dropped",),
        ("enrolled",),
    ]


def test_many_at_once_are_not_oversold(db: sqlite3.Connection):
    with pytest.raises(sqlite3.IntegrityError, match="course_full"):
        db.execute(
            "INSERT INTO student_course (student_id, course_id, status, enrolled_at, changed_at)"
            " SELECT id, 1, 'enrolled', :at, :at FROM student",
            {"at": MOMENT},
        )

    assert history(db) == []


def test_a_duplicate_is_refused(db: sqlite3.Connection):
    enroll(db, 1, 2)

    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
        enroll(db, 1, 2)


@pytest.mark.parametrize(("student", "course"), [(1, 7), (7, 1)])
def test_an_enrolment_of_what_does_not_exist_is_refused(
    db: sqlite3.Connection, student: int, course: int
):
    with pytest.raises(sqlite3.IntegrityError, match="joins a student and a course that exist"):
        enroll(db, student, course)


@pytest.mark.parametrize("table", ["student", "course"])
def test_what_has_enrolments_is_not_deleted(db: sqlite3.Connection, table: str):
    enroll(db, 1, 1)

    with pytest.raises(sqlite3.IntegrityError, match="has enrolments is not deleted"):
        db.execute(f"DELETE FROM {table} WHERE id = 1")


@pytest.mark.parametrize("table", ["student", "course"])
def test_who_and_what_can_be_enrolled_keeps_its_id(db: sqlite3.Connection, table: str):
    with pytest.raises(sqlite3.IntegrityError, match="keeps the id"):
        db.execute(f"UPDATE {table} SET id = 50 WHERE id = 1")


@pytest.mark.parametrize("verb", ["UPDATE OR REPLACE", "UPDATE OR IGNORE"])
def test_no_conflict_clause_gets_around_the_seats(db: sqlite3.Connection, verb: str):
    enroll(db, 1, 1)
    enroll(db, 2, 2)

    with pytest.raises(sqlite3.IntegrityError, match="keeps its student"):
        db.execute(f"{verb} student_course SET course_id = 1 WHERE student_id = 2")


def test_an_enrolment_is_never_deleted(db: sqlite3.Connection):
    enroll(db, 1, 1)

    with pytest.raises(sqlite3.IntegrityError, match="never deleted"):
        db.execute("DELETE FROM student_course")


@pytest.mark.parametrize("column", ["student_id", "course_id"])
def test_an_enrolment_keeps_its_student_and_course(db: sqlite3.Connection, column: str):
    enroll(db, 1, 1)

    with pytest.raises(sqlite3.IntegrityError, match="keeps its student"):
        db.execute(f"UPDATE student_course SET {column} = 2")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE student_course_event SET to_status = 'dropped'",
        "DELETE FROM student_course_event",
        "INSERT OR REPLACE INTO student_course_event (id, student_id, course_id, to_status,"
        f" effective_at, recorded_at) VALUES (1, 1, 1, 'enrolled', '{MOMENT}', '{MOMENT}')",
        "INSERT INTO student_course_event (id, student_id, course_id, to_status,"
        " effective_at, recorded_at)"
        f" VALUES (-1, 1, 1, 'enrolled', '{MOMENT}', '{MOMENT}')",
        "INSERT INTO student_course_event (id, student_id, course_id, to_status,"
        " effective_at, recorded_at)"
        f" VALUES (50, 1, 1, 'enrolled', '{MOMENT}', '{MOMENT}')",
        "INSERT INTO student_course_event (id, student_id, course_id, to_status,"
        " effective_at, recorded_at)"
        f" VALUES (9223372036854775807, 1, 1, 'enrolled', '{MOMENT}', '{MOMENT}')",
        "INSERT INTO student_course_event (student_id, course_id, to_status, effective_at,"
        f" recorded_at) VALUES (1, 1, 'completed', '{MOMENT}', '{MOMENT}')",
        "INSERT INTO student_course_event (student_id, course_id, to_status, effective_at,"
        f" recorded_at) VALUES (1, 2, 'enrolled', '{MOMENT}', '{MOMENT}')",
        "INSERT INTO student_course_event (student_id, course_id, from_status, to_status,"
        " effective_at, recorded_at) VALUES (1, 1, 'enrolled', 'enrolled',"
        " '1999-01-01T00:00:00.000Z', '1999-01-01T00:00:00.000Z')",
        "INSERT INTO student_course_event (student_id, course_id, from_status, to_status,"
        f" effective_at, recorded_at) VALUES (1, 1, 'dropped', 'enrolled', '{MOMENT}', '{MOMENT}')",
    ],
)
def test_history_is_append_only(db: sqlite3.Connection, statement: str):
    enroll(db, 1, 1)

    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        db.execute(statement)

    assert history(db) == [(None, "enrolled", "someone")]


def test_every_change_leaves_an_event_and_speaks_only_for_who_made_it(db: sqlite3.Connection):
    enroll(db, 1, 1)
    drop(db, 1, 1)
    db.execute(
        "UPDATE student_course SET status = 'enrolled', changed_by = 'other', version = version + 1"
    )

    assert history(db) == [
        (None, "enrolled", "someone"),
        ("enrolled", "dropped", None),
        ("dropped", "enrolled", "other"),
    ]
    assert version(db, 1, 1) == 3
    recorded = [
        at for (at,) in db.execute("SELECT recorded_at FROM student_course_event ORDER BY id")
    ]
    assert recorded[0] == MOMENT
    # The last one says that it was made at MOMENT too: but within an enrolment no time runs back.
    assert MOMENT < recorded[1] == recorded[2]


def version(db: sqlite3.Connection, student: int, course: int) -> int:
    query = "SELECT version FROM student_course WHERE student_id = ? AND course_id = ?"
    return db.execute(query, (student, course)).fetchone()[0]


def test_a_version_never_names_two_states(db: sqlite3.Connection):
    enroll(db, 1, 1)
    drop(db, 1, 1)
    assert version(db, 1, 1) == 2
    db.execute("UPDATE student_course SET dropped_at = '2027-01-01T00:00:00.000Z'")
    assert version(db, 1, 1) == 3
    with pytest.raises(sqlite3.IntegrityError, match="never falls"):
        db.execute("UPDATE student_course SET version = 2")

    assert len(history(db)) == 3


def test_a_reason_is_not_repeated_for_a_change_that_gives_none(db: sqlite3.Connection):
    enroll(db, 1, 1)
    db.execute("UPDATE student_course SET change_reason = 'by letter', version = version + 1")
    drop(db, 1, 1)

    reasons = db.execute("SELECT reason FROM student_course_event ORDER BY id").fetchall()
    assert reasons == [(None,), ("by letter",), (None,)]


def test_replacing_a_row_keeps_the_chain_of_the_history(db: sqlite3.Connection):
    enroll(db, 1, 1)
    drop(db, 1, 1)
    # With them, the row that is replaced counts as deleted, which is refused.
    db.execute("PRAGMA recursive_triggers = OFF")

    enroll(db, 1, 1, verb="INSERT OR REPLACE")

    assert version(db, 1, 1) == 3
    assert [(before, after) for before, after, _ in history(db)] == [
        (None, "enrolled"),
        ("enrolled", "dropped"),
        ("dropped", "enrolled"),
    ]


@pytest.mark.parametrize(
    ("column", "value", "constraint"),
    [
        ("status", "'gone'", "student_course_status_known"),
        ("status", "'completed'", "student_course_status_has_its_time"),
        ("enrolled_at", "NULL", "student_course_status_has_its_time"),
        ("enrolled_at", "'2026-09-01'", "student_course_times_are_times"),
        ("dropped_at", "'2026-02-30T00:00:00.000Z'", "student_course_times_are_times"),
        ("changed_at", "'tomorrow'", "student_course_times_are_times"),
        ("version", "0", "version of an enrolment never falls"),
    ],
)
def test_a_row_that_makes_no_sense_is_refused(
    db: sqlite3.Connection, column: str, value: str, constraint: str
):
    enroll(db, 1, 1)

    with pytest.raises(sqlite3.IntegrityError, match=constraint):
        db.execute(f"UPDATE student_course SET {column} = {value}")


@pytest.mark.parametrize(
    ("table", "column", "value", "constraint"),
    [
        ("student", "given_name", "''", "student_given_name_length"),
        ("student", "family_name", "''", "student_family_name_length"),
        ("student", "email", "'x'", "student_email_form"),
        ("student", "status", "'x'", "student_status_known"),
        ("student", "version", "0", "student_version_positive"),
        ("course", "code", "''", "course_code_length"),
        ("course", "section", "''", "course_section_length"),
        ("course", "title", "''", "course_title_length"),
        ("course", "instructor", "''", "course_instructor_length"),
        ("course", "credits", "-1", "course_credits_range"),
        ("course", "capacity", "-1", "course_capacity_range"),
        ("course", "waitlist_capacity", "-1", "course_waitlist_capacity_range"),
        ("course", "enroll_from", "'x'", "course_enroll_from_is_time"),
        ("course", "enroll_until", "'2026-09-01T08:00:00Z'", "course_enroll_until_is_time"),
        ("course", "drop_until", "'x'", "course_drop_until_is_time"),
        ("course", "open_to", "'x'", "course_open_to_is_list"),
        ("course", "counts_as", """'["A","a"]'""", "each code once"),
        ("course", "early_access", "'[]'", "course_early_access_is_object"),
        ("student", "groups", "'{}'", "student_groups_is_list"),
        ("student", "groups", """'["A","a"]'""", "each code once"),
        ("student", "groups", """'["A", "B"]'""", "without white space"),
        ("student", "groups", "'[1]'", "each code once"),
        ("student", "groups", """'["A",["B"]]'""", "each code once"),
        ("student", "groups", """'["a\\"b"]'""", "each code once"),
        ("student", "groups", """'[""]'""", "each code once"),
        ("course", "open_to", f"""'["{"x" * 33}"]'""", "each code once"),
        ("course", "early_access", """'{"A":"2026-09-01"}'""", "a time for each code"),
        ("course", "early_access", """'{"A":null}'""", "a time for each code"),
        ("course", "status", "'x'", "course_status_known"),
        ("course", "promotion", "'x'", "course_promotion_known"),
        ("course", "repeatable", "2", "course_repeatable_is_yes_or_no"),
        ("course", "version", "0", "course_version_positive"),
        ("term", "code", "''", "term_code_length"),
        ("term", "title", "''", "term_title_length"),
        ("term", "start_on", "'2026-02-30'", "term_start_on_is_date"),
        ("term", "start_on", "'2027-01-01'", "term_ends_after_start"),
        ("term", "end_on", "'x'", "term_end_on_is_date"),
        ("term", "enroll_from", "'x'", "term_enroll_from_is_time"),
        ("term", "enroll_until", "'2026-09-01T08:00:00Z'", "term_enroll_until_is_time"),
        ("term", "drop_until", "'2026-10-01'", "term_drop_until_is_time"),
        ("term", "max_credits", "-1", "term_max_credits_range"),
        ("term", "version", "0", "term_version_positive"),
    ],
)
def test_a_record_that_makes_no_sense_is_refused(
    db: sqlite3.Connection, table: str, column: str, value: str, constraint: str
):
    db.execute(FALL)

    with pytest.raises(sqlite3.IntegrityError, match=constraint):
        db.execute(f"UPDATE {table} SET {column} = {value} WHERE id = 1")


def test_a_number_that_is_no_number_is_refused(db: sqlite3.Connection):
    with pytest.raises(sqlite3.IntegrityError, match="cannot store TEXT"):
        db.execute("UPDATE course SET capacity = 'many'")


@pytest.mark.parametrize(
    ("one", "other", "is_refused"),
    [
        (("CS9", None, None), ("cs9", None, None), True),
        (("CS9", "A", None), ("CS9", "a", None), True),
        (("CS9", None, "FALL"), ("cs9", None, "fall"), True),
        (("CS9", "A", "FALL"), ("CS9", "a", "FALL"), True),
        (("CS9", None, None), ("CS9", "A", None), False),
        (("CS9", "A", None), ("CS9", "B", None), False),
        (("CS9", "A", "FALL"), ("CS9", "A", None), False),
        (("CS9", None, "FALL"), ("CS9", "A", "FALL"), False),
        # Both are shown as CS9-A-B, and are different courses.
        (("CS9", "A-B", "FALL"), ("CS9-A", "B", "FALL"), False),
    ],
)
def test_a_section_is_unique_with_its_term_and_code(
    db: sqlite3.Connection, one: tuple[str], other: tuple[str], is_refused: bool
):
    db.execute(FALL)
    insert = "INSERT INTO course (code, section, term, title) VALUES (?, ?, ?, 'T')"
    db.execute(insert, one)

    with pytest.raises(sqlite3.IntegrityError, match="UNIQUE") if is_refused else nullcontext():
        db.execute(insert, other)


def test_the_label_is_the_code_with_the_section(db: sqlite3.Connection):
    db.execute("UPDATE course SET section = '02' WHERE id = 2")

    assert db.execute("SELECT label FROM course").fetchall() == [("CS1",), ("CS2-02",)]
    with pytest.raises(sqlite3.OperationalError, match="generated column"):
        db.execute("UPDATE course SET label = 'CS3'")


@pytest.mark.parametrize("table", ["course", "term"])
def test_a_change_is_dated_even_if_the_statement_does_not_say_so(
    db: sqlite3.Connection, table: str
):
    db.execute(FALL)

    def change(assignments: str) -> str:
        db.execute(f"UPDATE {table} SET {assignments} WHERE id = 1")
        ((updated_at,),) = db.execute(f"SELECT updated_at FROM {table} WHERE id = 1")
        return updated_at

    # A time that is given is kept, and never falls.
    assert change("updated_at = '2000-01-01T00:00:00.000Z'") >= MOMENT
    before = Timestamp.now()
    assert before <= change("title = 'New'") <= Timestamp.now()
    future = change("updated_at = '2999-01-01T00:00:00.000Z'")
    assert future == "2999-01-01T00:00:00.000Z"
    assert change("title = 'Newer'") == future
    with pytest.raises(sqlite3.IntegrityError, match=f"{table}_updated_at_is_time"):
        change("updated_at = 'x'")


def test_a_course_is_dated_when_its_term_gets_another_code(db: sqlite3.Connection):
    db.execute(FALL)
    db.execute("PRAGMA foreign_keys = ON")
    old = "2001-01-01T00:00:00.000Z"
    db.execute(
        "INSERT INTO course (code, title, term, updated_at) VALUES ('CS3', 'T', 'FALL', ?)", (old,)
    )

    db.execute("UPDATE term SET code = 'AUTUMN'")

    query = "SELECT version, updated_at > ? FROM course WHERE code = 'CS3'"
    assert db.execute(query, (old,)).fetchall() == [(2, 1)]


def test_an_enrolment_window_runs_forward(db: sqlite3.Connection):
    with pytest.raises(sqlite3.IntegrityError, match="course_enroll_window_runs_forward"):
        db.execute("UPDATE course SET enroll_from = :at, enroll_until = :at", {"at": MOMENT})


# Waitlists


def wait(db: sqlite3.Connection, student: int, course: int) -> None:
    db.execute(
        "INSERT INTO student_course (student_id, course_id, status, waitlisted_at, changed_at)"
        " VALUES (?, ?, 'waitlisted', ?, ?)",
        (student, course, MOMENT, MOMENT),
    )


def test_the_events_give_the_places_in_a_waitlist(db: sqlite3.Connection):
    wait(db, 2, 2)
    wait(db, 1, 2)
    assert waitlist(db) == [2, 1]
    db.execute("UPDATE student_course SET changed_by = 'someone' WHERE student_id = 2")
    assert waitlist(db) == [2, 1]
    drop(db, 2, 2)
    assert waitlist(db) == [1]
    db.execute("UPDATE student_course SET status = 'waitlisted' WHERE student_id = 2")
    assert waitlist(db) == [1, 2]


@pytest.mark.parametrize("number", [0, 1, 2, 99])
def test_the_queue_is_not_jumped(db: sqlite3.Connection, number: int):
    wait(db, 2, 2)
    wait(db, 1, 2)

    for statement in (
        f"UPDATE student_course SET queue_number = {number} WHERE student_id = {1 + (number == 2)}",
        "INSERT INTO student_course"
        " (student_id, course_id, status, waitlisted_at, changed_at, queue_number)"
        f" VALUES (1, 1, 'waitlisted', '{MOMENT}', '{MOMENT}', {number or 3})",
    ):
        with pytest.raises(sqlite3.IntegrityError, match="the events give the places"):
            db.execute(statement)

    assert waitlist(db) == [2, 1]


def test_a_place_on_a_waitlist_is_not_given_twice(db: sqlite3.Connection):
    db.execute("UPDATE course SET waitlist_capacity = 1")
    wait(db, 1, 2)

    with pytest.raises(sqlite3.IntegrityError, match="waitlist_full"):
        wait(db, 2, 2)
    enroll(db, 2, 2)
    with pytest.raises(sqlite3.IntegrityError, match="waitlist_full"):
        db.execute(
            "UPDATE student_course SET status = 'waitlisted', waitlisted_at = ?"
            " WHERE student_id = 2",
            (MOMENT,),
        )


# Times


def times(db: sqlite3.Connection) -> list[tuple[str, str]]:
    query = "SELECT effective_at, recorded_at FROM student_course_event ORDER BY id"
    return db.execute(query).fetchall()


def test_what_is_said_to_be_true_since_is_kept_with_when_it_was_said(db: sqlite3.Connection):
    enroll(db, 1, 1)
    db.execute(
        "UPDATE student_course SET status = 'dropped', dropped_at = changed_at,"
        " changed_at = '2026-09-03T08:00:00.000Z', effective_at = '2026-09-02T08:00:00.000Z',"
        " version = version + 1"
    )

    assert times(db) == [
        (MOMENT, MOMENT),
        ("2026-09-02T08:00:00.000Z", "2026-09-03T08:00:00.000Z"),
    ]


@pytest.mark.parametrize(
    ("effective_at", "match"),
    [
        ("2026-08-31T08:00:00.000Z", "append-only"),
        ("2026-09-04T08:00:00.000Z", "effective_at_is_time"),
        ("yesterday", "effective_at_is_time"),
    ],
    ids=["before the last", "after it is recorded", "no time"],
)
def test_a_change_is_true_between_the_last_and_its_record(
    db: sqlite3.Connection, effective_at: str, match: str
):
    enroll(db, 1, 1)

    with pytest.raises(sqlite3.IntegrityError, match=match):
        db.execute(
            "UPDATE student_course SET changed_at = '2026-09-03T08:00:00.000Z', effective_at = ?,"
            " version = version + 1",
            (effective_at,),
        )


def test_a_clock_that_is_set_back_does_not_turn_the_history_round(db: sqlite3.Connection):
    enroll(db, 1, 1)
    db.execute(
        "UPDATE student_course SET status = 'dropped', dropped_at = :at, changed_at = :at,"
        " version = version + 1",
        {"at": "2026-08-01T08:00:00.000Z"},
    )

    assert times(db) == [(MOMENT, MOMENT)] * 2


def names_of(db: sqlite3.Connection) -> list[tuple[str, str]]:
    return db.execute("SELECT family_sort, given_sort FROM student ORDER BY id").fetchall()


def test_names_are_sorted_by_what_they_are_however_they_are_written(db: sqlite3.Connection):
    db.execute(
        "INSERT INTO student (family_name, given_name, family_sort, given_sort)"
        " VALUES ('Øre', NULL, 'aaa', 'aaa')"
    )
    db.execute("UPDATE student SET family_name = 'Straße' WHERE id = 1")
    db.execute("UPDATE student SET family_sort = 'zzz', given_sort = 'zzz' WHERE id = 2")

    assert names_of(db) == [("strasse", "ada"), ("m", "ben"), ("ore", "")]

    db.execute("UPDATE student SET family_name = 'ÉVA', given_name = 'Žofia' WHERE id = 1")
    db.execute("UPDATE OR REPLACE student SET given_name = upper(family_name) WHERE id = 2")
    assert names_of(db) == [("eva", "zofia"), ("m", "m"), ("ore", "")]


def test_each_letter_has_one_base_that_stands_for_itself(db: sqlite3.Connection):
    rows = dict(db.execute("SELECT letter, base FROM letter"))

    assert all(len(letter) == 1 for letter in rows)
    bases = {character for base in rows.values() for character in base}
    assert bases & rows.keys() == set()
    for number in range(0x250):
        letter = chr(number)
        plain = unicodedata.normalize("NFD", letter)[0].lower()
        if unicodedata.category(letter) in ("Lu", "Ll") and plain.isascii():
            assert rows.get(letter, letter) == plain


@pytest.mark.parametrize(
    "change",
    [
        "number = '7'",
        "given_name = NULL",
        "family_name = 'x'",
        "email = 'a@b'",
        "status = 'inactive'",
        "max_credits = 1",
        "updated_at = '2020-01-01T00:00:00.000Z'",
    ],
)
def test_a_change_of_a_student_is_dated(db: sqlite3.Connection, change: str):
    long_ago, query = "2026-01-01T00:00:00.000Z", "SELECT updated_at FROM student ORDER BY id"
    db.execute(
        "INSERT INTO student (family_name, updated_at) VALUES ('X', ?), ('Y', ?)", [long_ago] * 2
    )

    db.execute(f"UPDATE student SET {change} WHERE id = 3")

    times = [at for (at,) in db.execute(query)]
    assert times[3] == long_ago < times[2] <= Timestamp.now()


@pytest.mark.parametrize("number", ["", "1 2", "ü", "x" * 33, "a\tb", "\x7f"])
def test_what_is_no_student_number_is_not_stored(db: sqlite3.Connection, number: str):
    with pytest.raises(sqlite3.IntegrityError, match="student_number_form"):
        db.execute("UPDATE student SET number = ? WHERE id = 1", [number])


def test_a_student_number_is_unique_whatever_its_case(db: sqlite3.Connection):
    db.execute("UPDATE student SET number = 'A1' WHERE id = 1")

    with pytest.raises(sqlite3.IntegrityError, match=r"student\.number"):
        db.execute("UPDATE student SET number = 'a1' WHERE id = 2")


def words(db: sqlite3.Connection, kind: str) -> dict[int, set[str]]:
    """The stored words of each student or course, which are those of its present fields."""
    select = f"SELECT word, {kind}_id FROM {kind}_{{}} ORDER BY 1, 2"
    stored = db.execute(select.format("word")).fetchall()
    assert stored == db.execute(select.format("search")).fetchall()
    return {id: {word for word, owner in stored if owner == id} for _, id in stored}


def test_a_student_is_found_by_the_present_words_however_they_are_written(db: sqlite3.Connection):
    db.execute("INSERT INTO student (family_name, number) VALUES ('''', 'X-1')")
    assert words(db, "student") == {1: {"ada", "l"}, 2: {"ben", "m"}, 3: {"x", "1"}}

    db.execute("UPDATE student SET number = 'N1', email = 'ÉVA@ä.b' WHERE id = 1")
    db.execute("UPDATE student SET given_name = 'Ann-Lou', version = version + 1 WHERE id = 2")
    db.execute("UPDATE student SET number = NULL WHERE id = 3")
    assert words(db, "student") == {
        1: {"ada", "l", "n1", "eva", "a", "b"},
        2: {"ann", "lou", "m"},
    }

    db.execute(
        "UPDATE student SET family_name = 'O''Neil', given_name = NULL, number = NULL, email = NULL"
        " WHERE id = 1"
    )
    db.execute("DELETE FROM student WHERE id = 2")
    assert words(db, "student") == {1: {"oneil", "o", "neil"}}


def test_a_course_is_found_by_the_present_words_however_they_are_written(db: sqlite3.Connection):
    assert words(db, "course") == {1: {"cs1", "one"}, 2: {"cs2", "two"}}

    db.execute("UPDATE course SET section = '0-1', instructor = 'Dr. Č' WHERE id = 1")
    db.execute("UPDATE course SET title = 'Œuvre', code = 'X' WHERE id = 2")
    assert words(db, "course") == {1: {"cs1", "0", "1", "one", "dr", "c"}, 2: {"x", "oeuvre"}}

    db.execute(
        "UPDATE course SET code = 'Y', title = 'Z', section = NULL, instructor = NULL WHERE id = 1"
    )
    db.execute("DELETE FROM course WHERE id = 2")
    assert words(db, "course") == {1: {"y", "z"}}


def test_odd_characters_in_a_name_do_not_break_the_search(db: sqlite3.Connection):
    name = "".join(map(chr, [*range(1, 0x300), 0x2028, 0x2029, 0xFFFE, 0xFFFF, 0x10FFFF]))
    for start in range(0, len(name), 100):
        db.execute("INSERT INTO student (family_name) VALUES (?)", [name[start : start + 100]])

    assert {*words(db, "student")} >= {1, 2, 3, 4}


@pytest.mark.parametrize("trusted", ["ON", "OFF"])
def test_the_shell_of_sqlite_can_write_what_is_searched(database_file: Path, trusted: str):
    """The shell does not trust the schema, which forbids some functions and tables in triggers."""
    with closing(sqlite3.connect(database_file)) as db, db:
        db.execute(f"PRAGMA trusted_schema = {trusted}")
        db.execute("INSERT INTO student (family_name) VALUES ('Özil')")
        db.execute("UPDATE student SET family_name = 'Ärö'")
        db.execute("INSERT INTO course (code, title) VALUES ('C', 'Ä')")

        assert words(db, "student") == {1: {"aro"}}
        assert words(db, "course") == {1: {"c", "a"}}


def test_the_codes_of_a_course_follow_it(db: sqlite3.Connection):
    def codes(id: int) -> list[str]:
        query = "SELECT code FROM course_code WHERE course_id = ? ORDER BY code"
        return [code for (code,) in db.execute(query, (id,))]

    insert = "INSERT INTO course (code, title, counts_as) VALUES ('N1', 'New', ?) RETURNING id"
    (id,) = db.execute(insert, ('["O1","n1"]',)).fetchone()
    assert codes(id) == ["N1", "O1"]
    db.execute("UPDATE course SET code = 'N2' WHERE id = ?", (id,))
    assert codes(id) == ["n1", "N2", "O1"]
    db.execute("UPDATE course SET counts_as = '[]' WHERE id = ?", (id,))
    assert codes(id) == ["N2"]
    db.execute("DELETE FROM course WHERE id = ?", (id,))
    assert codes(id) == []


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ("1, 'prerequisite'", None),
        ("-1, 'prerequisite'", "course_requirement_choice_range"),
        ("21, 'prerequisite'", "course_requirement_choice_range"),
        ("1, 'corequisite'", "course_requirement_choice_is_of_prerequisites"),
    ],
)
def test_only_prerequisites_have_alternatives(
    db: sqlite3.Connection, values: str, constraint: str | None
):
    insert = "INSERT INTO course_requirement (course_id, choice, kind, code) VALUES"
    for choice in ("0, 'concurrent'", "2, 'concurrent'"):
        db.execute(f"{insert} (1, {choice}, 'M1')")

    if constraint is None:
        db.execute(f"{insert} (1, {values}, 'M1')")
        with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
            db.execute(f"{insert} (1, {values}, 'm1')")
    else:
        with pytest.raises(sqlite3.IntegrityError, match=constraint):
            db.execute(f"{insert} (1, {values}, 'M1')")
