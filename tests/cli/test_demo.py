"""The command `enrollment demo`: what is in the college that it makes."""

import json
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from enrollment.cli.main import main
from enrollment.model.location import Location
from tests.support.command import Captured
from tests.support.engine import connected

Rows = list[tuple[Any, ...]]
Ask = Callable[[str], Rows]
# Without those of the tokens that the database of a test has.
CHANGES = "record_change WHERE subject <> 'token'"


def make(location: Location, students: int, seed: int = 1) -> None:
    arguments = ["--students", str(students), "--seed", str(seed), "--database", str(location)]
    assert main(["demo", *arguments]) == 0


@pytest.fixture(scope="module")
def college(module_location: Location) -> Location:
    """A college of 300 students. Tests only read it."""
    make(module_location, 300)
    return module_location


@pytest.fixture
def ask(college: Location) -> Iterator[Ask]:
    """What asks the college: it returns the rows of a query."""
    with connected(college) as db:
        yield lambda query: [tuple(row) for row in db.execute(query)]


def test_demo_fills_an_empty_database_once(location: Location, capsys: Captured):
    make(location, 30)
    assert capsys.readouterr().out.endswith(
        f"{location} now has 30 students, 3 terms, 61 courses, 320 enrollments\n"
    )

    assert main(["demo", "--database", str(location)]) == 1
    assert capsys.readouterr().err == (
        "enrollment: the database already has students; demo fills only an empty one\n"
    )


def test_demo_says_how_many_rows_there_are(location: Location, capsys: Captured):
    make(location, 1)

    with connected(location) as db:
        tables = ("student", "term", "course", "student_course")
        count = [db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables]
    shown = "1 student, {1} terms, {2} courses, {3} enrollments\n".format(*count)
    assert capsys.readouterr().out.endswith(f" now has {shown}")


def test_demo_is_the_same_for_the_same_seed_on_either_engine(location: Location, tmp_path: Path):
    def content(location: Location, seed: int) -> Rows:
        make(location, 20, seed)
        with connected(location) as db:
            return [
                tuple(row)
                for table in ("student", "course", "hold", "student_course_event")
                for row in db.execute(f"SELECT * FROM {table} ORDER BY id")
            ] + [
                # The database of the test has tokens, so that the ids differ.
                tuple(row)[1:]
                for row in db.execute(f"SELECT * FROM {CHANGES} ORDER BY id")
            ]

    first = content(location, 1)
    assert content(tmp_path / "2.db", 1) == first
    assert content(tmp_path / "3.db", 2) != first


def test_one_term_has_grades_one_waits_for_them_and_one_is_present(ask: Ask):
    found = ask(
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


def test_courses_have_sections_instructors_and_prerequisites(ask: Ask):
    sections = dict(ask("SELECT code, count(*) FROM course WHERE term = '2025-FALL' GROUP BY 1"))
    assert set(sections.values()) == {2}
    assert ask("SELECT count(*) FROM course WHERE instructor IS NULL") == [(0,)]
    assert ask(
        """
        SELECT DISTINCT course.code, course_requirement.code, kind
        FROM course JOIN course_requirement ON course_requirement.course_id = course.id
        WHERE course.code LIKE 'MAT%'
        ORDER BY course.code
        """
    ) == [("MAT201", "MAT101", "prerequisite"), ("MAT301", "MAT201", "prerequisite")]


def test_no_room_and_no_instructor_is_needed_twice_at_a_time(ask: Ask):
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
        ((count,),) = ask(query)
        return count

    assert clashing("true") > 0
    assert clashing("second.room = meeting.room") == 0
    assert clashing("other.code = course.code AND other.instructor = course.instructor") == 0
    assert ask(
        "SELECT count(*) FROM course LEFT JOIN course_meeting ON course_id = id WHERE room IS NULL"
    ) == [(0,)]


def test_students_have_numbers_and_names_in_several_scripts(ask: Ask):
    names = ask("SELECT given_name, family_name FROM student")
    scripts = {unicodedata.name(family[0]).split()[0] for _, family in names}
    assert scripts == {
        "LATIN", "CYRILLIC", "GREEK", "ARABIC", "HEBREW", "DEVANAGARI", "CJK", "HANGUL",
    }  # fmt: skip
    assert any(given is None for given, _ in names)
    assert ask("SELECT min(number), max(number) FROM student") == [("10001", "10300")]


def test_people_wait_for_full_courses_and_some_were_promoted(ask: Ask):
    waiting = (
        "FROM enrollment JOIN course_seat AS seat USING (course_id) WHERE status = 'waitlisted'"
    )
    assert ask(f"SELECT count(*) {waiting}")[0] > (10,)
    assert ask(
        f"""
        SELECT count(*) {waiting} AND enrolled < capacity AND NOT EXISTS (
            SELECT 1 FROM student_course_event AS event
            WHERE event.student_id = enrollment.student_id
                AND event.course_id = enrollment.course_id
                AND reason LIKE 'passed over: %'
        )
        """
    ) == [(0,)]
    assert ask(
        "SELECT count(*) FROM student_course_event WHERE reason = 'promoted from the waitlist'"
    )[0] > (0,)


def test_rules_are_overridden_on_record_and_holds_placed_and_released(ask: Ask):
    assert ask(
        "SELECT DISTINCT overridden, reason FROM student_course_event WHERE overridden IS NOT NULL"
    ) == [('["prerequisite_missing"]', "the grades of the last term are to come")]
    assert ask("SELECT count(*), count(released_at) FROM hold") == [(9, 4)]


def test_no_one_enrolls_in_the_present_term_with_a_hold(ask: Ask):
    assert ask(
        """
        SELECT count(*)
        FROM hold
        JOIN student_course_event AS event USING (student_id)
        WHERE recorded_at >= placed_at AND to_status = 'enrolled'
        """
    ) == [(0,)]


@pytest.mark.parametrize("table", ["student_course_event", CHANGES])
def test_what_is_recorded_is_in_the_order_of_times(ask: Ask, table: str):
    times = [time for (time,) in ask(f"SELECT recorded_at FROM {table} ORDER BY id")]
    assert times == sorted(times)


def test_all_of_it_is_done_by_the_demo_and_kept_as_doctor_wants_it(
    ask: Ask, college: Location, capsys: Captured
):
    assert ask("SELECT DISTINCT actor FROM student_course_event") == [("demo",)]
    assert ask(f"SELECT DISTINCT actor FROM {CHANGES}") == [("demo",)]
    main(["doctor", "--json", "--database", str(college)])
    found = json.loads(capsys.readouterr().out)
    assert {"level": "ok", "text": "state and history agree"} in found
    # The server of the tests does not wait for its disk.
    assert {finding["text"].split()[0] for finding in found if finding["level"] == "wrong"} <= {
        "fsync"
    }
