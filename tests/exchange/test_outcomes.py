"""Outcomes that change in the source are corrected here, on record."""

from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from enrollment.exchange.importing import Made
from enrollment.storage.database import Database
from tests.exchange.imports import import_path, rows, undo
from tests.exchange.packages import package
from tests.support.traced import traced

HEADER = (
    "sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,"
    "beginDate,endDate,metadata.outcome,metadata.grade\n"
)
STANDING = "SELECT status, passed, grade FROM enrollment WHERE student_id = 1"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return package(tmp_path)


def bring_in(
    database: Database, path: Path, outcome: str, day: str = "2026-10-15", *, students: int = 1
) -> Made:
    """Import an enrollment of each of the first students, which ended with this outcome and grade
    on this day."""
    rows = [
        f"e-{number},,,cls-alg-1,org-s,u-s{number},student,,2026-09-01,{day},{outcome}\n"
        for number in range(1, students + 1)
    ]
    (path / "enrollments.csv").write_text(HEADER + "".join(rows))
    return import_path(database, path)


def correct(database: Database, values: str) -> None:
    """Correct the enrollment of the first student here."""
    with database.write() as db:
        db.execute(
            f"UPDATE student_course SET {values}, corrects ="
            " (SELECT max(id) FROM student_course_event WHERE student_id = 1),"
            " change_reason = 'x', version = version + 1 WHERE student_id = 1"
        )


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
    correct(database, "grade = 'A'")

    assert bring_in(database, path, "completed,B").report.changes == []
    assert standing(database)[2] == "A"
    bring_in(database, path, "completed,C")
    assert standing(database)[2] == "C"


@pytest.mark.parametrize(("day", "ends"), [("2026-10-15", "2026-10-18"), ("2026-10-20",) * 2])
def test_the_day_stays_with_a_corrected_outcome_unless_the_source_changes_it_too(
    database: Database, path: Path, day: str, ends: str
):
    bring_in(database, path, "completed,B")
    here = "'2026-10-18T00:00:00.000Z'"
    correct(database, f"completed_at = {here}, effective_at = {here}")

    bring_in(database, path, "dropped,", day)

    dropped = "SELECT dropped_at, completed_at FROM enrollment WHERE student_id = 1"
    assert rows(database, dropped) == [(f"{ends}T00:00:00.000Z", None)]


def test_of_two_rows_that_mean_one_enrollment_the_last_is_the_correction(
    database: Database, path: Path
):
    bring_in(database, path, "completed,B")
    row = "e-{},,,cls-alg-1,org-s,u-s1,student,,2026-{}-01,2026-{}-15,{}\n"
    found = []
    for outcome in ("completed,B", "failed,F"):
        both = (row.format(month, month, month, outcome) for month in ("09", "10"))
        (path / "enrollments.csv").write_text(HEADER + "".join(both))
        report, _ = import_path(database, path, source="office")
        found.append([fault.row for fault in report.faults if fault.code == "outcome_corrected"])

    assert found == [[], [3]]
    assert standing(database) == ("completed", False, "F")
    assert len(report.changes) == 1


@pytest.mark.usefixtures("database_file")  # SQLite shows its statements.
def test_many_corrections_take_as_many_statements_as_one(database: Database, path: Path):
    bring_in(database, path, "completed,B", students=4)
    counts = []
    for students, outcome in ((1, "failed,F"), (4, "completed,A")):
        bring_in(database, path, "completed,B", students=4)
        with traced(database) as statements:
            bring_in(database, path, outcome, students=students)
        # Each once, however many triggers it sets off.
        counts.append(len([*groupby(statements)]))
    assert counts[0] == counts[1]
