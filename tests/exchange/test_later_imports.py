"""Packages of which a later one says something else: what the first one did is here already."""

from pathlib import Path

import pytest

from enrollment.storage.database import Database
from tests.exchange.imports import export, files, import_path, one, undo
from tests.exchange.packages import package

NOW = "SELECT status FROM student_course WHERE student_id = 1 AND course_id = 4"


@pytest.fixture
def path(database: Database, tmp_path: Path) -> Path:
    """The clean package, which was imported."""
    path = package(tmp_path)
    import_path(database, path)
    return path


def rewrite(path: Path, file: str, old: str, new: str) -> None:
    """Change a text of a file."""
    text = (path / f"{file}.csv").read_text()
    assert old in text
    (path / f"{file}.csv").write_text(text.replace(old, new))


def test_a_student_who_becomes_a_teacher_of_the_class_is_no_student_of_it_any_more(
    database: Database, path: Path
):
    before = export(database, history=True)
    rewrite(
        path,
        "enrollments",
        "e-06,,,cls-art-1,org-s,u-s1,student",
        "e-06,,,cls-art-1,org-s,u-s1,teacher",
    )

    report, _ = import_path(database, path)

    assert one(database, NOW) == "dropped"
    assert (report.removals.enrollments.removed, report.counts.enrollments.dropped) == (1, 1)
    assert b"e-06,,,cls-art-1,org-s,u-s1,teacher" in files(export(database))["enrollments.csv"]
    assert import_path(database, path).report.changes == []
    undo(database, report.id + 1)
    undo(database, report.id)
    assert export(database, history=True) == before


def test_a_teacher_who_becomes_a_student_of_the_class_is_enrolled(database: Database, path: Path):
    rewrite(
        path,
        "enrollments",
        "e-02,,,cls-alg-2,org-s,u-t2,teacher,true",
        "e-02,,,cls-alg-2,org-s,u-t2,student,",
    )

    report, _ = import_path(database, path)

    assert (report.counts.students.created, report.counts.enrollments.enrolled) == (1, 1)
