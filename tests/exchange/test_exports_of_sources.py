"""Exports of what other systems have: a new database that imports them has the same state."""

from typing import Any

import pytest

from enrollment.model.types import Timestamp
from enrollment.problems.errors import Problem
from enrollment.storage.database import Database
from tests.exchange.imports import archive, export, files, import_content, rows, undo
from tests.exchange.packages import zipped
from tests.exchange.small_packages import bulk, class_, delta, package, place, user
from tests.exchange.strict import validate
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


def test_a_student_who_is_inactive_since_today_is_inactive_where_the_history_goes(
    two_databases: Databases,
):
    first, second = two_databases
    import_content(first, bulk({"e1": "u1", "e2": "u2"}), at=FIRST)
    import_content(first, delta(users="u1", gone="u1"), at=SECOND)

    exported = export(first, history=True)

    assert ends(exported)["e1"] == ("2026-09-01", "2026-11-23", "dropped")
    import_content(second, exported, at=SECOND, errors="refuse")
    statuses = "SELECT number, status FROM student ORDER BY number LIMIT 2"
    assert rows(second, statuses) == rows(first, statuses)
    assert rows(second, statuses) == [("u1", "inactive"), ("u2", "active")]
    assert state(second) == state(first)


# Columns of their own


def header(archive: bytes, file: str) -> list[str]:
    """The columns of their own that a file has."""
    line, *_ = files(archive)[f"{file}.csv"].decode().splitlines()
    return [name for name in line.split(",") if name.startswith("metadata.")]


def test_a_column_of_rows_that_are_not_exported_is_left_out(two_databases: Databases):
    first, second = two_databases
    left = place("u1", end="2026-11-21", how="dropped")
    done = place("u2", "k2", end="2026-11-21", how="completed")
    for at, cells in ((FIRST, "u1"), (SECOND, left)):
        import_content(first, bulk({"e1": cells, "e2": done, "e3": "u3"}), at=at)

    assert header(export(first), "enrollments") == ["metadata.outcome"]
    with first.write() as db:
        db.execute("UPDATE course SET status = 'cancelled', version = version + 1 WHERE id = 2")
    exported = export(first)

    assert header(exported, "enrollments") == []
    assert header(export(first, history=True), "enrollments") == ["metadata.outcome"]
    import_content(second, exported, errors="refuse")
    assert files(export(second)) == files(exported)


def test_an_outcome_that_was_corrected_here_has_its_column(two_databases: Databases):
    first, second = two_databases
    places = {"e1": place("u1", "k0", "2026-02-01", "2026-07-01")}
    import_content(first, bulk(places, classes={"k0": class_("k0", "t0")}), at=FIRST)
    assert header(export(first), "enrollments") == []
    with first.write() as db:
        db.execute(
            "UPDATE student_course SET passed = false, corrects = 2, change_reason = 'x',"
            " version = version + 1"
        )

    exported = export(first)

    assert ends(exported)["e1"] == ("2026-02-01", "2026-07-01", "failed")
    import_content(second, exported, errors="refuse")
    assert files(export(second)) == files(exported)


# A chain of deltas


def follow(first: Database, second: Database, *steps: bytes) -> list[dict[str, dict[str, str]]]:
    """Import packages into a database, each at a time of its own, and each time export what has
    changed to another one. Return the statuses of the rows of each delta, by file and id."""
    since, deltas = None, []
    for at, content in zip((FIRST, SECOND, THIRD), steps, strict=False):
        import_content(first, content, at=at, removals=9)
        deltas.append(pass_on(first, second, at, since))
        since = at.replace("12:00", "12:01")
    return deltas[1:]


def pass_on(
    first: Database,
    second: Database,
    at: Timestamp,
    since: str | None,
    roles: str = "student|teacher",
) -> dict[str, dict[str, str]]:
    exported = export(first, since=since)
    import_content(second, exported, at=at, removals=9)
    return {
        name: {row["sourcedId"]: row["status"] for row in listed}
        for name, listed in validate(exported, roles).items()
    }


def test_a_delta_has_the_role_of_a_student_whom_a_package_of_1_1_brought(
    two_databases: Databases,
):
    (changed,) = follow(*two_databases, bulk({"e1": "u1"}, students=1), delta(users="u2"))

    assert [*changed["users"]] == ["u2"]
    assert [*changed["roles"].values()] == ["active"]
    assert rows(two_databases[1], "SELECT number FROM student ORDER BY 1") == [("u1",), ("u2",)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"e1": "u2", "e2": "u3"}, {"e1": place("u2", "k2"), "e2": "u2"}),
        ({"e1": "u1", "e2": "u2"}, {"e9": "u1", "e2": "u2"}),
        ({"e1": "u1", "e1b": place("u1", begin="2026-09-02")}, {"e1b": "u1"}),
        ({"e1": "u1", "e2": "u2"}, {"e1": "u2", "e2": "u1"}),
        ({"e1": "u1", "e1b": place("u1", begin="2026-09-02")}, {"e1": "u2", "e1b": "u1"}),
    ],
    ids=["moved", "another id", "another row", "changed places", "another row since one moved"],
)
def test_deltas_lead_to_the_same_enrollments(
    two_databases: Databases, before: dict[str, str], after: dict[str, str]
):
    first, second = two_databases
    rest = {"e7": "u7"}

    follow(first, second, bulk(before | rest), bulk(after | rest))
    assert state(second) == state(first)
    import_content(first, bulk(rest), at=THIRD, removals=9)
    pass_on(first, second, THIRD, SECOND)

    assert state(second) == state(first)
    assert not [row for row in state(second) if row[2] == "enrolled" and row[0] != "u7"]


def test_an_id_that_an_enrollment_has_lost_is_to_be_deleted(two_databases: Databases):
    (changed,) = follow(*two_databases, bulk({"e1": "u1"}), bulk({"e9": "u1"}))

    assert changed["enrollments"] == {"e1": "tobedeleted", "e9": "active"}


def test_an_undo_is_passed_on(two_databases: Databases):
    first, second = two_databases
    follow(first, second, bulk({"e1": "u1"}), bulk({"e9": "u1", "e3": "u3"}))

    undo(first, 2, at=THIRD)

    changed = pass_on(first, second, THIRD, THIRD)
    assert {id: status for id, status in changed["enrollments"].items() if len(id) < 5} == {
        "e1": "active",
        "e3": "tobedeleted",
        "e9": "tobedeleted",
    }
    assert [row for row in state(second) if row[2] == "enrolled"] == state(first)


def test_a_teacher_who_leaves_a_class_leaves_it_in_a_delta(two_databases: Databases):
    teaches = {"e1": "u1", "e5": "k1,o1,u5,teacher,2026-09-01,,"}

    (changed,) = follow(*two_databases, bulk(teaches), bulk({"e1": "u1"}))

    assert changed["enrollments"] == {"e5": "tobedeleted"}


TEACHER = {"t9": user("t9", role="teacher")}
KEPT = {
    "orgs": {"o2": "Annex,school"},
    "academicSessions": {"g1": "Quarter 1,gradingPeriod,2026-09-01,2026-11-01,2027"},
    "courses": {"c2": "Art,ART1,o1"},
    "users": TEACHER,
}
GONE = {
    "orgs": {"o2": "tobedeleted"},
    "academicSessions": {"g1": "tobedeleted"},
    "courses": {"c2": "tobedeleted"},
    "users": {"t9": "tobedeleted"},
    "roles": {"role": "tobedeleted"},
}


def named(changed: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    """The statuses of a delta. The role of the teacher, which has an id of ours, is `role`."""
    (status,) = changed["roles"].values()
    return changed | {"roles": {"role": status}}


def test_what_another_system_has_deleted_is_to_be_deleted_in_a_delta(two_databases: Databases):
    gone = delta(gone="o2 g1 c2 t9", **KEPT)

    (changed,) = follow(*two_databases, bulk({"e1": "u1"}, **KEPT), gone)

    assert named(changed) == GONE
    sent, passed = (files(export(database)) for database in two_databases)
    for table in ("orgs", "academicSessions", "courses", "users", "roles"):
        assert passed[f"{table}.csv"] == sent[f"{table}.csv"]


def test_what_came_with_an_import_that_is_undone_is_to_be_deleted_in_a_delta(
    two_databases: Databases,
):
    first, second = two_databases
    follow(first, second, bulk({"e1": "u1"}), delta(**KEPT))

    undo(first, 2, at=THIRD)

    assert named(pass_on(first, second, THIRD, THIRD)) == GONE


def test_a_term_that_another_system_has_deleted_and_is_here_stays_in_a_delta(
    two_databases: Databases,
):
    term = {"t0": "Spring 2026,term,2026-02-01,2026-07-01,2026"}

    (changed,) = follow(*two_databases, bulk({"e1": "u1"}), delta(gone="t0", academicSessions=term))

    assert changed == {}


def test_a_role_that_another_system_has_no_more_is_to_be_deleted_in_a_delta(
    two_databases: Databases,
):
    first, second = two_databases
    roles = "student|teacher|guardian"
    import_content(first, archive("clean-1.2"), at=FIRST)
    pass_on(first, second, FIRST, None, roles)
    lines = [
        b"r-2,,,u-t2,primary,teacher,,,org-s,\r\n",
        b"u-t2,,,true,poduya,,Peter,Oduya,,T-11,poduya@linden.example,,,,,,,,,,,,,\r\n",
        b"e-02,,,cls-alg-2,org-s,u-t2,teacher,true,,\r\n",
    ]
    gone = archive("clean-1.2", *((line, b"") for line in lines))
    import_content(first, gone, at=SECOND)

    assert pass_on(first, second, SECOND, SECOND, roles) == {
        "enrollments": {"e-02": "tobedeleted"},
        "roles": {"r-2": "tobedeleted"},
        "users": {"u-t2": "tobedeleted"},
    }


def test_what_only_another_system_has_of_a_student_is_in_a_delta(two_databases: Databases):
    named = {"u1": user("u1").replace("student,u1", "student,ada")}

    (changed,) = follow(
        *two_databases, bulk({"e1": "u1"}), package("delta", {"users": named}, frozenset())
    )

    assert changed["users"] == {"u1": "active"}
    assert b",ada," in files(export(two_databases[1]))["users.csv"]


def test_an_enrollment_that_loses_its_id_and_stays_is_ours(two_databases: Databases):
    first, second = two_databases
    follow(first, second, bulk({"e1": "u1", "e2": "u2"}))
    import_content(first, bulk({"e1": "u1", "e2": "u8"}), at=SECOND, missing="keep")

    changed = pass_on(first, second, SECOND, SECOND)

    assert [*changed["enrollments"].values()] == ["active", "active"]
    assert state(second) == state(first)


def test_a_delta_in_which_nothing_has_changed_is_imported(two_databases: Databases):
    first, second = two_databases
    follow(first, second, bulk({"e1": "u1"}))
    before = export(second, history=True)
    empty = export(first, since="2999-01-01T00:00:00.000Z")
    assert files(empty) == {}

    report, _ = import_content(second, empty, errors="refuse")

    assert (report.changes, report.faults) == ([], [])
    assert export(second, history=True) == before


@pytest.mark.parametrize("modes", ["", "file.users,absent\nfile.orgs,bulk\n"], ids=["none", "bulk"])
def test_a_manifest_alone_that_does_not_say_that_all_is_absent_is_refused(
    database: Database, modes: str
):
    manifest = f"propertyName,value\nmanifest.version,1.0\noneroster.version,1.2\n{modes}"

    with pytest.raises(Problem) as refused:
        import_content(database, zipped(manifest_csv=manifest.encode()))

    assert refused.value.code == "unreadable_import"


# Courses


@pytest.mark.parametrize(
    ("values", "label"),
    [("code = 'NEW1'", "NEW1-k1"), ("section = 'x9'", "MATH1-x9")],
    ids=["code", "section"],
)
def test_a_label_that_was_changed_here_is_exported(
    two_databases: Databases, values: str, label: str
):
    first, second = two_databases
    import_content(first, bulk({"e1": "u1"}))
    with first.write() as db:
        db.execute(f"UPDATE course SET {values}, version = version + 1 WHERE id = 1")

    exported = export(first)

    import_content(second, exported, errors="refuse")
    validate(exported)
    labels = "SELECT label FROM course ORDER BY id"
    assert rows(second, labels) == rows(first, labels) == [(label,), ("MATH1-k2",)]
    assert files(export(second)) == files(exported)


def test_a_code_that_another_system_has_changed_is_exported_with_the_ids_of_the_first(
    two_databases: Databases,
):
    first, second = two_databases
    for source in ("first", "second"):
        import_content(first, bulk({"e1": "u1"}), source=source)
    renamed = {"courses": {"c1": "Math,ALG1,o1"}, "classes": {"k1": class_("k1")}}
    import_content(first, package("delta", renamed, frozenset()), source="second")
    labels = "SELECT label FROM course ORDER BY id"

    import_content(second, export(first, source="first"), errors="refuse")

    assert rows(second, labels) == rows(first, labels)
    assert rows(first, labels)[0][0].startswith("ALG1")
