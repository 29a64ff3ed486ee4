"""Rows of a package that are at fault, or that speak of what is not here: what they do not do."""

import pytest

from enrollment.storage.database import Database
from tests.exchange.imports import import_content, one, rows, undo
from tests.exchange.small_packages import bulk, class_, delta, place, user

ENROLLED = "SELECT count(*) FROM enrollment WHERE status = 'enrolled'"


def test_an_enrollment_of_an_unknown_role_is_an_error_and_drops_no_one(database: Database):
    import_content(database, bulk({"e1": "u1"}))
    content = bulk({"e1": place("u1").replace("student", "studnt")})

    report, _ = import_content(database, content)

    assert [(fault.code, fault.severity, fault.row) for fault in report.faults] == [
        ("invalid_value", "error", 2)
    ]
    assert one(database, ENROLLED) == 1
    other = bulk({"e1": "u1", "e2": place("u2").replace("student", "ext:guest")})
    assert import_content(database, other).report.faults == []


@pytest.mark.parametrize(
    ("places", "gone", "status"),
    [
        ({}, "", "active"),
        ({"e1": place("u1", end="2026-11-20")}, "", "inactive"),
        ({"e1": place("u1", end="2026-11-26", how="dropped")}, "", "inactive"),
        ({"e1": "u1"}, "e1", "inactive"),
    ],
    ids=["goes on", "has ended", "has ended today", "is deleted"],
)
def test_a_user_who_is_not_enabled_in_a_delta_is_active_while_an_enrollment_goes_on(
    database: Database, places: dict[str, str], gone: str, status: str
):
    import_content(database, bulk({"e1": "u1"}))
    content = delta(users={"u1": user("u1", enabled="false")}, places=places, gone=gone)

    report, _ = import_content(database, content)

    assert one(database, "SELECT status FROM student WHERE id = 1") == status
    assert one(database, ENROLLED) == (status == "active")
    lines = [fault.column for fault in report.faults if fault.code == "not_kept"]
    assert lines == ["enabledUser"] * (status == "active")


@pytest.mark.parametrize(
    ("places", "gone"),
    [
        ({"e1": "u1", "e2": "u1"}, "e1 e2"),
        ({"e1": place("u1", end="2026-11-20"), "e2": place("u1", end="2026-11-20")}, ""),
        ({"e1": "u2", "e2": "u3"}, ""),
    ],
    ids=["deleted", "ended", "of others"],
)
def test_a_user_who_is_not_enabled_is_inactive_with_the_last_enrollment(
    database: Database, places: dict[str, str], gone: str
):
    enabled = [{"u1": user("u1", enabled=enabled)} for enabled in ("false", "true")]
    import_content(database, bulk({"e1": "u1", "e2": place("u1", "k2")}))
    import_content(database, delta(users=enabled[0]))
    status = "SELECT status FROM student WHERE id = 1"

    # As long as there is one, the student stays.
    import_content(database, delta(gone="e2", places={"e2": "u1"}))
    assert one(database, status) == "active"
    report, _ = import_content(database, delta(gone=gone, places=places))

    assert one(database, status) == "inactive"
    assert (report.counts.students.ended, report.removals.students.removed) == (1, 1)
    assert import_content(database, delta(gone=gone, places=places)).report.changes == []
    undo(database, report.id)
    assert one(database, status) == "active"
    import_content(database, delta(gone=gone, places=places))
    import_content(database, delta(users=enabled[1]))
    assert one(database, status) == "active"


def test_a_user_who_is_not_enabled_is_active_with_the_first_enrollment(database: Database):
    import_content(database, bulk({}, users={"u1": user("u1", enabled="false")}))
    status = "SELECT status FROM student WHERE id = 1"
    assert one(database, status) == "inactive"

    import_content(database, delta(places={"e1": "u1"}))

    assert one(database, status) == "active"
    assert rows(database, "SELECT status FROM enrollment") == [("enrolled",)]
    import_content(database, delta(gone="k1", classes="k1"))
    assert one(database, status) == "inactive"
    assert rows(database, "SELECT status FROM enrollment") == [("dropped",)]


def test_a_user_who_is_not_enabled_is_inactive_though_a_term_that_is_over_has_an_enrollment(
    database: Database,
):
    classes = {"k0": class_("k0", "t0")}
    places = {"e1": place("u1", "k0", "2026-02-01")}
    import_content(database, bulk(places, classes=classes))

    for enabled, status in (("false", "inactive"), ("true", "active")):
        users = {"u1": user("u1", enabled=enabled)}
        import_content(database, bulk(places, classes=classes, users=users))
        assert one(database, "SELECT status FROM student WHERE id = 1") == status
        assert one(database, ENROLLED) == 1


@pytest.mark.parametrize("old", ["the old id of a student", "a teacher"])
def test_a_row_that_deletes_a_user_makes_no_student(old: str, database: Database):
    first = bulk({"e1": "u1"}, 2, users={"u9": user("u9", role="teacher")})
    import_content(database, first)
    renewed = {"u2": user("u2"), "v2": user("v2", "u2").replace("Fv2", "Fu2")}
    deleted = {"u9": user("u9")}
    users = renewed if old == "the old id of a student" else deleted
    content = delta(users=users, gone="u2 u9")

    for _ in range(3):
        import_content(database, content, relink=True, removals=9)

    found = rows(database, "SELECT number, status FROM student ORDER BY id")
    assert found == [("u1", "active"), ("u2", "active")]


def test_a_last_day_that_is_yet_to_come_has_a_line_in_a_delta(database: Database):
    import_content(database, bulk({"e1": "u1", "e2": "u2", "e3": "u3"}))
    places = {
        "e1": place("u1", end="2026-11-26"),
        # These last to the end of the term, or have no last day.
        "e2": place("u2", end="2027-01-31"),
        "e3": place("u3"),
    }

    report, _ = import_content(database, delta(places=places))

    assert [(fault.row, fault.column, fault.detail) for fault in report.faults] == [
        (
            2,
            "endDate",
            "The day is yet to come: the student stays enrolled until the source sends the"
            " enrollment again.",
        )
    ]
    assert import_content(database, bulk({**places, "e4": "u4"})).report.faults == []
    assert one(database, ENROLLED) == 4


@pytest.mark.parametrize("mode", ["bulk", "delta"])
def test_a_student_who_is_a_teacher_now_stays_active_with_a_line(mode: str, database: Database):
    import_content(database, bulk({"e1": "u1", "e2": "u2"}))
    users = {"u1": user("u1", role="teacher"), "u2": user("u2", role="teacher")}
    places = {"e1": place("u1").replace("student", "teacher"), "e2": place("u2")}
    content = {
        "bulk": bulk(places, users=users),
        "delta": delta(users=users, places=places),
    }[mode]

    report, _ = import_content(database, content, removals=9)

    lines = [(fault.row, fault.column) for fault in report.faults if fault.code == "not_kept"]
    assert lines == [(2, "role")]
    assert one(database, "SELECT status FROM student WHERE id = 1") == "active"
    assert import_content(database, content, removals=9).report.faults == []


def test_a_code_that_a_delta_changes_without_its_classes_has_a_line(database: Database):
    import_content(database, bulk({"e1": "u1"}))
    changed = {"c1": "Math,ALG,o1"}

    report, _ = import_content(database, delta(classes="k1", courses=changed))

    assert [(fault.row, fault.code) for fault in report.faults] == [
        (2, "code_changed"),
        (2, "code_kept"),
    ]
    assert "Of its classes, 1 without a row here" in report.faults[1].detail
    assert rows(database, "SELECT code FROM course ORDER BY id") == [("ALG",), ("MATH1",)]
    report, _ = import_content(database, delta(classes="k1 k2", courses=changed))
    assert [fault.code for fault in report.faults] == ["code_changed"]
