"""Imports of a student whom several records of a source, or several sources, have."""

import pytest
from msgspec.structs import replace

from enrollment.data.merge import merge_student
from enrollment.data.record_change import acting
from enrollment.storage.database import Database
from tests.exchange.imports import CHANGE, NOON, import_content, one, rows, undo
from tests.exchange.small_packages import bulk, delta, place, user

BOTH = {"e1": "u1", "e2": "u2"}
STATUS = "SELECT status FROM student WHERE id = 2"
COURSES = (
    "SELECT course.section FROM student_course JOIN course ON course.id = course_id"
    " WHERE student_id = 2 AND student_course.status = 'enrolled' ORDER BY course.section"
)


def merge(database: Database) -> None:
    """Student 1 is student 2."""
    with database.write() as db, acting(db, CHANGE.actor, NOON):
        merge_student(db, 1, 2, replace(CHANGE))


def disabled(*names: str) -> dict[str, str]:
    return {name: user(name, enabled="false") for name in names}


@pytest.mark.parametrize(
    "content",
    [
        delta(users="u1", gone="u1"),
        delta(users="u1 u2", gone="u1"),
        delta(users="u1", gone="u1 e1", places={"e1": "u1"}),
        delta(users=disabled("u1"), gone="e1", places={"e1": "u1"}),
        bulk({"e2": "u2"}, users=disabled("u1")),
    ],
    ids=[
        "deleted",
        "deleted, and the other one sent",
        "deleted with the enrollment",
        "disabled",
        "disabled in a bulk",
    ],
)
def test_a_student_stays_while_another_record_has_the_student(database: Database, content: bytes):
    import_content(database, bulk(BOTH))
    merge(database)

    report, _ = import_content(database, content)

    assert (one(database, STATUS), rows(database, COURSES)) == ("active", [("k1",)])
    assert report.removals.students.removed == report.removals.enrollments.removed == 0
    assert import_content(database, content).report.changes == []


@pytest.mark.parametrize("last", ["deleted", "disabled", "missing"])
def test_a_student_becomes_inactive_with_the_last_record(database: Database, last: str):
    import_content(database, bulk(BOTH))
    merge(database)
    import_content(database, bulk({"e2": "u2"}, users=disabled("u1")))
    rest = {f"u{n}": user(f"u{n}") for n in range(3, 9)} | disabled("u1")
    content = {
        "deleted": delta(users="u2", gone="u2"),
        "disabled": delta(users=disabled("u2"), places={"e2": "u2"}, gone="e2"),
        "missing": bulk({"e3": "u3"}, 0, users=rest),
    }[last]

    report, _ = import_content(database, content)

    assert (one(database, STATUS), rows(database, COURSES)) == ("inactive", [])
    assert report.removals.students.removed == report.counts.students.ended == 1
    undo(database, report.id)
    assert (one(database, STATUS), rows(database, COURSES)) == ("active", [("k1",)])


def test_a_student_whose_records_are_gone_at_once_is_inactive(database: Database):
    import_content(database, bulk(BOTH))
    merge(database)

    report, _ = import_content(database, delta(users="u1 u2", gone="u1 u2"))

    assert (one(database, STATUS), rows(database, COURSES)) == ("inactive", [])
    assert report.counts.enrollments.dropped == 1


def test_the_courses_of_a_record_that_is_gone_are_dropped(database: Database):
    """Those that another record has too stay."""
    import_content(database, bulk({**BOTH, "e3": place("u1", "k2")}))
    merge(database)
    assert rows(database, COURSES) == [("k1",), ("k2",)]

    report, _ = import_content(database, delta(users="u1", gone="u1"))

    assert (one(database, STATUS), rows(database, COURSES)) == ("active", [("k1",)])
    assert report.removals.enrollments.removed == 1
    import_content(database, delta(users="u1", places={"e3": place("u1", "k2")}))
    assert rows(database, COURSES) == [("k1",), ("k2",)]


@pytest.mark.parametrize("mode", ["bulk", "delta"])
def test_a_source_that_deletes_a_student_leaves_the_courses_of_another(
    database: Database, mode: str
):
    import_content(database, bulk({"e2": "u2", "e3": "u3"}), source="first")
    import_content(database, bulk({"e2": place("u2", "k2")}), source="second")
    others = {f"u{n}": user(f"u{n}") for n in (1, 3, 4, 5, 6, 7, 8)}
    gone = {
        "bulk": bulk({"e3": "u3"}, 0, users=others),
        "delta": delta(users="u2", gone="u2"),
    }[mode]

    import_content(database, gone, source="first")

    assert (one(database, STATUS), rows(database, COURSES)) == ("active", [("k2",)])
    import_content(database, delta(users="u2", gone="u2"), source="second")
    assert (one(database, STATUS), rows(database, COURSES)) == ("inactive", [])
