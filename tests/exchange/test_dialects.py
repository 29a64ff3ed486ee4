"""Packages of other systems: whose they are is known by their columns, and each row has an id."""

import re
from pathlib import Path

import pytest

from enrollment.exchange.check import check_path
from enrollment.storage.database import Database
from tests.exchange.imports import import_path, one, rows
from tests.exchange.packages import case, package

ENROLLED = "SELECT count(*) FROM student_course WHERE status = 'enrolled'"


def rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert re.search(old, text)
    path.write_text(re.sub(old, new, text))


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("clever", "clever"),
        ("microsoft-sds-2.1", "sds-2.1"),
        ("headers-reordered", "oneroster-1.1"),
        ("zip-with-folder", "oneroster-1.1"),
    ],
)
def test_the_columns_say_whose_package_it_is(name: str, format: str, tmp_path: Path):
    path = case(name, tmp_path)
    if path.is_dir():
        (path / "manifest.csv").unlink(missing_ok=True)

    assert check_path(path).format == format


def test_what_has_a_manifest_is_oneroster(tmp_path: Path):
    path = package(tmp_path, enrollments="classSourcedId,userSourcedId,role\n1,2,student\n")

    report = check_path(path)

    assert (report.format, report.refused) == ("oneroster-1.2", True)


@pytest.mark.parametrize("change", [str.lower, str.upper, lambda text: text.replace("_", " ")])
def test_the_columns_of_clever_are_read_however_they_are_written(change, tmp_path: Path):
    path = case("clever", tmp_path)
    for file in path.iterdir():
        header, _, lines = file.read_text().partition("\n")
        file.write_text(f"{change(header)}\n{lines}")

    report = check_path(path)

    assert (report.format, report.refused) == ("clever", False)
    assert {fault.code for fault in report.faults if fault.severity == "error"} == {
        "unresolved_reference"
    }


@pytest.mark.parametrize("name", ["clever", "microsoft-sds-2.1"])
def test_a_row_that_is_gone_is_an_enrollment_that_ends(
    name: str, database: Database, tmp_path: Path
):
    path = case(name, tmp_path)
    import_path(database, path)
    before = one(database, ENROLLED)
    rewrite(path / "enrollments.csv", "(.*100412|9001,701).*\n", "")

    counts = import_path(database, path).report.counts

    assert (counts.enrollments.dropped, counts.enrollments.enrolled) == (1, 0)
    assert one(database, ENROLLED) == before - 1


def test_nothing_is_missing_from_a_file_that_is_not_there(database: Database, tmp_path: Path):
    path = case("clever", tmp_path)
    import_path(database, path)
    (path / "students.csv").unlink()
    (path / "sections.csv").unlink()

    report, _ = import_path(database, path)

    assert report.changes == []
    assert {fault.file for fault in report.faults if fault.code == "missing_file"} == {
        "students.csv",
        "sections.csv",
    }


def test_a_student_and_a_teacher_of_clever_can_have_one_id(database: Database, tmp_path: Path):
    path = case("clever", tmp_path)
    for file in ("teachers.csv", "sections.csv"):
        rewrite(path / file, "T07", "100412")

    import_path(database, path, errors="skip")

    people = "SELECT count(*) FROM exported_record WHERE kind = 'users'"
    assert (one(database, people), one(database, "SELECT count(*) FROM student")) == (4, 3)


def test_a_student_of_two_schools_is_one_with_two_roles(database: Database, tmp_path: Path):
    path = case("clever", tmp_path)
    with (path / "schools.csv").open("a") as schools:
        schools.write("02L002,Linden Hill,002\n")
    (line,) = re.findall("01L001,100412.*\n", (path / "students.csv").read_text())
    with (path / "students.csv").open("a") as students:
        students.write(line.replace("01L001", "02L002"))

    report, _ = import_path(database, path)

    assert report.counts.students.created == 3
    assert ("students.csv", 5, "duplicate_row") in {
        (fault.file, fault.row, fault.code) for fault in report.faults
    }
    schools_of_one = rows(
        database,
        "SELECT content ->> 'orgSourcedId' FROM exported_record"
        " WHERE kind = 'roles' AND user_ref = '100412' ORDER BY 1",
    )
    assert schools_of_one == [("01L001",), ("02L002",)]


def test_a_section_of_clever_without_the_days_of_its_term_is_in_none(
    database: Database, tmp_path: Path
):
    path = case("clever", tmp_path)
    rewrite(path / "sections.csv", "(748.*Fall 2026),8/24/2026", r"\1,")

    report, _ = import_path(database, path)

    assert rows(database, "SELECT code, term FROM course ORDER BY code") == [
        ("ALG1", "Fall-2026-2026-08-24"),
        ("ART1", None),
    ]
    assert ("sections.csv", 3, "Term_start") in {
        (fault.file, fault.row, fault.column) for fault in report.faults
    }


def test_what_clever_says_of_a_person_is_not_kept(database: Database, tmp_path: Path):
    import_path(database, case("clever", tmp_path))

    kept = rows(database, "SELECT content FROM source_record")
    assert kept
    assert "2011" not in str(kept)
