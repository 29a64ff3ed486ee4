"""Exports of what other systems have: a new database that imports them has the same state."""

from typing import Any

import pytest

from enrollment.model.types import Timestamp
from enrollment.storage.database import Database
from tests.exchange.imports import export, import_content, rows
from tests.exchange.strict import validate
from tests.exchange.test_later_enrollments import bulk, delta, place
from tests.support.client import Client

FIRST = Timestamp("2026-11-20T12:00:00.000Z")
SECOND = Timestamp("2026-11-22T12:00:00.000Z")
THIRD = Timestamp("2026-11-24T12:00:00.000Z")
# Who is or was in which class.
STATE = (
    "SELECT student.number, course.label, student_course.status FROM student_course"
    " JOIN student ON student.id = student_id JOIN course ON course.id = course_id"
    " WHERE student_course.status <> 'void' ORDER BY student.number, course.label"
)
Databases = tuple[Database, Database]


def state(database: Database) -> list[tuple[Any, ...]]:
    return rows(database, STATE)


def ends(archive: bytes) -> dict[str, tuple[str, str, str]]:
    """The first day, the last day and the outcome of each enrollment, by its id. An id of ours is
    `own`."""
    return {
        row["sourcedId"] if len(row["sourcedId"]) < 5 else "own": (
            row["beginDate"],
            row["endDate"],
            row.get("metadata.outcome", ""),
        )
        for row in validate(archive)["enrollments"]
    }


# The history


@pytest.mark.parametrize(
    "gone",
    [bulk({"e2": "u2"}), delta(gone="e1", places={"e1": "u1"}), delta(users="u1", gone="u1")],
    ids=["missing", "deleted", "of a student who is deleted"],
)
def test_an_enrollment_whose_row_is_gone_is_dropped_in_the_history(
    client: Client, two_databases: Databases, gone: bytes
):
    first, second = two_databases
    import_content(first, bulk({"e1": "u1", "e2": "u2"}), at=FIRST)
    import_content(first, gone, at=SECOND)

    exported = export(first, history=True)

    assert ends(exported)["e1"] == ("2026-09-01", "2026-11-23", "dropped")
    listed = client.get("/ims/oneroster/rostering/v1p2/enrollments/e1").json["enrollment"]
    assert (listed["status"], listed["endDate"]) == ("tobedeleted", "2026-11-23")
    import_content(second, exported, errors="refuse")
    assert state(second) == state(first)


def test_a_student_who_was_missing_for_a_night_is_enrolled_in_the_history(
    client: Client, two_databases: Databases
):
    first, second = two_databases
    for at, places in ((FIRST, {"e1": "u1"}), (SECOND, {}), (THIRD, {"e1": "u1"})):
        import_content(first, bulk(places | {"e2": "u2"}), at=at)

    exported = export(first, history=True)

    assert ends(exported) == {
        "own": ("2026-09-01", "2026-11-23", "dropped"),
        "e1": ("2026-11-24", "", ""),
        "e2": ("2026-09-01", "", ""),
    }
    listed = client.get("/ims/oneroster/rostering/v1p2/enrollments/e1").json["enrollment"]
    assert listed["beginDate"] == "2026-11-24"
    import_content(second, exported, errors="refuse")
    assert state(second) == state(first)
    # Without the history, the row is as it came.
    assert ends(export(first))["e1"] == ("2026-09-01", "", "")


def test_a_student_who_takes_a_completed_course_again_is_enrolled_in_the_export(
    two_databases: Databases,
):
    first, second = two_databases
    done = place("u1", end="2026-11-21", how="completed")
    for at, cells in ((FIRST, "u1"), (SECOND, done), (THIRD, "u1")):
        import_content(first, bulk({"e1": cells, "e2": "u2"}), at=at)

    exported = export(first)

    assert ends(exported)["e1"] == ("2026-11-24", "", "")
    import_content(second, exported, errors="refuse")
    assert state(second) == state(first)
