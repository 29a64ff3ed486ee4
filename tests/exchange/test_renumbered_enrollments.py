"""Packages that give an enrollment another id, or leave it out for a while: what was decided here
stays."""

import pytest

from enrollment.storage.database import Database
from tests.exchange.imports import export, import_content, rows, undo
from tests.exchange.small_packages import bulk, delta, place

ROSTER = {"e1": "u1", "e2": "u2", "e3": "u3"}
RENUMBERED = {"e1x": "u1", "e2": "u2", "e3": "u3"}
STATUS = "SELECT status, grade FROM enrollment WHERE student_id = 1"
LATER = "2026-11-02T09:00:00.000Z"


@pytest.fixture(autouse=True)
def first(database: Database) -> None:
    import_content(database, bulk(ROSTER))


def end_here(database: Database, status: str) -> tuple[str, str | None]:
    """Complete or drop the enrollment of the first student, and return what it is now."""
    outcome = ", passed = :passed, grade = 'A'" if status == "completed" else ""
    with database.write() as db:
        db.execute(
            f"UPDATE student_course SET status = '{status}', {status}_at = :at, changed_at = :at,"
            f" effective_at = :at, version = version + 1{outcome} WHERE student_id = 1",
            {"at": LATER} | ({"passed": True} if outcome else {}),
        )
    return rows(database, STATUS)[0]


@pytest.mark.parametrize("status", ["completed", "dropped"])
@pytest.mark.parametrize(
    "packages",
    [
        [bulk(RENUMBERED)],
        [delta(gone="e1", places={"e1": "u1", "e1x": "u1"})],
        [delta(places={"e1x": "u1"}), delta(gone="e1", places={"e1": "u1"})],
        [bulk({"e2": "u2"}), bulk({"e1": "u1", "e2": "u2"})],
        [bulk({"e2": "u2"}), bulk(RENUMBERED)],
        [delta(gone="e1", places={"e1": "u1"}), delta(places={"e1": "u1"})],
        [delta(classes="k1", gone="k1"), bulk(ROSTER)],
    ],
    ids=[
        "another id in a bulk",
        "another id in a delta",
        "another id, the old one deleted later",
        "gone and back in a bulk",
        "gone and back with another id",
        "gone and back in a delta",
        "the class gone and back",
    ],
)
def test_what_was_decided_here_stays_when_an_enrollment_has_another_id(
    database: Database, packages: list[bytes], status: str
):
    ended = end_here(database, status)
    before = export(database, history=True)

    reports = [import_content(database, content, removals=9).report for content in packages]

    assert rows(database, STATUS) == [ended]
    assert "rule_set_aside" not in {fault.code for fault in reports[-1].faults}
    assert import_content(database, packages[-1], removals=9).report.changes == []
    for report in reversed(reports):
        undo(database, report.id)
    assert export(database, history=True) == before


@pytest.mark.parametrize("status", ["completed", "dropped"])
def test_an_enrollment_that_comes_back_since_another_day_is_a_new_one(
    database: Database, status: str
):
    end_here(database, status)
    import_content(database, bulk({"e2": "u2", "e3": "u3"}))

    import_content(database, bulk(ROSTER | {"e1": place("u1", begin="2026-11-10")}))

    assert rows(database, "SELECT status FROM student_course WHERE student_id = 1") == [
        ("enrolled",)
    ]


def test_an_enrollment_that_was_dropped_by_the_source_comes_back_with_another_id(
    database: Database,
):
    import_content(database, bulk({"e2": "u2", "e3": "u3"}))
    assert rows(database, STATUS) == [("dropped", None)]

    report, _ = import_content(database, bulk(RENUMBERED))

    assert rows(database, STATUS) == [("enrolled", None)]
    assert report.counts.enrollments.enrolled == 1
    assert import_content(database, bulk(RENUMBERED)).report.changes == []


@pytest.mark.parametrize("role", ["teacher", "aide"])
def test_a_student_who_helps_to_teach_the_class_stays_in_it(database: Database, role: str):
    import_content(database, delta(places={"e9": f"k1,o1,u1,{role},2026-09-01,,"}))
    import_content(database, bulk(ROSTER))

    assert rows(database, STATUS) == [("enrolled", None)]
