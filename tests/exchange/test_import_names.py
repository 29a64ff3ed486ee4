"""Lists of students: blank names, whole names in one column, and groups."""

import pytest

from enrollment.storage.database import Database
from tests.exchange.imports import import_content, rows, undo

NAMES = "SELECT given_name, family_name FROM student ORDER BY id"


@pytest.fixture
def database(database: Database) -> Database:
    """Three students, of whom two share an address, and a course."""
    with database.write() as db:
        db.execute("INSERT INTO course (code, title) VALUES ('CS1', 'Databases')")
    content = (
        b"Number,Last name,First name,Email\n412,Diallo,Amara,\n,De Marco,Chiara,c@x.example\n"
        b",De Marco,Luca,c@x.example\n"
    )
    import_content(database, content, errors="refuse")
    return database


def test_a_blank_name_of_a_student_who_is_here_changes_nothing(database: Database):
    content = b"Number,Last name,Email\n412,,a@x.example\n413,,b@x.example\n"

    report, _ = import_content(database, content)

    assert [change.after for change in report.changes] == [{"email": "a@x.example"}]
    (fault,) = report.faults
    assert (fault.row, fault.column, fault.code) == (3, "Last name", "missing_value")
    assert rows(database, NAMES)[0] == ("Amara", "Diallo")


@pytest.mark.parametrize("name", ["Amara Diallo", "Diallo", "Diallo Amara"])
def test_a_whole_name_of_a_student_with_the_number_is_not_taken_apart(
    name: str, database: Database
):
    content = f"Number,Name\n412,{name}\n".encode()

    for course_id in (None, 1):
        report, _ = import_content(database, content, course_id=course_id, errors="refuse")
        assert report.faults == []

    assert rows(database, NAMES)[0] == ("Amara", "Diallo")


def test_a_whole_name_with_the_address_is_that_of_who_has_both_parts(database: Database):
    content = b"Name,Email\nChiara de marco,c@x.example\nDe Marco Luca,c@x.example\n"

    report, _ = import_content(database, content, errors="refuse")

    assert (report.changes, report.counts.students.unchanged) == ([], 2)


def test_a_whole_name_of_a_new_student_is_split_at_a_comma_or_in_two_words(database: Database):
    names = ["Ben Katz", '"Katz, Anna"', '"Prince,"', "Maria da Silva", "Pele"]
    content = "\n".join(["Number,Name", *(f"{n},{name}" for n, name in enumerate(names))])

    report, _ = import_content(database, content.encode())

    assert rows(database, NAMES)[3:] == [("Ben", "Katz"), ("Anna", "Katz"), (None, "Prince")]
    assert [(fault.row, fault.column, fault.value, fault.code) for fault in report.faults] == [
        (5, "Name", "Maria da Silva", "invalid_value"),
        (6, "Name", "Pele", "invalid_value"),
        (2, "Name", "Ben Katz", "mended_value"),
    ]
    assert report.faults[2].detail == "Read as the given name Ben and the family name Katz."


def test_a_number_in_a_list_with_another_whole_name_is_shown(database: Database):
    report, _ = import_content(database, b"Number,Name\n412,Ben Katz\n", course_id=1)

    assert [fault.code for fault in report.faults] == ["other_name"]


def test_a_list_gives_students_their_groups_and_an_undo_takes_them_back(database: Database):
    groups = "SELECT number, groups FROM student WHERE number IS NOT NULL ORDER BY number"
    import_content(database, "Number,Gruppe\n412,SENIOR\n".encode("utf-16"), errors="refuse")
    content = b"Number,Last name,Groups\n412,,NURSING; 2027;nursing\n413,Katz,\n414,Rossi,2027\n"

    report, _ = import_content(database, content, errors="refuse")

    after = [("412", '["nursing","2027"]'), ("413", "[]"), ("414", '["2027"]')]
    assert rows(database, groups) == after
    assert import_content(database, b"Number,Groups\n412,\n").report.changes == []
    undone = undo(database, report.id)
    assert (undone.reversed, undone.kept) == (3, 0)
    assert rows(database, groups) == [("412", '["SENIOR"]')]


def test_groups_that_are_none_are_an_error_of_the_row(database: Database):
    report, _ = import_content(database, f"Number,Groups\n412,{'x' * 33}\n".encode())

    assert [(fault.row, fault.column, fault.code) for fault in report.faults] == [
        (2, "Groups", "invalid_value")
    ]


@pytest.mark.parametrize("course_id", [None, 1])
def test_a_second_row_of_one_student_without_a_number_is_an_error(
    course_id: int | None, database: Database
):
    content = (
        b"Last name,First name,Email,Groups,Outcome\nDiallo,Amara,a@x.example,G1,\n"
        b"Diallo-Sow,AMARA,A@X.example,G2,\nDiallo,Ben,a@x.example,,\n"
    )

    report, _ = import_content(database, content, course_id=course_id, create=True)

    found = [
        (fault.row, fault.severity, fault.detail)
        for fault in report.faults
        if fault.code == "email_taken"
    ]
    assert found == [
        (
            3,
            "error",
            "The address and the name are also those of row 2: one student has one row."
            " Correct or remove one of the two.",
        ),
        (4, "warning", "The address is also that of row 2. It is kept."),
    ]
    assert report.counts.students.created == 2


def test_a_student_without_a_number_has_a_row_for_each_course(database: Database):
    with database.write() as db:
        db.execute("INSERT INTO course (code, title) VALUES ('CS2', 'Networks')")
    content = (
        b"Name,Email,Course\nChiara De Marco,c@x.example,CS1\nChiara De Marco,c@x.example,CS2\n"
    )

    report, _ = import_content(database, content, errors="refuse")

    assert (report.faults, report.counts.enrollments.enrolled) == ([], 2)


def test_numbers_of_one_file_that_differ_by_zeros_have_a_line(database: Database):
    content = b"Number,Last name,First name\n00700,Katz,Ben\n700,Katz,Ben\n701,Katz,Ben\n"

    report, _ = import_content(database, content, errors="refuse")

    assert [(fault.row, fault.code, fault.detail) for fault in report.faults] == [
        (3, "possible_duplicate", "This may be Ben Katz, number 00700. A new student is created.")
    ]
    assert import_content(database, content, errors="refuse").report.faults == []
