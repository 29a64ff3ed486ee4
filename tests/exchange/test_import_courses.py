"""Courses whose code changes in the source, and courses that are taken together."""

import re
from pathlib import Path

import pytest

from enrollment.problems.errors import Problem
from enrollment.storage.database import Database
from tests.exchange.imports import export, files, import_path, one, rows, undo
from tests.exchange.packages import case, package

LABELS = "SELECT label FROM course ORDER BY id"


def rewrite(path: Path, old: str, new: str) -> None:
    """Change a text of a file."""
    text = path.read_text()
    assert re.search(old, text)
    path.write_text(re.sub(old, new, text))


def labels(database: Database) -> list[str]:
    return [label for (label,) in rows(database, LABELS)]


def execute(database: Database, sql: str) -> None:
    with database.write() as db:
        db.execute(sql)


def test_a_class_whose_session_is_at_fault_is_left_out_with_what_hangs_on_it(
    database: Database, tmp_path: Path
):
    path = package(tmp_path)
    rewrite(path / "academicSessions.csv", "t-spring(.*)2027-01-18", r"t-spring\g<1>2027-13-18")

    report, _ = import_path(database, path)

    # Biology is the third class, and e-08 enrolls a student in it, e-09 a teacher.
    found = [
        (fault.file, fault.row, fault.column)
        for fault in report.faults
        if fault.severity == "error"
    ]
    assert found == [
        ("academicSessions.csv", 4, "startDate"),
        ("classes.csv", 4, "termSourcedIds"),
        ("enrollments.csv", 9, "classSourcedId"),
        ("enrollments.csv", 10, "classSourcedId"),
    ]
    assert labels(database) == ["ALG1-1", "ALG1-2", "ART1-1"]


def test_a_term_that_is_deleted_in_the_source_stays_and_has_a_line(database: Database, path: Path):
    delta = case("delta-after-clean-1.2", path.parent)
    rewrite(delta / "manifest.csv", "academicSessions,absent", "academicSessions,delta")
    header, *sessions = (path / "academicSessions.csv").read_text().splitlines()
    fall = next(row for row in sessions if row.startswith("t-fall"))
    deleted = fall.replace("t-fall,,", "t-fall,tobedeleted,2026-09-15T06:00:00.000Z")
    (delta / "academicSessions.csv").write_text(f"{header}\n{deleted}\n")

    found = [
        [fault.detail for fault in import_path(database, delta).report.faults if fault.row == 2]
        for _ in range(2)
    ]

    text = "An import deletes no term. The term t-fall stays: delete it here if no course needs it."
    assert found == [[text], []]


# Codes


def test_a_code_that_changes_in_the_source_changes_here(database: Database, path: Path):
    before = export(database)
    execute(
        database,
        "INSERT INTO course_requirement (course_id, choice, code, kind)"
        " SELECT id, 0, 'ALG1', 'prerequisite' FROM course WHERE code = 'BIO1'",
    )
    rewrite(path / "courses.csv", "ALG1", "MAT1")
    rewrite(path / "classes.csv", "ALG1", "MAT1")

    report, _ = import_path(database, path)

    assert labels(database) == ["MAT1-1", "MAT1-2", "BIO1-1", "ART1-1"]
    assert [change.after for change in report.changes] == [{"code": "MAT1"}] * 2
    assert report.counts.courses.changed == 2
    details = [fault.detail for fault in report.faults if fault.code == "code_changed"]
    assert details[0].startswith("The code ALG1 is MAT1 from now on. Courses require the old one:")
    assert import_path(database, path).report.changes == []
    undo(database, report.id + 1)
    undone = undo(database, report.id)
    assert (undone.reversed, undone.conflicts) == (2, 0)
    assert export(database) == before


def test_a_code_that_was_changed_here_stays_until_the_source_changes_it(
    database: Database, path: Path
):
    execute(database, "UPDATE course SET code = 'DRAW', version = version + 1 WHERE id = 4")

    assert import_path(database, path).report.changes == []
    rewrite(path / "courses.csv", "ART1", "ART2")
    rewrite(path / "classes.csv", "ART1", "ART2")
    import_path(database, path)

    assert labels(database)[3] == "ART2-1"


@pytest.mark.parametrize(
    ("sql", "change"),
    [
        (
            "INSERT INTO course (code, section, title, term)"
            " SELECT 'MAT1', '1', 'Another', term FROM course WHERE id = 1",
            "DELETE FROM course WHERE title = 'Another'",
        ),
        (
            "INSERT INTO course_requirement (course_id, choice, code, kind)"
            " VALUES (1, 0, 'MAT1', 'prerequisite')",
            "DELETE FROM course_requirement WHERE code = 'MAT1'",
        ),
    ],
    ids=["another course has it", "the course requires it"],
)
def test_a_code_that_a_course_cannot_have_is_followed_once_it_can(
    sql: str, change: str, database: Database, path: Path
):
    execute(database, sql)
    rewrite(path / "courses.csv", "ALG1", "MAT1")
    rewrite(path / "classes.csv", "ALG1", "MAT1")

    report, _ = import_path(database, path)

    assert labels(database)[:2] == ["ALG1-1", "MAT1-2"]
    assert [fault.row for fault in report.faults if fault.code == "code_kept"] == [2]
    execute(database, change)
    import_path(database, path)
    assert labels(database)[:2] == ["MAT1-1", "MAT1-2"]


def test_a_term_in_which_the_label_is_taken_is_not_followed(database: Database, path: Path):
    execute(
        database,
        "INSERT INTO course (code, section, title, term) VALUES ('ART1', '1', 'A', 't-spring')",
    )
    rewrite(path / "classes.csv", "(cls-art-1.*)t-fall", r"\1t-spring")

    report, _ = import_path(database, path)

    assert "code_kept" in {fault.code for fault in report.faults}
    assert one(database, "SELECT term FROM course WHERE id = 4") == "t-fall"


def test_an_undo_does_not_give_back_a_code_that_another_course_has(database: Database, path: Path):
    rewrite(path / "courses.csv", "ART1", "ART2")
    rewrite(path / "classes.csv", "ART1", "ART2")
    report, _ = import_path(database, path)
    execute(
        database,
        "INSERT INTO course (code, section, title, term)"
        " SELECT 'ART1', '1', 'Another', term FROM course WHERE id = 4",
    )

    undone = undo(database, report.id, keeps_conflicts=True)

    assert [(item.kind, item.outcome) for item in undone.items] == [("course", "conflict")]
    assert labels(database)[3] == "ART2-1"


@pytest.mark.parametrize(
    ("file", "old", "new", "since", "detail"),
    [
        ("classes", "t-spring", "t-fall", "DELETE FROM term WHERE code = 't-spring'", "no term"),
        (
            "c*ses",
            "BIO1",
            "LIFE1",
            "INSERT INTO course_requirement (course_id, choice, code, kind)"
            " SELECT id, 0, 'BIO1', 'prerequisite' FROM course WHERE code = 'LIFE1'",
            "requires the code BIO1",
        ),
    ],
    ids=["term", "requirement"],
)
def test_an_undo_does_not_give_back_what_a_course_can_no_longer_have(
    database: Database, path: Path, file: str, old: str, new: str, since: str, detail: str
):
    for found in path.glob(f"{file}.csv"):
        rewrite(found, old, new)
    report, _ = import_path(database, path)
    execute(database, since)

    undone = undo(database, report.id, keeps_conflicts=True)

    assert [(item.kind, item.outcome) for item in undone.items] == [("course", "conflict")]
    assert detail in (undone.items[0].detail or "")


def test_an_undo_keeps_a_term_that_would_end_before_it_starts(database: Database, path: Path):
    rewrite(path / "academicSessions.csv", "2027-01-16", "2027-03-16")
    report, _ = import_path(database, path)
    execute(database, "UPDATE term SET start_on = '2027-02-01' WHERE code = 't-fall'")

    undone = undo(database, report.id)

    assert [(item.kind, item.outcome) for item in undone.items] == [("term", "kept")]


def test_courses_that_change_places_follow_when_one_has_another_section(
    database: Database, path: Path
):
    rewrite(path / "classes.csv", "ALG1-1", "ALG1-x")
    rewrite(path / "classes.csv", "ALG1-2", "ALG1-1")
    rewrite(path / "classes.csv", "ALG1-x", "ALG1-2")
    for _ in range(2):
        report, _ = import_path(database, path)
        assert labels(database)[:2] == ["ALG1-1", "ALG1-2"]
        assert [fault.code for fault in report.faults] == ["code_kept"] * 2
        assert "give one of them another section here" in report.faults[0].detail

    execute(database, "UPDATE course SET section = 'x', version = version + 1 WHERE id = 1")
    for _ in range(2):
        report, _ = import_path(database, path)

    assert labels(database)[:2] == ["ALG1-2", "ALG1-1"]
    assert import_path(database, path).report.faults == []


# Courses that are taken together


@pytest.fixture
def together(database: Database, path: Path) -> Path:
    """Algebra needs Drawing taken with it; the first student, who is in both, leaves Drawing."""
    execute(
        database,
        "INSERT INTO course_requirement (course_id, choice, code, kind)"
        " VALUES (1, 0, 'ART1', 'corequisite')",
    )
    rewrite(path / "enrollments.csv", "e-06.*\n", "")
    return path


def test_what_stays_without_its_corequisite_is_a_rule_that_is_set_aside(
    database: Database, together: Path
):
    report, _ = import_path(database, together)

    assert report.counts.enrollments.dropped == 1
    assert report.set_aside == {"corequisite_missing": 1}
    (fault,) = [fault for fault in report.faults if fault.code == "rule_set_aside"]
    assert fault.file == "enrollments.csv"
    assert fault.detail == (
        "Amara Diallo is dropped from ART1-1 against a rule: ALG1-1 is taken together with ART1."
    )
    event = "SELECT to_status, overridden FROM student_course_event ORDER BY id DESC LIMIT 1"
    assert rows(database, event) == [("dropped", '["corequisite_missing"]')]


def test_or_an_error_that_leaves_the_enrollment_as_it_was(database: Database, together: Path):
    with pytest.raises(Problem) as refused:
        import_path(database, together, rules="refuse", errors="refuse")
    assert [item.details["code"] for item in refused.value.violations] == ["corequisite_missing"]

    report, _ = import_path(database, together, rules="refuse")

    assert (report.changes, report.counts.enrollments.dropped) == ([], 0)
    # It is checked again: the enrollment is not yet gone.
    report, _ = import_path(database, together, rules="refuse")
    assert [fault.code for fault in report.faults if fault.severity == "error"] == [
        "corequisite_missing"
    ]


def test_nothing_is_broken_if_both_are_dropped_or_another_section_is_taken(
    database: Database, together: Path
):
    whole = (together / "enrollments.csv").read_text()
    rewrite(together / "enrollments.csv", "e-03.*\n", "")
    report, _ = import_path(database, together, dry_run=True)
    assert (report.set_aside, report.counts.enrollments.dropped) == ({}, 2)
    undo(database, report.id)

    (together / "enrollments.csv").write_text(whole)
    with (together / "classes.csv").open("a") as classes:
        classes.write("cls-art-2,,,Drawing,,crs-art,ART1-2,scheduled,,org-s,t-fall,,,\n")
    with (together / "enrollments.csv").open("a") as enrollments:
        enrollments.write("e-20,,,cls-art-2,org-s,u-s1,student,,,\n")
    report, _ = import_path(database, together)
    assert report.set_aside == {}
    assert report.counts.enrollments.dropped == report.counts.enrollments.enrolled == 1


def test_a_roster_that_replaces_judges_what_stays(database: Database, together: Path):
    path = together.parent / "roster.csv"
    path.write_text("Student ID,Last name\n00414,De Marco\n")

    with pytest.raises(Problem) as refused:
        import_path(database, path, course_id=4, replace=True, errors="refuse")

    assert [item.details["code"] for item in refused.value.violations] == ["corequisite_missing"]


def test_an_export_has_the_code_that_stands_here(database: Database, path: Path):
    execute(database, "UPDATE course SET code = 'DRAW', version = version + 1 WHERE id = 4")

    exported = files(export(database))
    assert b"DRAW-1" in exported["classes.csv"]
    assert b",DRAW," in exported["courses.csv"]
