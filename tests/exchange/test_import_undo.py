"""An undo of an import takes back all that it did, with what is known of the source."""

import pytest

from enrollment.storage.database import Database
from tests.exchange.imports import export, import_content, one, rows, undo
from tests.exchange.small_packages import bulk, class_, delta, place, user

FIRST = {"e1": "u1"}


@pytest.mark.parametrize(
    "second",
    [
        bulk({"e1": "u3"}, 3),
        bulk({"e1": place("u1", "k3")}, 2, classes={"k3": class_("k3")}),
        delta(users="u3", places={"e1": "u3"}),
        delta(users={"t9": user("t9")}),
        bulk({"e1": "u9"}, 0, users={"u2": user("u2"), "u9": user("u9", "u1")}),
    ],
    ids=["a new student", "a new class", "a delta", "a new role", "a new id"],
)
def test_records_of_the_source_are_as_before_where_new_ones_are_deleted(
    database: Database, second: bytes
):
    first = bulk(FIRST, 2, users={"t9": user("t9", role="teacher")})
    import_content(database, first)
    before = export(database, history=True)

    made, _ = import_content(database, second, removals=9)

    undone = undo(database, made.id)
    assert (undone.kept, undone.conflicts) == (0, 0)
    assert export(database, history=True) == before
    again, _ = import_content(database, second, removals=9)
    assert (again.counts, again.removals) == (made.counts, made.removals)
    import_content(database, bulk({}, 2), removals=9)
    assert one(database, "SELECT count(*) FROM enrollment WHERE status = 'enrolled'") == 0


@pytest.mark.parametrize("how", ["dropped", "completed"])
def test_an_enrollment_that_one_import_ended_and_corrected_is_as_before(
    database: Database, how: str
):
    import_content(database, bulk(FIRST, 1))
    # The second row is of the same enrollment, as no day has come on which the first one ends.
    both = {"e1": place("u1", end="2026-11-27"), "e2": place("u1", begin="2026-11-26")}
    import_content(database, bulk(both, 1))
    before = export(database, history=True)
    ended = {
        "e1": place("u1", end="2026-11-27", how=how),
        "e2": place("u1", begin="2026-11-26", end="2026-11-28", how="failed"),
    }

    report, _ = import_content(database, bulk(ended, 1))

    events = rows(database, "SELECT to_status FROM enrollment_event ORDER BY id")
    assert events == [("enrolled",), (how,), ("completed",)]
    assert undo(database, report.id).reversed == 1
    assert export(database, history=True) == before
    assert one(database, "SELECT status FROM enrollment") == "enrolled"


def test_a_new_record_that_a_later_import_changed_goes_once_that_one_is_undone(database: Database):
    before = export(database, history=True)
    sent = bulk(FIRST, 1)
    first, _ = import_content(database, sent)
    renamed = bulk(
        FIRST,
        1,
        academicSessions={"t1": "Autumn 2026,term,2026-09-02,2027-01-30,2027"},
        classes={"k1": class_("k1").replace("Math", "Maths"), "k2": class_("k2", "t0")},
        users={"u1": user("Ana", "u1")},
    )
    second, _ = import_content(database, renamed)

    assert (undo(database, second.id).reversed, undo(database, first.id).kept) == (4, 0)
    assert export(database, history=True) == before
