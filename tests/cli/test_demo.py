"""The command `enrollment demo`: what is in the college that it makes."""

import sqlite3
import unicodedata
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from enrollment.cli.main import main

Captured = pytest.CaptureFixture[str]
Rows = list[tuple[object, ...]]


def make(file: Path, students: int, seed: int = 1) -> None:
    arguments = ["--students", str(students), "--seed", str(seed), "--database", str(file)]
    assert main(["demo", *arguments]) == 0


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A college of 300 students. Tests only read it."""
    file = tmp_path_factory.mktemp("demo") / "college.db"
    make(file, 300)
    return file


@pytest.fixture
def db(file: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(file)) as db:
        yield db


def test_demo_fills_an_empty_database_once(tmp_path: Path, capsys: Captured):
    file = tmp_path / "college.db"
    make(file, 30)
    assert capsys.readouterr().out.endswith(
        "college.db now has 30 students, 3 terms, 61 courses, 320 enrollments\n"
    )

    assert main(["demo", "--database", str(file)]) == 1
    assert capsys.readouterr().err == (
        "enrollment: the database already has students; demo fills only an empty one\n"
    )


def test_demo_says_how_many_rows_there_are(tmp_path: Path, capsys: Captured):
    make(tmp_path / "college.db", 1)

    with closing(sqlite3.connect(tmp_path / "college.db")) as db:
        tables = ("student", "term", "course", "student_course")
        count = [db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables]
    told = "1 student, {1} terms, {2} courses, {3} enrollments\n".format(*count)
    assert capsys.readouterr().out.endswith(f" now has {told}")


def test_demo_is_the_same_for_the_same_seed(tmp_path: Path):
    def content(name: str, seed: int) -> Rows:
        make(tmp_path / name, 20, seed)
        with closing(sqlite3.connect(tmp_path / name)) as db:
            tables = "student", "course", "hold", "student_course_event", "record_change"
            return [row for table in tables for row in db.execute(f"SELECT * FROM {table}")]

    first = content("1.db", 1)
    assert content("2.db", 1) == first
    assert content("3.db", 2) != first


def test_one_term_has_grades_one_waits_for_them_and_one_is_present(db: sqlite3.Connection):
    found = db.execute(
        """
        SELECT DISTINCT term, enrollment.status
        FROM enrollment JOIN course ON course.id = enrollment.course_id
        """
    )

    assert set(found) == {
        ("2025-FALL", "completed"),
        ("2025-FALL", "dropped"),
        ("2026-SPRING", "enrolled"),
        ("2026-SPRING", "dropped"),
        ("2026-FALL", "enrolled"),
        ("2026-FALL", "dropped"),
        ("2026-FALL", "waitlisted"),
    }


def test_courses_have_sections_instructors_and_prerequisites(db: sqlite3.Connection):
    sections = dict(
        db.execute("SELECT code, count(*) FROM course WHERE term = '2025-FALL' GROUP BY 1")
    )
    assert set(sections.values()) == {2}
    assert db.execute("SELECT count(*) FROM course WHERE instructor IS NULL").fetchone() == (0,)
    assert db.execute(
        """
        SELECT DISTINCT course.code, course_requirement.code, kind
        FROM course JOIN course_requirement ON course_requirement.course_id = course.id
        WHERE course.code LIKE 'MAT%'
        ORDER BY course.code
        """
    ).fetchall() == [("MAT201", "MAT101", "prerequisite"), ("MAT301", "MAT201", "prerequisite")]


def test_no_room_and_no_instructor_is_needed_twice_at_a_time(db: sqlite3.Connection):
    def clashing(what: str) -> int:
        """Count the pairs of meetings at the same time that have this in common."""
        query = f"""
            SELECT count(*)
            FROM course
            JOIN course_meeting AS meeting ON meeting.course_id = course.id
            JOIN course AS other ON other.term = course.term AND other.id > course.id
            JOIN course_meeting AS second
                ON second.course_id = other.id
                AND second.weekday = meeting.weekday
                AND second.from_time < meeting.to_time
                AND meeting.from_time < second.to_time
            WHERE {what}
        """
        count: int
        (count,) = db.execute(query).fetchone()
        return count

    assert clashing("true") > 0
    assert clashing("second.room = meeting.room") == 0
    assert clashing("other.code = course.code AND other.instructor = course.instructor") == 0
    assert db.execute(
        "SELECT count(*) FROM course LEFT JOIN course_meeting ON course_id = id WHERE room IS NULL"
    ).fetchone() == (0,)


def test_students_have_numbers_and_names_in_several_scripts(db: sqlite3.Connection):
    names = db.execute("SELECT given_name, family_name FROM student").fetchall()
    scripts = {unicodedata.name(family[0]).split()[0] for _, family in names}
    assert scripts == {
        "LATIN", "CYRILLIC", "GREEK", "ARABIC", "HEBREW", "DEVANAGARI", "CJK", "HANGUL",
    }  # fmt: skip
    assert any(given is None for given, _ in names)
    assert db.execute("SELECT min(number), max(number) FROM student").fetchone() == (
        "10001",
        "10300",
    )


def test_people_wait_for_full_courses_and_some_were_promoted(db: sqlite3.Connection):
    waiting = (
        "FROM enrollment JOIN course_seat AS seat USING (course_id) WHERE status = 'waitlisted'"
    )
    assert db.execute(f"SELECT count(*) {waiting}").fetchone() > (10,)
    assert db.execute(
        f"""
        SELECT count(*) {waiting} AND enrolled < capacity AND NOT EXISTS (
            SELECT 1 FROM student_course_event AS event
            WHERE event.student_id = enrollment.student_id
                AND event.course_id = enrollment.course_id
                AND reason LIKE 'passed over: %'
        )
        """
    ).fetchone() == (0,)
    assert db.execute(
        "SELECT count(*) FROM student_course_event WHERE reason = 'promoted from the waitlist'"
    ).fetchone() > (0,)


def test_rules_are_overridden_on_record_and_holds_placed_and_released(db: sqlite3.Connection):
    assert db.execute(
        "SELECT DISTINCT overridden, reason FROM student_course_event WHERE overridden IS NOT NULL"
    ).fetchall() == [('["prerequisite_missing"]', "the grades of the last term are to come")]
    assert db.execute("SELECT count(*), count(released_at) FROM hold").fetchone() == (9, 4)


def test_no_one_enrolls_in_the_present_term_with_a_hold(db: sqlite3.Connection):
    assert db.execute(
        """
        SELECT count(*)
        FROM hold
        JOIN student_course_event AS event USING (student_id)
        WHERE recorded_at >= placed_at AND to_status = 'enrolled'
        """
    ).fetchone() == (0,)


@pytest.mark.parametrize("table", ["student_course_event", "record_change"])
def test_what_is_recorded_is_in_the_order_of_times(db: sqlite3.Connection, table: str):
    times = [time for (time,) in db.execute(f"SELECT recorded_at FROM {table} ORDER BY id")]
    assert times == sorted(times)


def test_all_of_it_is_done_by_the_demo_and_kept_as_doctor_wants_it(
    db: sqlite3.Connection, file: Path
):
    assert db.execute("SELECT DISTINCT actor FROM student_course_event").fetchall() == [("demo",)]
    assert db.execute("SELECT DISTINCT actor FROM record_change").fetchall() == [("demo",)]
    assert main(["doctor", "--database", str(file)]) == 0
