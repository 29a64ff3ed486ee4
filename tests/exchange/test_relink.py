"""Ids that change in the source: the same number or address under another id is shown, and is the
same student only if that is asked for. And packages that say wrongly what they hold."""

import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from enrollment.data.ending import void_enrollments
from enrollment.data.erasure import erase_student
from enrollment.problems.errors import Problem
from enrollment.storage.database import Database
from tests.exchange.imports import (
    CHANGE,
    archive,
    export,
    import_content,
    import_path,
    one,
    rows,
    undo,
)
from tests.exchange.packages import case
from tests.exchange.strict import validate

ROLES = "student|teacher|guardian"


def rename(path: Path, old: str, new: str) -> None:
    """Give a user another id, wherever it stands."""
    for file in path.glob("*.csv"):
        file.write_text(re.sub(rf"\b{old}\b", new, file.read_text()))


def test_a_number_under_another_id_is_shown_and_no_one_is_joined(database: Database, path: Path):
    rename(path, "u-s2", "u-new")

    report, _ = import_path(database, path)

    (fault,) = [fault for fault in report.faults if fault.code == "renamed_id"]
    assert (fault.value, fault.column) == ("u-new", "sourcedId")
    assert "had the id u-s2 there" in fault.detail
    assert (report.counts.students.created, report.counts.students.ended) == (1, 1)


def test_if_asked_the_student_is_the_same_under_the_new_id(database: Database, path: Path):
    before = export(database, history=True)
    rename(path, "u-s2", "u-new")

    report, _ = import_path(database, path, relink=True)

    assert (report.changes, report.counts.students.unchanged) == ([], 4)
    assert [fault.code for fault in report.faults] == ["renamed_id"]
    package = validate(export(database, history=True), roles=ROLES)
    assert {"u-s2", "u-new"} & {row["sourcedId"] for row in package["users"]} == {"u-new"}
    assert import_path(database, path).report.changes == []
    undo(database, report.id + 1)
    undo(database, report.id)
    assert export(database, history=True) == before


def test_what_the_source_said_of_the_old_id_counts(database: Database, path: Path):
    with database.write() as db:
        db.execute("UPDATE student SET given_name = 'Erik', version = version + 1 WHERE id = 2")
    rename(path, "u-s2", "u-new")

    assert import_path(database, path, relink=True).report.changes == []


def test_enrollments_that_no_file_has_any_more_name_the_new_id(database: Database, path: Path):
    """The export of the next year has only that."""
    rename(path, "u-s2", "u-new")
    for name in ("classes", "enrollments", "academicSessions"):
        (path / f"{name}.csv").unlink()

    import_path(database, path, relink=True)

    package = validate(export(database), roles=ROLES)
    assert "u-new" in {row["userSourcedId"] for row in package["enrollments"]}


@pytest.mark.parametrize("relink", [False, True])
def test_a_delta_can_delete_the_old_id_and_add_the_new_one(
    relink: bool, database: Database, path: Path, tmp_path: Path
):
    header, *lines = (path / "users.csv").read_text().splitlines()
    (line,) = [line for line in lines if line.startswith("u-s2,")]
    when = "2026-09-16T06:00:00.000Z"
    delta = case("delta-after-clean-1.2", tmp_path)
    (delta / "enrollments.csv").unlink()
    roles = (delta / "roles.csv").read_text().partition("\n")[0]
    role = f"r-new,active,{when},u-new,primary,student,,,org-s,"
    (delta / "roles.csv").write_text(f"{roles}\n{role}")
    (delta / "users.csv").write_text(
        "\n".join(
            [
                header,
                line.replace("u-s2,,,", f"u-s2,tobedeleted,{when},"),
                line.replace("u-s2,,,", f"u-new,active,{when},"),
            ]
        )
    )

    report, _ = import_path(database, delta, relink=relink)

    assert report.counts.students.ended == (0 if relink else 1)
    validate(export(database), roles=ROLES)


def test_an_address_that_one_person_has_is_enough_without_a_number(database: Database, path: Path):
    users = (path / "users.csv").read_text()
    (path / "users.csv").write_text(users.replace("00413", ""))
    import_path(database, path)
    assert one(database, "SELECT number FROM student WHERE id = 2") is None
    rename(path, "u-s2", "u-new")

    report, _ = import_path(database, path, relink=True)

    assert (report.changes, [fault.code for fault in report.faults]) == ([], ["renamed_id"])


def test_an_id_that_is_still_there_is_another_person(database: Database, path: Path):
    (line,) = re.findall("u-s2,.*\n", (path / "users.csv").read_text())
    with (path / "users.csv").open("a") as users:
        users.write(line.replace("u-s2", "u-new"))
    with (path / "roles.csv").open("a") as roles:
        roles.write("r-new,,,u-new,primary,student,,,org-s,\n")

    report, _ = import_path(database, path, relink=True)

    assert report.counts.students.created == 1
    assert "renamed_id" not in {fault.code for fault in report.faults}


# Two systems


def test_where_two_systems_know_a_record_the_export_has_the_ids_of_one(
    database: Database, path: Path
):
    """Both know the students and the courses; an enrollment that only one has names what is
    exported."""
    for file in path.glob("*.csv"):
        file.write_text(re.sub(r"\b(u-|cls-|crs-|org-|r-|e-)", r"other-\1", file.read_text()))
    with (path / "enrollments.csv").open("a") as enrollments:
        enrollments.write("other-e-20,,,other-cls-bio-1,other-org-s,other-u-s1,student,,,\n")
    report, _ = import_path(database, path, source="other")
    assert report.counts.students.unchanged == report.counts.courses.unchanged == 4

    first = validate(export(database), roles=ROLES)
    second = validate(export(database, source="OTHER"), roles=ROLES)

    students = {"u-s1", "u-s2", "u-s3", "u-s4"}
    courses = {"cls-alg-1", "cls-alg-2", "cls-art-1", "cls-bio-1"}
    assert {row["sourcedId"] for row in first["classes"]} == courses
    assert {row["sourcedId"] for row in second["classes"]} == {f"other-{id}" for id in courses}
    named = {row["userSourcedId"] for row in first["enrollments"] if row["role"] == "student"}
    assert named == students
    named = {row["userSourcedId"] for row in second["enrollments"] if row["role"] == "student"}
    assert named == {f"other-{id}" for id in students}
    assert len(first["enrollments"]) == len(second["enrollments"])


# What a package holds


def test_a_delta_that_has_no_manifest_can_be_called_one(database: Database, tmp_path: Path):
    import_content(database, archive("clean-1.2"))
    path = case("delta-after-clean-1.2", tmp_path)
    (path / "manifest.csv").unlink()

    with pytest.raises(Problem, match="would be"):
        import_path(database, path, source="linden")
    report, _ = import_path(database, path, source="linden", mode="delta")

    assert {file.mode for file in report.files} == {"delta"}
    assert report.counts.enrollments.dropped == 1
    assert report.counts.students.ended == 0


def test_a_delta_can_be_called_all_there_is(database: Database, path: Path):
    manifest = (path / "manifest.csv").read_text().replace("bulk", "delta")
    (path / "manifest.csv").write_text(manifest)
    enrollments = (path / "enrollments.csv").read_text()
    (path / "enrollments.csv").write_text(re.sub("e-07.*\n", "", enrollments))

    with pytest.raises(Problem, match=r"errors? in the rows"):
        import_path(database, path, errors="refuse")
    report, _ = import_path(database, path, errors="refuse", mode="bulk")

    assert report.counts.enrollments.dropped == 1


def test_rows_without_a_status_are_no_delta(database: Database, tmp_path: Path):
    report, _ = import_path(database, case("clever", tmp_path), mode="delta")

    assert {fault.column for fault in report.faults if fault.code == "missing_value"} == {"status"}
    assert rows(database, "SELECT id FROM student") == []


def test_the_old_id_speaks_of_an_erased_student_no_more(database: Database, path: Path):
    rename(path, "u-s2", "u-new")
    import_path(database, path, relink=True)
    named = "SELECT count(*) FROM source_record WHERE content LIKE '%Ekstr%'"
    assert one(database, named) == 3

    student = one(database, "SELECT id FROM student WHERE number = '00413'")
    places = rows(
        database, f"SELECT student_id, course_id FROM enrollment WHERE student_id = {student}"
    )
    with database.write() as db:
        void_enrollments(db, places, replace(CHANGE, reason="x"))
        erase_student(db, student, "x", CHANGE)

    assert one(database, named) == 0
    others = "SELECT count(DISTINCT student_id) FROM source_record WHERE kind = 'users'"
    assert one(database, others) == 3
    assert {row["sourcedId"] for row in validate(export(database), roles=ROLES)["users"]} == {
        *("u-g1", "u-s1", "u-s3", "u-s4", "u-t1", "u-t2")
    }


@pytest.fixture
def erased(database: Database, path: Path) -> Path:
    """The package, of which one student was erased since."""
    with database.write() as db:
        void_enrollments(db, [(2, 1)], replace(CHANGE, reason="x"))
        erase_student(db, 2, "x", CHANGE)
    return path


def test_an_erased_person_who_is_still_in_the_source_is_shown(database: Database, erased: Path):
    report, _ = import_path(database, erased)

    assert report.counts.students.created == 1
    (fault,) = [fault for fault in report.faults if fault.code == "erased_person"]
    assert (fault.file, fault.value) == ("users.csv", "u-s2")
    report, _ = import_path(database, erased)
    assert (report.changes, [fault for fault in report.faults if fault.row]) == ([], [])


def test_a_delta_that_deletes_an_erased_person_changes_nothing(
    database: Database, erased: Path, tmp_path: Path
):
    header, *lines = (erased / "users.csv").read_text().splitlines()
    (line,) = [line for line in lines if line.startswith("u-s2,")]
    deleted = line.replace("u-s2,,,", "u-s2,tobedeleted,2026-09-16T06:00:00.000Z,")
    delta = case("delta-after-clean-1.2", tmp_path)
    (delta / "enrollments.csv").unlink()
    (delta / "roles.csv").unlink()
    (delta / "users.csv").write_text(f"{header}\n{deleted}")

    report, _ = import_path(database, delta)

    assert "unknown_to_delete" in {fault.code for fault in report.faults}
    assert (report.counts.students.created, report.counts.students.ended) == (0, 0)
