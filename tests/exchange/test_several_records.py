"""Imports of a student whom several records of a source, or several sources, have."""

import pytest
from msgspec.structs import replace

from enrollment.data.merge import merge_student
from enrollment.data.record_change import acting
from enrollment.storage.database import Database
from tests.exchange.imports import CHANGE, NOON, export, files, import_content, one, rows, undo
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


# Rows that say the same under several ids

TWICE = {"e1": "u1", "e2": "u2", "e9": "u1"}
FIRST = (
    "SELECT to_status FROM enrollment_event JOIN student ON student.id = student_id"
    " WHERE number = 'u1' ORDER BY enrollment_event.id"
)


def exported_ids(database: Database) -> list[str]:
    """The ids of the enrollments of the first student that are exported."""
    lines = files(export(database))["enrollments.csv"].decode().splitlines()
    return [line.split(",")[0] for line in lines if ",u1," in line]


@pytest.mark.parametrize("mode", ["bulk", "delta"])
@pytest.mark.parametrize(("gone", "standing"), [("e1", "e9"), ("e9", "e1")])
def test_a_student_stays_while_one_of_two_rows_has_the_student(
    database: Database, mode: str, gone: str, standing: str
):
    report, _ = import_content(database, bulk(TWICE))
    (fault,) = [fault for fault in report.faults if fault.file == "enrollments.csv"]
    assert (fault.code, fault.row) == ("same_enrollment", 4)
    assert (report.counts.enrollments.enrolled, exported_ids(database)) == (2, ["e1"])
    assert import_content(database, bulk(TWICE)).report.changes == []
    before = export(database, history=True)

    def without(*ids: str) -> bytes:
        if mode == "bulk":
            return bulk({id: user for id, user in TWICE.items() if id not in ids})
        return delta(gone=ids[-1], places={ids[-1]: "u1"})

    first, _ = import_content(database, without(gone))

    assert first.removals.enrollments.removed == 0
    assert (rows(database, FIRST), exported_ids(database)) == ([("enrolled",)], [standing])
    assert import_content(database, without(gone)).report.changes == []
    second, _ = import_content(database, without(gone, standing))
    assert second.removals.enrollments.removed == 1
    assert rows(database, FIRST) == [("enrolled",), ("dropped",)]
    undo(database, second.id)
    undo(database, first.id)
    assert export(database, history=True) == before


def test_an_enrollment_with_two_rows_counts_once(database: Database):
    first, _ = import_content(database, bulk(TWICE))

    gone, _ = import_content(database, bulk({"e2": "u2"}))
    back, _ = import_content(database, bulk(TWICE))

    counts = first.counts.enrollments
    assert (counts.enrolled, counts.unchanged) == (2, 0)
    removed = gone.removals.enrollments
    assert (removed.removed, removed.of, gone.counts.enrollments.dropped) == (1, 2, 1)
    assert (back.counts.enrollments.enrolled, len(back.changes)) == (1, 1)


def test_a_second_row_that_says_the_same_later_is_of_the_same_enrollment(database: Database):
    import_content(database, bulk({"e1": "u1"}))

    import_content(database, delta(places={"e1": "u1", "e9": "u1"}))
    import_content(database, delta(gone="e1", places={"e1": "u1"}))

    assert (rows(database, FIRST), exported_ids(database)) == ([("enrolled",)], ["e9"])


def test_what_two_rows_say_has_ended_is_on_record_once(database: Database):
    ended = place("u1", end="2026-10-15", how="completed")
    back = place("u1", begin="2026-11-01")
    content = bulk({"e1": ended, "e3": back, "e8": ended, "e9": back})

    import_content(database, content)

    assert rows(database, FIRST) == [("enrolled",), ("completed",), ("enrolled",)]
    assert exported_ids(database) == ["e1", "e3"]
    assert import_content(database, content).report.changes == []
    import_content(database, bulk({"e8": ended, "e9": back}))
    assert rows(database, FIRST) == [("enrolled",), ("completed",), ("enrolled",)]
    assert exported_ids(database) == ["e8", "e9"]


def test_two_rows_of_the_same_days_with_two_outcomes_are_not_the_same(database: Database):
    ends = {how: place("u1", end="2026-10-15", how=how) for how in ("completed", "dropped")}

    content = bulk({"e1": ends["completed"], "e9": ends["dropped"]})
    report, _ = import_content(database, content)

    (fault,) = [fault for fault in report.faults if fault.file == "enrollments.csv"]
    assert fault.code == "duplicate_row"
    assert rows(database, FIRST) == [("enrolled",), ("completed",)]


def test_of_two_changed_rows_of_one_student_the_last_counts(database: Database):
    """On both engines: an update from two rows takes any of them."""
    import_content(database, bulk(None))
    merge(database)
    changed = {"u1": "true,o1,student,u1,Ada,Fu1,u1", "u2": "true,o1,student,u2,Bob,Fu2,u2"}

    import_content(database, bulk(None, users=changed))

    assert one(database, "SELECT given_name FROM student WHERE id = 2") == "Bob"
    reversed_ = {"u2": "true,o1,student,u2,Bea,Fu2,u2", "u1": "true,o1,student,u1,Ann,Fu1,u1"}
    import_content(database, delta(users=reversed_))
    assert one(database, "SELECT given_name FROM student WHERE id = 2") == "Ann"
