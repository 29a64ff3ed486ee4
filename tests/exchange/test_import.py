"""Imports: every case comes out as it should, twice; and what was brought in goes out again."""

import re
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from enrollment.data.export import list_people
from enrollment.data.record_change import acting
from enrollment.exchange.faults import CODES
from enrollment.exchange.lists import STUDENTS, ListFormat, write_list
from enrollment.model.types import Timestamp
from enrollment.problems.errors import Problem
from enrollment.storage.database import Database
from enrollment.storage.dialect import analyze_on_server
from enrollment.storage.queries import resource_dir
from tests.exchange.imports import (
    NOON,
    archive,
    export,
    files,
    import_content,
    import_path,
    one,
    rows,
    undo,
)
from tests.exchange.packages import CASES, FIXTURES, case, expected, package
from tests.exchange.strict import validate

PACKAGES = [
    name for name in CASES if "after" not in expected(name) and not name.startswith("class-list")
]
COUNTS = {
    "students": "SELECT count(*) FROM student",
    "inactive": "SELECT count(*) FROM student WHERE status = 'inactive'",
    "terms": "SELECT count(*) FROM term",
    "courses": "SELECT count(*) FROM course",
    "enrolled": "SELECT count(*) FROM student_course WHERE status = 'enrolled'",
    "teachings": "SELECT count(*) FROM exported_record WHERE kind = 'enrollments'"
    " AND content ->> 'role' = 'teacher'",
}
LIST = "Student ID,Last name,First name,Email\n"


def set_up(database: Database, wanted: dict[str, Any]) -> None:
    """Do what a case says is there before it."""
    if "after" in wanted:
        import_content(database, archive(wanted["after"]))
    if "set_up" in wanted:
        with database.write() as db:
            db.execute(
                "UPDATE course SET capacity = 2, status = 'closed', version = version + 1"
                " WHERE title = 'Drawing'"
            )
            db.execute(
                "INSERT INTO hold (student_id, placed_at, placed_by, reason)"
                " SELECT id, updated_at, 'a test', 'fees' FROM student WHERE number = '00413'"
            )


# The cases


@pytest.mark.parametrize("name", [name for name in CASES if not expected(name)["refused"]])
def test_a_case_comes_out_as_it_should_twice(name: str, database: Database, tmp_path: Path):
    wanted = expected(name)
    set_up(database, wanted)
    path = case(name, tmp_path)

    report, _ = import_path(database, path)

    found = {key: one(database, sql) for key, sql in COUNTS.items() if key in wanted}
    assert found == {key: wanted[key] for key in found}
    told = {(fault.file, fault.row, fault.column) for fault in report.faults}
    assert {tuple(place) for place in wanted["told"]} - told == set()
    assert report.set_aside == wanted.get("set_aside", {})
    if "numbers" in wanted:
        numbers = rows(database, "SELECT number FROM student ORDER BY number")
        assert [number for (number,) in numbers] == wanted["numbers"]

    again, _ = import_path(database, path)
    assert (again.changes, again.set_aside) == ([], {})
    stored = "SELECT count(*) FROM source_record WHERE import_id = :import_id"
    assert one(database, stored, import_id=again.id) == 0


def test_the_counts_of_a_delta_are_those_of_what_it_did(database: Database, tmp_path: Path):
    set_up(database, expected("delta-after-clean-1.2"))

    counts = import_path(database, case("delta-after-clean-1.2", tmp_path)).report.counts

    wanted = expected("delta-after-clean-1.2")["changes"]
    assert counts.students.created == wanted["students_created"]
    assert counts.students.changed == wanted["students_changed"]
    assert counts.enrollments.enrolled == wanted["enrolled"]
    assert counts.enrollments.dropped == wanted["dropped"]


def test_a_mangled_package_is_refused_with_every_cell(database: Database, tmp_path: Path):
    with pytest.raises(Problem) as refused:
        import_path(database, case("excel-mangled", tmp_path))

    assert refused.value.code == "unreadable_import"
    cells = {(item.details["row"], item.details["column"]) for item in refused.value.violations}
    assert {(4, "sourcedId"), (7, "sourcedId"), (4, "userSourcedId")} <= cells
    assert one(database, "SELECT count(*) FROM import") == 0


def test_a_shrunk_package_is_refused_and_done_when_confirmed(database: Database, tmp_path: Path):
    wanted = expected("shrunk-bulk-after-clean-1.2")
    set_up(database, wanted)
    before = export(database)
    path = case("shrunk-bulk-after-clean-1.2", tmp_path)

    with pytest.raises(Problem) as refused:
        import_path(database, path)
    preview, _ = import_path(database, path, dry_run=True, removals=0, missing="keep")
    assert preview.counts.enrollments.dropped == 0
    undo(database, preview.id)

    assert refused.value.code == "too_many_removals"
    assert refused.value.detail == (
        "2 of 4 students would be inactive and 5 of 6 enrollments would be dropped."
    )
    with pytest.raises(Problem):
        import_path(database, path, removals=6)
    report, _ = import_path(database, path, removals=7)
    assert report.counts.students.ended == wanted["would"]["students_inactivated"]
    assert report.counts.enrollments.dropped == wanted["would"]["dropped"]
    places = {(fault.file, fault.row, fault.column) for fault in report.faults}
    assert {tuple(place) for place in wanted["told"]} <= places

    undone = undo(database, report.id)
    assert (undone.reversed, undone.kept, undone.conflicts) == (7, 0, 0)
    assert export(database) == before


def test_a_file_without_rows_is_never_taken_for_all_there_is(database: Database, tmp_path: Path):
    path = package(tmp_path, enrollments="sourcedId,classSourcedId,userSourcedId,role\n")
    import_path(database, path)
    with_one = (FIXTURES / "clean-1.2" / "enrollments.csv").read_text().splitlines()
    (path / "enrollments.csv").write_text("\n".join([with_one[0], with_one[3]]))
    import_path(database, path)
    (path / "enrollments.csv").write_text(with_one[0])

    with pytest.raises(Problem, match="1 of 1 enrollments would be dropped"):
        import_path(database, path)


def test_what_an_import_ends_is_in_the_order_of_its_keys(database: Database, tmp_path: Path):
    with database.write() as db:
        # PostgreSQL knows that the tables are small, and walks another index then.
        analyze_on_server(db, "student_course")
    path = case("clean-1.2", tmp_path)
    file = path / "enrollments.csv"
    head, *lines = file.read_text().splitlines()
    file.write_text("\n".join([head, *reversed(lines)]))
    import_path(database, path)
    file.write_text("\n".join([head, *(line for line in lines if "teacher" in line)]))

    import_path(database, path, removals=6)

    query = "SELECT student_id, course_id FROM student_course_event WHERE id > 6 ORDER BY id"
    dropped = rows(database, query)
    assert len(dropped) == 6
    assert dropped == sorted(dropped)


# Rules


def test_asked_to_keep_the_rules_every_broken_one_is_an_error(database: Database, tmp_path: Path):
    set_up(database, expected("rules-broken-after-clean-1.2"))
    path = case("rules-broken-after-clean-1.2", tmp_path)

    with pytest.raises(Problem) as refused:
        import_path(database, path, rules="refuse", errors="refuse")

    assert refused.value.code == "import_has_errors"
    codes = [(item.details["row"], item.details["code"]) for item in refused.value.violations]
    assert sorted(codes) == [
        (11, "course_full"),
        (11, "course_not_open"),
        (11, "student_on_hold"),
        (12, "course_full"),
        (12, "course_not_open"),
    ]
    assert one(database, COUNTS["enrolled"]) == 6


def test_a_rule_that_is_set_aside_is_on_record_with_the_event(database: Database, tmp_path: Path):
    set_up(database, expected("rules-broken-after-clean-1.2"))

    report, _ = import_path(database, case("rules-broken-after-clean-1.2", tmp_path))

    found = rows(
        database,
        "SELECT overridden, reason FROM student_course_event WHERE id > 6 ORDER BY id",
    )
    assert found == [
        ('["student_on_hold","course_not_open","course_full"]', f"import {report.id}"),
        ('["course_not_open","course_full"]', f"import {report.id}"),
    ]


def test_a_seat_that_an_import_frees_goes_to_who_waits(database: Database, tmp_path: Path):
    import_content(database, archive("clean-1.2"))
    with database.write() as db:
        db.execute("UPDATE course SET capacity = 2, version = version + 1 WHERE title = 'Drawing'")
        db.execute(
            "INSERT INTO student_course (student_id, course_id, status, waitlisted_at, changed_at)"
            " SELECT student.id, course.id, 'waitlisted', student.updated_at, student.updated_at"
            " FROM student, course WHERE number = '00415' AND title = 'Drawing'"
        )

    report, _ = import_path(database, case("delta-after-clean-1.2", tmp_path))

    # One left, and one came: who came has a seat by the registrar's word, on record.
    assert report.counts.enrollments.promoted == 0
    assert report.set_aside == {"course_full": 1}
    line = (FIXTURES / "delta-after-clean-1.2" / "enrollments.csv").read_text().splitlines()[:1]
    line += ["e-20,tobedeleted,2026-09-16T06:00:00.000Z,cls-art-1,org-s,u-s5,student,,,"]
    path = case("delta-after-clean-1.2", tmp_path / "later")
    (path / "enrollments.csv").write_text("\n".join(line))
    assert import_path(database, path).report.counts.enrollments.promoted == 1


# Who owns a value


def test_a_change_made_here_stays_until_the_source_changes_it(database: Database, tmp_path: Path):
    path = package(tmp_path)
    import_path(database, path)
    with database.write() as db:
        db.execute(
            "UPDATE student SET given_name = 'Björn Erik', version = version + 1"
            " WHERE number = '00413'"
        )

    report, _ = import_path(database, path)
    assert report.changes == []
    assert validate_names(database)["u-s2"] == "Björn Erik"

    users = (path / "users.csv").read_text().replace("bjorn.e,,Björn", "bjorn.e,,Bjarne")
    (path / "users.csv").write_text(users)
    report, _ = import_path(database, path)
    assert report.changes[0].after == {"given_name": "Bjarne"}
    assert "local_change_overwritten" in {fault.code for fault in report.faults}


def validate_names(database: Database) -> dict[str, str]:
    text = files(export(database))["users.csv"].decode()
    lines = [line.split(",") for line in text.splitlines()]
    return {line[0]: line[6] for line in lines}


def test_a_student_with_the_number_is_the_same_and_never_one_with_the_name(
    database: Database, tmp_path: Path
):
    with database.write() as db:
        db.execute("INSERT INTO student (number, family_name) VALUES ('00412', 'Diallo')")
        db.execute("INSERT INTO student (given_name, family_name) VALUES ('Chiara', 'De Marco')")

    report, _ = import_path(database, package(tmp_path))

    assert report.counts.students.created == 3
    assert one(database, "SELECT given_name FROM student WHERE number = '00412'") == "Amara"
    assert one(database, "SELECT count(*) FROM student WHERE given_name = 'Chiara'") == 2


def test_who_was_dropped_by_one_roster_is_brought_back_by_the_next(
    database: Database, tmp_path: Path
):
    path = package(tmp_path)
    import_path(database, path)
    whole = (path / "enrollments.csv").read_text()
    (path / "enrollments.csv").write_text(re.sub("e-07.*\n", "", whole))
    assert import_path(database, path).report.counts.enrollments.dropped == 1

    (path / "enrollments.csv").write_text(whole)
    assert import_path(database, path).report.counts.enrollments.enrolled == 1
    assert one(database, COUNTS["enrolled"]) == 6


def test_whoever_is_dropped_here_stays_so_while_the_source_does_not_change(
    database: Database, tmp_path: Path
):
    path = package(tmp_path)
    import_path(database, path)
    with database.write() as db:
        db.execute(
            "UPDATE student_course SET status = 'dropped', dropped_at = changed_at,"
            " version = version + 1 WHERE student_id = 1 AND course_id = 1"
        )

    assert import_path(database, path).report.changes == []


def test_a_day_that_can_not_be_recorded_is_kept(database: Database, tmp_path: Path):
    path = package(tmp_path)
    text = (
        (path / "enrollments.csv")
        .read_text()
        .replace(
            "e-08,,,cls-bio-1,org-s,u-s3,student,,,",
            "e-08,,,cls-bio-1,org-s,u-s3,student,,2027-01-18,",
        )
    )
    (path / "enrollments.csv").write_text(text)

    report, _ = import_path(database, path)

    assert [fault.row for fault in report.faults if fault.code == "date_not_recorded"] == [9]
    assert (
        b"e-08,,,cls-bio-1,org-s,u-s3,student,,2027-01-18,"
        in files(export(database))["enrollments.csv"]
    )


# And out again


@pytest.mark.parametrize("name", [name for name in PACKAGES if name != "excel-mangled"])
def test_an_export_comes_in_and_goes_out_as_the_same_bytes(
    name: str, two_databases: tuple[Database, Database], tmp_path: Path
):
    first, second = two_databases
    import_path(first, case(name, tmp_path))
    exported = export(first)

    import_content(second, exported, errors="refuse")
    again, _ = import_content(first, exported, errors="refuse")

    assert files(export(second)) == files(exported)
    assert again.changes == []
    assert export(first) == exported
    validate(exported, roles="student|teacher|guardian")


def test_a_history_comes_in_and_goes_out_as_the_same_bytes(
    two_databases: tuple[Database, Database],
):
    first, second = two_databases
    import_content(first, archive("clean-1.2"))
    with first.write() as db:
        db.execute("INSERT INTO student (given_name, family_name) VALUES ('Ada', 'Lovelace')")
        for status, at in [("completed", "2026-10-01"), ("enrolled", "2026-10-05")]:
            db.execute(
                f"UPDATE student_course SET status = '{status}', {status}_at = :moment,"
                " effective_at = :moment, changed_at = '2026-11-25T12:00:00.000Z',"
                " changed_by = 'a test', version = version + 1"
                " WHERE student_id = 1 AND course_id = 1",
                {"moment": f"{at}T00:00:00.000Z"},
            )
    exported = export(first, history=True)
    assert b"metadata.outcome" in files(exported)["enrollments.csv"]

    import_content(second, exported, errors="refuse")
    again, _ = import_content(first, exported, errors="refuse")

    assert files(export(second, history=True)) == files(exported)
    assert again.changes == []
    assert files(export(first, history=True)) == files(exported)


def test_an_outcome_survives_an_export_and_an_import(two_databases: tuple[Database, Database]):
    """Before the end of the term, failed, with a grade; and dropped at noon, in the export of that
    day: its end is tomorrow."""
    first, second = two_databases
    import_content(first, archive("clean-1.2"))
    outcomes = [
        (1, 1, "completed", "2026-10-01T09:00:00.000Z", "false", "'F'"),
        (2, 1, "completed", "2026-10-01T09:00:00.000Z", "true", "'A-'"),
        (1, 4, "completed", NOON, "true", "NULL"),
        (3, 4, "dropped", NOON, "NULL", "NULL"),
    ]
    with first.write() as db:
        for student, course, status, at, passed, grade in outcomes:
            db.execute(
                f"UPDATE student_course SET status = '{status}', {status}_at = :at,"
                f" effective_at = :at, passed = {passed}, grade = {grade}, changed_at = :now,"
                " changed_by = 'a test', version = version + 1"
                f" WHERE student_id = {student} AND course_id = {course}",
                {"at": at, "now": NOON},
            )
    exported = export(first, history=True)

    report, _ = import_content(second, exported, errors="refuse")

    # The second database has the students and courses in the order of their ids in the package.
    query = (
        "SELECT student.number, course.title, student_course.status, passed, grade"
        " FROM student_course JOIN student ON student.id = student_id"
        " JOIN course ON course.id = course_id ORDER BY number, title"
    )
    assert rows(second, query) == rows(first, query)
    assert (report.counts.enrollments.completed, report.counts.enrollments.dropped) == (3, 1)
    assert files(export(second, history=True)) == files(exported)
    assert import_content(second, exported).report.changes == []


def test_the_rows_of_a_strict_package_go_out_as_they_came(database: Database):
    import_content(database, archive("formula-cells"))

    for name, text in files(export(database)).items():
        came = (FIXTURES / "formula-cells" / name).read_text().splitlines()
        assert sorted(text.decode().splitlines()) == sorted(came)


def test_one_term_and_a_delta_of_what_was_brought_in_are_valid(database: Database):
    import_content(database, archive("clean-1.2"))

    roles = "student|teacher|guardian"
    term = validate(export(database, term="t-fall"), roles=roles)
    assert {row["sourcedId"] for row in term["classes"]} == {"cls-alg-1", "cls-alg-2", "cls-art-1"}
    assert [row["sourcedId"] for row in term["academicSessions"]] == ["t-fall"]
    assert "e-08" not in {row["sourcedId"] for row in term["enrollments"]}
    delta = validate(export(database, since="2000-01-01T00:00:00.000Z"), roles=roles)
    assert {row["status"] for row in delta["users"]} == {"active"}
    assert len(delta["enrollments"]) == 9
    assert validate(export(database, since="2999-01-01T00:00:00.000Z")) == {}


def test_a_delta_of_what_was_brought_in_has_what_changes_with_another_course(
    database: Database, tmp_path: Path
):
    path = package(tmp_path)
    classes = re.sub("crs-alg,ALG1-[12]", ",ALG1", (path / "classes.csv").read_text())
    classes = classes.replace("Room 14,org-s,t-fall", "Room 14,org-s,t-spring")
    (path / "classes.csv").write_text(classes)
    import_path(database, path)
    since = "2999-01-01T00:00:00.000Z"
    with database.write() as db, acting(db, "a test", Timestamp(since)):
        db.execute("UPDATE course SET code = 'CS9', version = version + 1 WHERE id = 1")
        db.execute("UPDATE course SET status = 'cancelled', version = version + 1 WHERE id = 4")
        db.execute(
            "UPDATE student_course SET status = 'completed', completed_at = :at, changed_at = :at,"
            " version = version + 1 WHERE student_id = 3 AND course_id = 4",
            {"at": since},
        )

    tables = validate(export(database, since=since))

    assert [row["sourcedId"] for row in tables["classes"]] == ["cls-alg-2"]
    assert tables["classes"][0]["courseSourcedId"] == tables["courses"][0]["sourcedId"]
    assert "enrollments" not in tables


def test_own_columns_go_out_again(database: Database):
    import_content(database, archive("clean-1.2"))

    header, *lines = files(export(database))["users.csv"].decode().splitlines()

    assert header.endswith(",pronouns,metadata.bus,metadata.house")
    assert next(line for line in lines if line.startswith("u-s1")).endswith(",4,Maple")


# Undo


def test_import_undo_export_is_as_before(database: Database, tmp_path: Path):
    empty = export(database)
    first, _ = import_path(database, package(tmp_path))
    before = export(database, history=True)

    second, _ = import_path(database, case("delta-after-clean-1.2", tmp_path))
    undone = undo(database, second.id)

    assert (undone.kept, undone.conflicts) == (0, 0)
    assert export(database, history=True) == before
    undone = undo(database, first.id)
    assert (undone.kept, undone.conflicts) == (0, 0)
    assert export(database) == empty
    assert [one(database, COUNTS[name]) for name in ("students", "courses", "terms")] == [0, 0, 0]


def test_what_was_changed_since_is_kept(database: Database, tmp_path: Path):
    report, _ = import_path(database, package(tmp_path))
    with database.write() as db:
        db.execute("UPDATE student SET email = 'a@b.example', version = version + 1 WHERE id = 1")
        db.execute(
            "UPDATE student_course SET status = 'dropped', dropped_at = changed_at,"
            " version = version + 1 WHERE student_id = 2 AND course_id = 1"
        )

    undone = undo(database, report.id)

    kept = {(item.kind, item.record_id) for item in undone.items if item.outcome == "kept"}
    assert {("student", 1), ("student", 2), ("enrollment", 2), ("course", 1)} <= kept
    # What is kept stays as it is.
    assert one(database, "SELECT status FROM student WHERE id = 1") == "active"


def test_a_seat_taken_since_is_a_conflict(database: Database, tmp_path: Path):
    path = package(tmp_path)
    import_path(database, path)
    whole = (path / "enrollments.csv").read_text()
    (path / "enrollments.csv").write_text(re.sub("e-07.*\n", "", whole))
    report, _ = import_path(database, path)
    with database.write() as db:
        db.execute("UPDATE course SET capacity = 1, version = version + 1 WHERE id = 4")

    with pytest.raises(Problem) as refused:
        undo(database, report.id)
    assert refused.value.code == "undo_conflicts"
    assert refused.value.violations[0].details["course_id"] == 4
    assert one(database, "SELECT count(*) FROM import WHERE undone_at IS NOT NULL") == 0

    undone = undo(database, report.id, keeps_conflicts=True)
    assert (undone.reversed, undone.kept, undone.conflicts) == (0, 0, 1)
    with pytest.raises(Problem, match="was undone at"):
        undo(database, report.id)


# Lists


def test_a_list_creates_and_changes_by_number_and_removes_no_one(database: Database):
    import_content(database, f"{LIST}00412,Diallo,Amara,a@b.example\n7,Katz,Ben,\n".encode())

    report, _ = import_content(database, f"{LIST}00412,Diallo,Mara,\n".encode())

    assert [change.after for change in report.changes] == [{"given_name": "Mara"}]
    assert one(database, "SELECT email FROM student WHERE number = '00412'") == "a@b.example"
    assert one(database, COUNTS["students"]) == 2


def test_a_row_that_names_no_one_is_an_error(database: Database):
    report, _ = import_content(database, f"{LIST},Diallo,Amara,\n".encode())

    assert [(fault.row, fault.code) for fault in report.faults] == [(2, "missing_value")]
    assert one(database, COUNTS["students"]) == 0


def test_a_family_that_shares_an_address_stays_several_students(database: Database):
    family = f"{LIST},Rossi,Anna,fam@x.example\n,Rossi,Marco,fam@x.example\n".encode()

    report, _ = import_content(database, family)
    assert report.counts.students.created == 2
    assert import_content(database, family).report.changes == []
    # Neither case nor accents make another person, and a number comes to the right one.
    content = f"{LIST}7,Rossi,MÀRCO,fam@x.example\n".encode()
    import_content(database, content)
    report, _ = import_content(database, f"{LIST},Rossi,Luca,FAM@x.example\n".encode())

    found = rows(database, "SELECT number, given_name FROM student ORDER BY id")
    assert found == [(None, "Anna"), ("7", "MÀRCO"), (None, "Luca")]
    (fault,) = report.faults
    assert (fault.row, fault.column, fault.code) == (2, "Email", "email_taken")
    assert "also that of Anna Rossi. This is a new student." in fault.detail


@pytest.mark.parametrize("word", ["Withdrawn", "GRADUATED", "left", "dropped out", "no", "Baja"])
def test_a_word_for_gone_makes_a_student_inactive(word: str, database: Database):
    content = f"Number,Last name,Status\n1,Rossi,{word}\n2,Diallo,Présent\n3,Katz,Oui\n".encode()

    report, _ = import_content(database, content, errors="refuse")

    assert report.faults == []
    found = rows(database, "SELECT status FROM student ORDER BY id")
    assert found == [("inactive",), ("active",), ("active",)]


@pytest.mark.parametrize(
    "header", ["Student Status", "Enrollment Status", "Enrolment Status", "Enroll_Status"]
)
def test_a_status_has_the_headers_of_common_systems(database: Database, header: str):
    content = f"Number,Last name,{header}\n1,Rossi,Withdrawn\n2,Diallo,Active\n".encode()

    report, _ = import_content(database, content, errors="refuse")

    assert report.faults == []
    assert rows(database, "SELECT status FROM student ORDER BY id") == [("inactive",), ("active",)]


def test_a_figure_is_no_status_below_the_header_of_a_system_that_counts_otherwise(
    database: Database,
):
    """In PowerSchool, 0 is active."""
    report, _ = import_content(database, b"Number,Last name,Enroll_Status\n1,Rossi,0\n2,Katz,-1\n")

    assert [(fault.row, fault.code) for fault in report.faults] == [
        (2, "invalid_value"),
        (3, "invalid_value"),
    ]


def test_a_gradebook_of_canvas_has_the_number_of_the_school(database: Database):
    with database.write() as db:
        db.execute("INSERT INTO course (code, title) VALUES ('MATH1', 'Algebra')")
    content = (
        b"Student,ID,SIS User ID,SIS Login ID,Section\n    Points Possible,,,,\n"
        b'"Diallo, Amara",98765,00412,adiallo,MATH1\n'
    )

    report, _ = import_content(database, content, create=True)

    assert rows(database, "SELECT number FROM student") == [("00412",)]
    assert [(fault.row, fault.column, fault.code) for fault in report.faults] == [
        (1, "ID", "unknown_column"),
        (1, "SIS Login ID", "unknown_column"),
        (2, None, "not_kept"),
    ]
    assert report.faults[0].detail == (
        "The column ID is left out: the column SIS User ID is read for it."
    )


def test_a_status_that_is_not_known_is_an_error_of_the_row(database: Database):
    content = b"Number,Last name,Status\n1,Rossi,abroad\n2,Diallo,\n"

    report, _ = import_content(database, content)

    (fault,) = report.faults
    assert (fault.row, fault.column, fault.code) == (2, "Status", "invalid_value")
    assert "abroad is not understood. Expected a word such as active" in fault.detail
    assert one(database, COUNTS["students"]) == 1


def test_a_new_student_who_may_be_here_is_named(database: Database):
    content = f"{LIST}00412,Diallo,Amara,\n7,Müller,Jörg,\n9,Katz,Ben,\n".encode()
    assert import_content(database, content).report.faults == []

    report, _ = import_content(database, f"{LIST}412,Other,A,\n8,MULLER,jorg,\n".encode())

    assert report.counts.students.created == 2
    assert [(fault.row, fault.code, fault.detail) for fault in report.faults] == [
        (row, "possible_duplicate", f"This may be {who}. A new student is created.")
        for row, who in [(2, "Amara Diallo, number 00412"), (3, "Jörg Müller, number 7")]
    ]


def test_a_number_of_a_package_that_can_not_be_kept_is_shown(database: Database, tmp_path: Path):
    path = package(tmp_path)
    users = (path / "users.csv").read_text()
    (path / "users.csv").write_text(users.replace("00413", "004 13"))

    report, _ = import_path(database, path)

    (fault,) = report.faults
    assert (fault.column, fault.value, fault.code) == ("identifier", "004 13", "invalid_value")


def test_a_row_with_an_address_and_no_name_finds_who_alone_has_it(database: Database):
    with database.write() as db:
        db.execute("INSERT INTO course (code, title) VALUES ('CS1', 'Databases')")
    import_content(database, f"{LIST},Rossi,,a@x.example\n,Diallo,Amara,b@x.example\n".encode())

    report, _ = import_content(database, b"Email,Course\na@x.example,CS1\nc@x.example,CS1\n")

    assert report.counts.enrollments.enrolled == 1
    assert [(fault.row, fault.code) for fault in report.faults] == [(3, "unresolved_reference")]


def test_a_roster_enrolls_those_who_are_here_and_creates_others_if_asked(database: Database):
    with database.write() as db:
        db.execute("INSERT INTO course (code, title) VALUES ('CS1', 'Databases')")
    import_content(database, f"{LIST}1,One,A,\n2,Two,B,\n".encode())
    content = f"{LIST}1,Other name,A,\n3,Three,C,\n".encode()

    report, _ = import_content(database, content, course_id=1)
    assert [(fault.row, fault.code) for fault in report.faults] == [(3, "unresolved_reference")]
    assert report.counts.enrollments.enrolled == 1

    report, _ = import_content(database, content, course_id=1, create=True)
    assert (report.counts.students.created, report.counts.enrollments.enrolled) == (1, 1)
    assert one(database, "SELECT family_name FROM student WHERE number = '1'") == "One"

    report, _ = import_content(database, f"{LIST}2,Two,B,\n".encode(), course_id=1, replace=True)
    assert (report.counts.enrollments.enrolled, report.counts.enrollments.dropped) == (1, 2)


def test_a_roster_names_who_may_be_meant_by_a_number_without_its_zeros(database: Database):
    import_content(database, f"{LIST}00412,Diallo,Amara,\n00413,Katz,,\n".encode())
    with database.write() as db:
        db.execute("INSERT INTO course (code, title) VALUES ('CS1', 'Databases')")

    report, _ = import_content(database, f"{LIST}412,,,\n414,,,\n".encode(), course_id=1)

    assert [(fault.row, fault.code, fault.detail) for fault in report.faults] == [
        (
            2,
            "unresolved_reference",
            "There is no such student. This may be Amara Diallo, number 00412: then correct the"
            " number. Else choose to create students who are not here yet.",
        ),
        (
            3,
            "unresolved_reference",
            "There is no such student. Correct the row, or choose to create students who are not"
            " here yet.",
        ),
    ]


def test_a_list_keeps_the_rules_and_can_name_a_course_in_each_row(database: Database):
    with database.write() as db:
        db.execute("INSERT INTO course (code, section, title) VALUES ('CS1', '1', 'A')")
        db.execute("INSERT INTO course (code, title, status) VALUES ('CS2', 'B', 'closed')")
    import_content(database, f"{LIST}1,One,A,\n".encode())

    report, _ = import_content(
        database, b"Nummer;Kurs\n1;CS1-1\n1;CS2\n1;CS3\n", columns="Nummer=number"
    )

    assert report.counts.enrollments.enrolled == 1
    assert {(fault.row, fault.code) for fault in report.faults} == {
        (3, "course_not_open"),
        (4, "unresolved_reference"),
    }


def test_a_column_is_left_out_and_a_code_of_several_courses_is_none_of_none(database: Database):
    with database.write() as db:
        db.execute(
            "INSERT INTO course (code, section, title) VALUES ('A', '1', 'A'), ('A', '2', 'A')"
        )
    content = b"Number,Last name,Klasse\n1,One,7a\n2,Two,A\n"

    report, _ = import_content(database, content, create=True)
    assert [fault.detail for fault in report.faults] == [
        "There is no course with this code. If the column has no courses, leave it out with the"
        " option columns: Klasse=ignore.",
        "There are several courses with this code, or none in this term: give the section and the"
        " term too.",
    ]

    report, _ = import_content(database, content, columns="Klasse=ignore")
    assert (report.faults, report.counts.students.created) == ([], 2)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_our_own_list_changes_no_one_whose_number_looks_guarded(
    kind: ListFormat, database: Database
):
    with database.write() as db:
        db.execute(
            "INSERT INTO student (number, family_name)"
            " VALUES ('''''9', 'Katz'), ('''''8', '''-Lind'), ('=\"7\"', '=\"Wu\"'),"
            " ('-6', 'Diallo'), ('005', '''t Hooft')"
        )
        target = BytesIO()
        write_list(STUDENTS, list_people(db, None), kind, target)

    report, _ = import_content(database, target.getvalue(), errors="refuse")

    assert (report.faults, report.changes, report.counts.students.unchanged) == ([], [], 5)


def test_our_own_list_of_students_changes_nothing(database: Database):
    rows = f"{LIST}00412,Diallo,Amara,a@b.example\n".encode()
    import_content(database, rows)

    assert import_content(database, rows).report.changes == []


# Bombs


def test_a_bomb_is_refused_within_bounds(database: Database):
    target = BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("users.csv", b"0" * 300 * 1024 * 1024)

    with pytest.raises(Problem) as refused:
        import_content(database, target.getvalue())

    assert refused.value.violations[0].details["code"] == "expands_too_far"


# The codes of faults


@pytest.mark.parametrize(
    "name", ["import_row", "import_course", "import_student", "import_enrollment"]
)
def test_every_fault_has_a_code_of_the_list(name: str):
    text = (resource_dir("sql") / f"{name}.sql").read_text()

    codes = re.findall(r"'(\w+)', '(warning|error)'", text)
    assert codes
    assert {code for code, _ in codes} <= CODES.keys()
