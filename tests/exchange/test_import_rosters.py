"""The roster of a course as a list: what it says of statuses and outcomes."""

import io

import pytest

from enrollment.data.export import list_roster
from enrollment.exchange.lists import ROSTER, write_list
from enrollment.problems.errors import Problem
from enrollment.storage.database import Database
from tests.exchange.imports import import_content, rows

STATES = "SELECT student_id, status, passed, grade FROM student_course ORDER BY student_id"


@pytest.fixture
def database(database: Database) -> Database:
    """A course with a student who is enrolled, one who waits, one who has failed, and one who is
    not in it."""
    with database.write() as db:
        db.execute("INSERT INTO course (code, title) VALUES ('CS1', 'Databases')")
    import_content(database, b"Number,Last name\n1,A\n2,B\n3,C\n4,D\n")
    with database.write() as db:
        at = "'2026-11-02T09:00:00.000Z'"
        db.execute(
            "INSERT INTO student_course (student_id, course_id, status, enrolled_at, waitlisted_at,"
            f" changed_at) VALUES (1, 1, 'enrolled', {at}, NULL, {at}),"
            f" (2, 1, 'waitlisted', NULL, {at}, {at}), (3, 1, 'enrolled', {at}, NULL, {at})"
        )
        db.execute(
            f"UPDATE student_course SET status = 'completed', completed_at = {at}, passed = false,"
            " grade = 'F', version = version + 1 WHERE student_id = 3"
        )
    return database


def lines(database: Database, content: bytes) -> list[tuple[int | None, str | None, str]]:
    """Import a roster that changes nothing, and return where it has lines, with what they say."""
    report, _ = import_content(database, content, course_id=1, errors="refuse")
    assert report.changes == []
    return [(fault.row, fault.column, fault.detail) for fault in report.faults]


def test_what_a_roster_says_and_an_import_does_not_do_has_a_line(database: Database):
    no_waitlist = "An import puts no student on a waitlist. Here, the student is enrolled."
    assert lines(database, b"Number,Status\n1,waitlisted\n2,waitlisted\n3,completed\n4,gone\n") == [
        (2, "Status", no_waitlist)
    ]
    content = b"Number,Status\n2,completed\n3,dropped\n4,completed\n"
    assert [(row, said.partition(".")[2]) for row, _, said in lines(database, content)] == [
        (2, " Here, the student is waitlisted."),
        (3, " Here, the student is completed."),
        (4, " Here, the student is not in the course."),
    ]


def test_a_student_whose_row_is_left_out_is_not_dropped(database: Database):
    with database.write() as db:
        db.execute("UPDATE student SET number = 'a1', version = version + 1 WHERE id = 1")
    content = b"Number,Status\nA1,nonsense\n"

    report, _ = import_content(database, content, course_id=1, replace=True)

    assert [(fault.row, fault.code) for fault in report.faults] == [(2, "invalid_value")]
    assert report.counts.enrollments.dropped == 0


def test_a_roster_with_a_row_that_is_left_out_drops_no_one_unless_it_is_confirmed(
    database: Database,
):
    content = b"Number,Last name\n4,D\n#N/A,A\n"

    with pytest.raises(Problem) as refused:
        import_content(database, content, course_id=1, replace=True)
    assert refused.value.code == "too_many_removals"
    report, _ = import_content(database, content, course_id=1, replace=True, removals=1)
    assert (report.counts.enrollments.enrolled, report.counts.enrollments.dropped) == (1, 1)


def test_a_list_without_rows_replaces_no_one_unless_it_is_confirmed(database: Database):
    header = b"Number,Last name\n"

    with pytest.raises(Problem) as refused:
        import_content(database, header, course_id=1, replace=True)
    assert refused.value.code == "too_many_removals"
    report, _ = import_content(database, header, course_id=1, replace=True, removals=1)
    assert report.counts.enrollments.dropped == 1


def test_two_people_under_one_number_are_not_taken_for_one(database: Database):
    header = b"Number,Last name,First name,Course\n"
    same = header + b"8,Adams,Amy,CS1\n8,Brown,Bob,MA1\n9,Diallo,Amara,CS1\n9,Dialo,Amara,MA1\n"

    report, _ = import_content(database, same, create=True)

    found = [(fault.row, fault.detail) for fault in report.faults if fault.code == "number_taken"]
    assert found == [(3, "The number is also that of row 2, under another name.")]


def test_a_roster_completes_with_an_outcome_and_a_grade(database: Database):
    content = b"Number,Status,Ergebnis,Note\n1,completed,Nicht bestanden,5\n2,dropped,,\n"

    report, _ = import_content(database, content, course_id=1, errors="refuse")

    assert report.faults == []
    assert rows(database, STATES)[:2] == [(1, "completed", False, "5"), (2, "dropped", None, None)]


def test_an_outcome_alone_completes_and_another_one_of_before_stays(database: Database):
    content = b"Number,Outcome\n1,pass\n3,pass\n"

    report, _ = import_content(database, content, course_id=1, errors="refuse")

    assert rows(database, STATES)[0] == (1, "completed", True, None)
    (fault,) = report.faults
    assert (fault.row, fault.column, fault.code) == (3, "Outcome", "not_kept")
    assert "has completed the course with another outcome here" in fault.detail


def test_our_own_roster_comes_in_as_it_went_out(database: Database):
    target = io.BytesIO()
    with database.read() as db:
        write_list(ROSTER, list_roster(db, 1, None), "csv", target)
    assert {said for _, _, said in lines(database, target.getvalue())} == {
        f"The column {name} is not known, and is left out."
        for name in ("Place in the waitlist", "Enrolled", "Waitlisted", "Completed", "Dropped")
    } | {"The column Groups counts for new students only."}
    with database.write() as db:
        db.execute("INSERT INTO course (code, title) VALUES ('CS2', 'Networks')")
        db.execute(
            "INSERT INTO student_course (student_id, course_id, status, enrolled_at, changed_at)"
            " VALUES (3, 2, 'enrolled', '2026-11-02T09:00:00.000Z', '2026-11-02T09:00:00.000Z')"
        )

    import_content(database, target.getvalue(), course_id=2, errors="refuse")

    other = (
        "SELECT status, passed, grade FROM student_course WHERE student_id = 3 AND course_id = 2"
    )
    assert rows(database, other) == [("completed", False, "F")]


def test_a_grade_without_an_outcome_is_no_field(database: Database):
    assert lines(database, b"Number,Grade,Status\n4,9,gone\n") == [
        (1, "Grade", "The column Grade is left out: a grade counts only beside a column Outcome.")
    ]


def test_an_outcome_and_a_grade_that_are_none_are_errors_of_the_row(database: Database):
    report, _ = import_content(
        database, b"Number,Outcome,Grade\n1,perhaps,A\n2,passed,much too long\n", course_id=1
    )

    assert [(fault.row, fault.column, fault.code) for fault in report.faults] == [
        (2, "Outcome", "invalid_value"),
        (3, "Grade", "invalid_value"),
    ]


def test_columns_that_say_nothing_here_have_a_line(database: Database):
    assert lines(database, b"Number,Status,Groups\n4,gone,A\n") == [
        (None, "Groups", "The column Groups counts for new students only.")
    ]
    report, _ = import_content(database, b"Number,Outcome\n1,passed\n")
    assert [(fault.column, fault.detail) for fault in report.faults] == [
        ("Outcome", "The column Outcome is left out: it needs a course.")
    ]
    assert report.changes == []


def test_a_rule_that_is_set_aside_says_which_other_course_it_is_about(database: Database):
    with database.write() as db:
        db.execute("""INSERT INTO course (code, title, counts_as, capacity)
                      VALUES ('CS2', 'More', '["CS1"]', 0)""")

    report, _ = import_content(database, b"Number,Last name\n1,A\n", course_id=2, rules="record")

    (fault,) = report.faults
    assert (fault.row, fault.code, fault.severity) == (2, "rule_set_aside", "warning")
    assert fault.detail == (
        "A is enrolled in CS2 against a rule: CS2 counts as the same course as CS1, which the"
        " student takes. CS2 has no seats."
    )
    assert report.set_aside == {"another_section": 1, "course_full": 1}
