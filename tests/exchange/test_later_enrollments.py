"""Packages of which a later one has other enrollments: who is in the class then, and why."""

from typing import Any

import pytest

from enrollment.problems.errors import Problem
from enrollment.storage.database import Database
from tests.exchange.imports import export, files, import_content, one, rows, undo
from tests.exchange.small_packages import bulk, delta, filled, package, place, user
from tests.support.client import Client

ROSTER = {f"e{n}": f"u{n}" for n in range(1, 7)}
# Who is in the class k1, and in the class k2.
ENROLLED = (
    "SELECT student.number, course.section FROM student_course"
    " JOIN student ON student.id = student_id JOIN course ON course.id = course_id"
    " WHERE student_course.status = 'enrolled' ORDER BY student.number, course.section"
)
HISTORY = "SELECT from_status, to_status FROM enrollment_event WHERE student_id = 1 ORDER BY id"
ALL = [f"u{n}" for n in range(1, 7)]


def enrolled(database: Database, section: str = "k1") -> list[str]:
    """The students who are in a class."""
    return [number for number, found in rows(database, ENROLLED) if found == section]


def exported(database: Database, **scope: Any) -> list[tuple[str, str, str]]:
    """The id, the last day and the outcome of each enrollment of the first student."""
    lines = files(export(database, **scope))["enrollments.csv"].decode().splitlines()
    header, *found = [line.split(",") for line in lines]
    cells = [dict(zip(header, line, strict=True)) for line in found]
    return [
        (row["sourcedId"], row["endDate"], row.get("metadata.outcome", ""))
        for row in cells
        if row["userSourcedId"] == "u1"
    ]


@pytest.fixture(autouse=True)
def first(database: Database) -> None:
    """Six of eight students are in the class k1."""
    import_content(database, bulk(ROSTER))
    assert enrolled(database) == ALL


LEFT = place("u1", end="2026-11-26", how="dropped")
BACK = place("u1", begin="2026-11-25")


def same_day(mode: str) -> bytes:
    """A student left and came back on one day."""
    if mode == "delta":
        return delta(gone="e1", places={"e1": LEFT, "e7": BACK})
    return bulk(ROSTER | {"e1": LEFT, "e7": BACK})


@pytest.mark.parametrize("mode", ["bulk", "delta"])
def test_a_student_who_left_and_came_back_on_one_day_is_there(database: Database, mode: str):
    before = export(database, history=True)

    report, _ = import_content(database, same_day(mode))

    assert enrolled(database) == ALL
    assert rows(database, HISTORY) == [
        (None, "enrolled"),
        ("enrolled", "dropped"),
        ("dropped", "enrolled"),
    ]
    assert [fault.code for fault in report.faults if fault.code != "missing_rows"] == [
        "date_not_recorded"
    ]
    assert exported(database) == [("e7", "", "")]
    assert exported(database, history=True) == [("e1", "2026-11-26", "dropped"), ("e7", "", "")]
    assert import_content(database, same_day(mode)).report.changes == []
    undo(database, report.id + 1)
    undo(database, report.id)
    assert export(database, history=True) == before


def test_a_student_is_there_who_came_left_and_came_back_on_one_day(database: Database):
    day = {
        "e7": place("u7", begin="2026-11-25", end="2026-11-26", how="dropped"),
        "e8": place("u7", begin="2026-11-25"),
    }

    report, _ = import_content(database, bulk(ROSTER | day))

    assert enrolled(database) == [*ALL, "u7"]
    assert not {fault.code for fault in report.faults} & {"overlapping", "duplicate_row"}
    assert import_content(database, bulk(ROSTER | day)).report.changes == []


@pytest.mark.parametrize("who", ["u1", "u7"])
@pytest.mark.parametrize("how", ["completed", "failed"])
def test_a_student_takes_a_class_again_that_was_completed_on_a_later_day(
    database: Database, who: str, how: str
):
    before = export(database, history=True)
    places = ROSTER | {
        "e1": place(who, end="2026-10-15", how=how),
        "e9": place(who, begin="2026-10-01"),
    }

    report, _ = import_content(database, bulk(places), removals=9)

    assert who in enrolled(database)
    states = (
        "SELECT to_status, effective_at FROM enrollment_event JOIN student ON student.id ="
        f" student_id WHERE number = '{who}' ORDER BY enrollment_event.id"
    )
    assert rows(database, states) == [
        ("enrolled", "2026-09-01T00:00:00.000Z"),
        ("completed", "2026-10-15T00:00:00.000Z"),
        ("enrolled", "2026-10-15T00:00:00.000Z"),
    ]
    lines = {fault.code: fault.row for fault in report.faults if fault.code != "missing_rows"}
    rule = {"rule_set_aside": 8} if how == "completed" else {}
    assert lines == {"date_not_recorded": 8} | rule
    assert import_content(database, bulk(places)).report.changes == []
    undo(database, report.id + 1)
    undo(database, report.id)
    assert export(database, history=True) == before


@pytest.mark.parametrize("how", ["dropped", ""])
def test_a_row_that_overlaps_one_that_is_not_completed_is_left_out(database: Database, how: str):
    places = {"e1": place("u1", end="2026-10-15", how=how), "e9": place("u1", begin="2026-10-01")}

    report, _ = import_content(database, bulk(ROSTER | places))

    assert "overlapping" in {fault.code for fault in report.faults}
    assert "u1" not in enrolled(database)


def test_an_enrollment_that_has_another_id_is_exported_with_it(database: Database, client: Client):
    gone = place("u1", begin="2026-09-01", end="2026-11-30", how="dropped")
    import_content(database, delta(gone="e1", places={"e1": gone, "e7": "u1"}))

    assert enrolled(database) == ALL
    assert exported(database) == [("e7", "", "")]
    listed = client.get("/ims/oneroster/v1p1/enrollments").json["enrollments"]
    assert [
        (row["sourcedId"], row["status"]) for row in listed if row["user"]["sourcedId"] == "u1"
    ] == [("e7", "active")]


ENDED = place("u1", end="2026-10-01")


@pytest.mark.parametrize(
    ("gone", "shown"), [("e1", "e1b"), ("", "e1")], ids=["deleted", "with a last day"]
)
def test_a_student_stays_until_no_row_has_the_enrollment(database: Database, gone: str, shown: str):
    twice = bulk(ROSTER | {"e1b": place("u1", begin="2026-09-02")})
    import_content(database, delta(places={"e1b": place("u1", begin="2026-09-02")}))

    report, _ = import_content(database, delta(gone=gone, places={"e1": ENDED}))

    assert enrolled(database) == ALL
    assert report.removals.enrollments.removed == report.counts.enrollments.dropped == 0
    assert exported(database) == [(shown, "", "")]
    import_content(database, delta(gone="e1b", places={"e1b": "u1"}))
    assert enrolled(database) == ALL[1:]
    import_content(database, twice)
    assert enrolled(database) == ALL


@pytest.mark.parametrize("mode", ["bulk", "delta"])
def test_a_source_drops_its_students_whatever_another_one_says(database: Database, mode: str):
    import_content(database, bulk(ROSTER), source="old")
    without = {id: name for id, name in ROSTER.items() if id != "e1"}
    gone = bulk(without) if mode == "bulk" else delta(gone="e1", places={"e1": "u1"})

    report, _ = import_content(database, gone)

    assert enrolled(database) == ALL[1:]
    assert report.removals.enrollments.removed == 1
    # What the other one has not changed stays as it is.
    import_content(database, bulk(ROSTER), source="old")
    assert enrolled(database) == ALL[1:]


def test_a_class_that_no_source_has_keeps_no_student(database: Database):
    import_content(database, bulk(ROSTER), source="second")
    gone = delta(classes="k1", gone="k1")

    import_content(database, gone, source="second", removals=7)
    assert enrolled(database) == ALL
    import_content(database, gone, removals=7)

    assert enrolled(database) == []


@pytest.mark.parametrize("mode", ["bulk", "delta"])
def test_a_student_whom_one_source_no_longer_has_leaves_its_courses_and_stays(
    database: Database, mode: str
):
    import_content(database, bulk(ROSTER), source="second")
    rest = {id: name for id, name in ROSTER.items() if id != "e6"}
    gone = {"bulk": bulk(rest, 5), "delta": delta(users="u6", gone="u6")}[mode]

    import_content(database, gone)

    assert one(database, "SELECT status FROM student WHERE number = 'u6'") == "active"
    assert enrolled(database) == ALL[:-1]


def test_a_student_who_left_and_came_back_in_one_source_has_both_on_record(database: Database):
    import_content(database, bulk(ROSTER), source="second")

    import_content(database, same_day("bulk"))

    assert enrolled(database) == ALL
    assert len(rows(database, HISTORY)) == 3


@pytest.mark.parametrize(
    ("gone", "back"),
    [
        (delta(classes="k1", gone="k1"), delta(classes="k1", places=ROSTER)),
        (delta(classes="k1", gone="k1"), bulk(ROSTER)),
        (delta(users="u2", gone="u2"), delta(users="u2", places={"e2": "u2"})),
        (delta(users="u2", gone="u2"), bulk(ROSTER)),
        (bulk(None, 1), bulk(ROSTER)),
    ],
    ids=[
        "a class in a delta, back in a delta",
        "a class in a delta, back in a bulk",
        "a student in a delta, back in a delta",
        "a student in a delta, back in a bulk",
        "students in a bulk without enrollments",
    ],
)
def test_enrollments_come_back_with_the_class_or_the_student(
    database: Database, gone: bytes, back: bytes
):
    before = export(database, history=True)
    ended, _ = import_content(database, gone, removals=12)
    assert "u2" not in enrolled(database)
    assert import_content(database, gone, removals=12).report.changes == []

    report, _ = import_content(database, back)

    assert enrolled(database) == ALL
    assert report.counts.enrollments.enrolled == ended.counts.enrollments.dropped
    assert import_content(database, back).report.changes == []
    for id in range(report.id + 1, ended.id - 1, -1):
        undo(database, id)
    assert export(database, history=True) == before


def test_a_student_who_was_dropped_here_stays_so_when_the_student_comes_back(database: Database):
    with database.write() as db:
        db.execute(
            "UPDATE student_course SET status = 'dropped', dropped_at = :at, changed_at = :at,"
            " effective_at = :at, version = version + 1 WHERE student_id = 2",
            {"at": "2026-11-02T09:00:00.000Z"},
        )
    import_content(database, delta(users="u2", gone="u2"))

    import_content(database, bulk(ROSTER))

    assert one(database, "SELECT status FROM student WHERE number = 'u2'") == "active"
    assert enrolled(database) == ["u1", *ALL[2:]]


def test_of_two_enrollments_the_one_that_goes_on_comes_back_with_the_student(database: Database):
    import_content(database, same_day("bulk"))
    left = place("u1", begin="2026-09-02", end="2026-11-26", how="dropped")
    import_content(database, delta(places={"e1": left}))
    import_content(database, delta(users="u1", gone="u1"))
    assert enrolled(database) == ALL[1:]

    import_content(database, delta(users="u1", places={"e7": BACK}))

    assert enrolled(database) == ALL


@pytest.mark.parametrize("mode", ["bulk", "delta"])
@pytest.mark.parametrize(
    ("changed", "in_first", "in_second"),
    [
        ({"e2": "u8"}, ["u1", *ALL[2:], "u8"], []),
        ({"e1": place("u1", "k2")}, ALL[1:], ["u1"]),
        ({"e1": "u2", "e2": "u1"}, ALL, []),
        ({"e2": "u8", "e8": "u2"}, [*ALL, "u8"], []),
    ],
    ids=["another student", "another class", "two that change places", "another id"],
)
def test_an_enrollment_whose_id_is_of_another_student_or_class_is_missing(
    database: Database,
    mode: str,
    changed: dict[str, str],
    in_first: list[str],
    in_second: list[str],
):
    before = export(database, history=True)
    content = bulk(ROSTER | changed) if mode == "bulk" else delta(places=changed)

    report, _ = import_content(database, content)

    assert (enrolled(database), enrolled(database, "k2")) == (in_first, in_second)
    ended = len({*ALL} - {*in_first})
    assert report.removals.enrollments.removed == report.counts.enrollments.dropped == ended
    assert import_content(database, content).report.changes == []
    undo(database, report.id + 1)
    undo(database, report.id)
    assert export(database, history=True) == before


def test_ids_that_are_of_other_students_count_as_removals(database: Database):
    others = {"e1": "u7", "e2": "u8"} | {f"e{n}": place(f"u{n}", "k2") for n in (3, 4)}

    with pytest.raises(Problem) as refused:
        import_content(database, bulk(ROSTER | others))
    assert refused.value.code == "too_many_removals"
    report, _ = import_content(database, bulk(ROSTER | others), removals=4)
    assert report.removals.enrollments.removed == 4


def test_an_id_that_is_of_another_student_ends_nothing_if_missing_is_kept(database: Database):
    import_content(database, bulk(ROSTER | {"e2": "u8"}), missing="keep")

    assert enrolled(database) == [*ALL, "u8"]


def test_an_id_that_is_of_a_teacher_now_ends_the_enrollment_of_the_student(database: Database):
    teacher = "true,o1,teacher,t1,t1,Katz,"
    tables = {
        "users": {"t1": teacher},
        "enrollments": {"e2": "k1,o1,t1,teacher,2026-09-01,,"},
    }

    import_content(database, package("delta", tables, frozenset()))

    assert enrolled(database) == ["u1", *ALL[2:]]


def test_an_id_that_was_of_a_student_who_is_gone_is_of_another(database: Database):
    tables = {
        "users": {"u2": user("u2").replace("true", "false"), "u8": user("u8")},
        "enrollments": filled({"e2": "u8"}),
    }

    import_content(database, package("bulk", tables, frozenset()), missing="keep")

    assert enrolled(database) == ["u1", *ALL[2:], "u8"]
    assert one(database, "SELECT count(*) FROM source_record WHERE sourced_id = 'e2'") == 2


@pytest.mark.parametrize("kind", ["users", "classes"])
def test_a_row_of_what_is_to_be_deleted_is_left_out_with_a_line(database: Database, kind: str):
    target, column = {"users": ("u1", "userSourcedId"), "classes": ("k1", "classSourcedId")}[kind]
    both = delta(gone=target, places={"e1": "u1"}, **{kind: target})

    report, _ = import_content(database, both, removals=7)

    assert "u1" not in enrolled(database)
    found = [fault for fault in report.faults if fault.code == "unresolved_reference"]
    assert [(fault.row, fault.column, fault.severity) for fault in found] == [
        (2, column, "warning")
    ]
    assert import_content(database, both, removals=7).report.changes == []
    import_content(database, bulk(ROSTER))
    assert enrolled(database) == ALL


@pytest.mark.parametrize(
    ("end", "how", "status"),
    [("2026-10-01", "", "dropped"), ("2026-11-26", "completed", "completed")],
    ids=["before today", "today, with an outcome"],
)
def test_a_row_that_has_ended_is_on_record_beside_a_student_who_is_deleted(
    database: Database, end: str, how: str, status: str
):
    left = place("u1", end=end, how=how)

    report, _ = import_content(database, delta(users="u1", gone="u1", places={"e1": left}))

    assert [fault.code for fault in report.faults] == ["missing_rows"]
    assert one(database, "SELECT status FROM student_course WHERE student_id = 1") == status


def test_an_id_that_is_of_an_unknown_student_ends_nothing(database: Database):
    report, _ = import_content(database, delta(places={"e2": "u99"}))

    assert enrolled(database) == ALL
    assert [fault.code for fault in report.faults] == ["unresolved_reference"]
    import_content(database, delta(users="u99", places={"e2": "u99"}))
    assert enrolled(database) == ["u1", *ALL[2:], "u99"]


def test_a_row_that_was_deleted_under_another_name_keeps_no_one(database: Database):
    import_content(database, delta(places={"e1b": place("u1", begin="2026-09-02")}))
    import_content(database, delta(gone="e1b", places={"e1b": "u8"}))

    import_content(database, delta(gone="e1", places={"e1": "u1"}))

    assert enrolled(database) == ALL[1:]


@pytest.mark.parametrize(
    "cells", ["k1,o1,,student,,,", ",,u1,student,,,", ",,,,,,"], ids=["class", "user", "id alone"]
)
def test_a_row_to_be_deleted_needs_no_more_than_its_id(database: Database, cells: str):
    report, _ = import_content(database, delta(gone="e1", places={"e1": cells}))

    assert [fault.code for fault in report.faults] == ["missing_rows"]
    assert enrolled(database) == ALL[1:]
    assert exported(database) == []


@pytest.mark.parametrize("mode", ["bulk", "delta", "delta, the old id last"])
def test_an_enrollment_that_ends_under_another_id_ends_as_its_row_says(
    database: Database, mode: str
):
    ended = {"e9": place("u1", end="2026-11-20", how="completed")}
    rest = {id: name for id, name in ROSTER.items() if id != "e1"}
    places = {"delta": {"e1": "u1"} | ended, "delta, the old id last": ended | {"e1": "u1"}}
    content = delta(gone="e1", places=places[mode]) if mode in places else bulk(rest | ended)

    report, _ = import_content(database, content)

    assert rows(database, HISTORY) == [(None, "enrolled"), ("enrolled", "completed")]
    assert one(database, "SELECT completed_at FROM enrollment WHERE student_id = 1") == (
        "2026-11-20T00:00:00.000Z"
    )
    counts = report.counts.enrollments
    assert (counts.completed, counts.dropped, report.faults) == (1, 0, [])
    assert import_content(database, content).report.changes == []


def test_a_completion_whose_row_is_deleted_stays_and_has_a_line(database: Database):
    completed = place("u1", how="completed", end="2026-10-01")
    import_content(database, bulk(ROSTER | {"e1": completed}))
    gone = {"e1": place("u1"), "e2": place("u2")}

    report, _ = import_content(database, delta(gone="e1 e2", places=gone), removals=1)

    detail = "The student has completed the course here. That stays: correct the enrollment here"
    missing, kept = report.faults
    assert missing.detail == "1 of 5 enrollments: dropped, since the files no longer have them."
    assert (kept.row, kept.code, kept.detail) == (2, "not_kept", f"{detail}, if it is wrong.")
    statuses = "SELECT status FROM student_course ORDER BY student_id LIMIT 2"
    assert rows(database, statuses) == [("completed",), ("dropped",)]


@pytest.mark.parametrize(
    ("before", "meanwhile", "after"),
    [
        ("open", None, "open"),
        ("closed", None, "closed"),
        ("cancelled", None, "cancelled"),
        ("open", "closed", "closed"),
    ],
)
def test_a_class_that_is_back_has_the_status_that_it_had(
    database: Database, before: str, meanwhile: str | None, after: str
):
    import_content(database, bulk(None))
    set_status(database, before)
    import_content(database, delta(gone="k1", classes="k1"), removals=9)
    assert one(database, "SELECT status FROM course WHERE section = 'k1'") == "cancelled"
    if meanwhile:
        set_status(database, meanwhile)

    import_content(database, delta(classes="k1"))

    assert one(database, "SELECT status FROM course WHERE section = 'k1'") == after


def set_status(database: Database, status: str) -> None:
    with database.write() as db:
        db.execute(f"UPDATE course SET status = '{status}' WHERE section = 'k1'")
