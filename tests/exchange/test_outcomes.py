"""Outcomes that change in the source are corrected here, on record."""

from pathlib import Path
from typing import Any

import pytest

from enrollment.exchange.importing import Made
from enrollment.storage.database import Database
from tests.exchange.imports import import_path, rows, undo
from tests.exchange.packages import package

HEADER = (
    "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,"
    "beginDate,endDate,metadata.outcome,metadata.grade\n"
)
STANDING = "SELECT status, passed, grade FROM enrollment WHERE student_id = 1"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return package(tmp_path)


def bring_in(database: Database, path: Path, outcome: str, **options: Any) -> Made:
    """Import one enrollment, which ended in October, with this outcome and grade."""
    row = f"e-1,,,cls-alg-1,org-s,u-s1,student,,2026-09-01,2026-10-15,{outcome}\n"
    (path / "enrollments.csv").write_text(HEADER + row)
    return import_path(database, path, **options)


def standing(database: Database) -> tuple[Any, ...]:
    (found,) = rows(database, STANDING)
    status, passed, grade = found
    return status, passed and bool(passed), grade


@pytest.mark.parametrize(
    ("before", "after", "stands", "was"),
    [
        ("completed,B", "failed,F", ("completed", False, "F"), "passed with the grade B"),
        ("completed,B", "completed,A", ("completed", True, "A"), "passed with the grade B"),
        ("failed,", "completed,", ("completed", True, None), "failed"),
        ("completed,B", "dropped,", ("dropped", None, None), "passed with the grade B"),
        (",", "completed,A", ("completed", True, "A"), "dropped"),
    ],
)
def test_an_outcome_that_the_source_changes_is_corrected(
    database: Database, path: Path, before: str, after: str, stands: tuple[Any, ...], was: str
):
    bring_in(database, path, before)
    first = standing(database)

    report, _ = bring_in(database, path, after)

    assert standing(database) == stands
    (fault,) = [fault for fault in report.faults if fault.code == "outcome_corrected"]
    assert fault.row == 2
    assert fault.detail == f"Here, the enrollment was {was}. It is corrected, on record."
    changed = [(change.before, (change.after or {})["status"]) for change in report.changes]
    assert changed == [({"status": first[0]}, stands[0])]
    counts = report.counts.enrollments
    assert (counts.completed + counts.dropped, counts.unchanged) == (1, 0)
    assert bring_in(database, path, after).report.changes == []
    undo(database, report.id + 1)
    assert undo(database, report.id).reversed == 1
    assert standing(database) == first


def test_an_outcome_that_the_source_says_no_more_stays(database: Database, path: Path):
    bring_in(database, path, "completed,B")

    assert bring_in(database, path, ",").report.changes == []
    assert standing(database) == ("completed", True, "B")


def test_an_outcome_that_was_corrected_here_stays_until_the_source_changes_it(
    database: Database, path: Path
):
    bring_in(database, path, "completed,B")
    with database.write() as db:
        db.execute(
            "UPDATE student_course SET grade = 'A', corrects ="
            " (SELECT max(id) FROM student_course_event WHERE student_id = 1),"
            " change_reason = 'x', version = version + 1 WHERE student_id = 1"
        )

    assert bring_in(database, path, "completed,B").report.changes == []
    assert standing(database)[2] == "A"
    bring_in(database, path, "completed,C")
    assert standing(database)[2] == "C"
