"""Waitlists: who waits is given the seats that come free, first come, first served."""

import math
from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import asdict

from enrollment.data.eligibility import Decision, EnrollmentRequest, decide
from enrollment.data.violations import raise_broken_rules
from enrollment.model.records import Change
from enrollment.model.results import Violation
from enrollment.storage.queries import queries, to_json
from enrollment.storage.sqlite import Connection

SQL = queries("waitlist")
ENROLLMENT = queries("enrollment")
PROMOTED = "promoted from the waitlist"
# How many of those who wait are judged first; twice as many, each time that was not enough.
BATCH = 10


def promote_eligible(
    db: Connection,
    change: Change,
    *,
    course_ids: Sequence[int] = (),
    student_ids: Sequence[int] = (),
) -> set[tuple[int, int]]:
    """Give the free seats of these courses, and of those that these students wait for, to the first
    who wait and are eligible now, unless a registrar promotes there.

    Returns each new student and course. A seat that is taken may make its student eligible
    elsewhere, so this goes on until no one moves.
    """
    moved: set[tuple[int, int]] = set()
    while courses := _list_courses(db, course_ids, student_ids):
        promoted = {
            (decision.student_id, course_id)
            for course_id in courses
            for decision in _promote_in_order(db, course_id, change, math.inf)
            if not decision.violations
        }
        moved |= promoted
        course_ids, student_ids = (), [student_id for student_id, _ in promoted]
    return moved


def _list_courses(
    db: Connection, course_ids: Sequence[int], student_ids: Sequence[int]
) -> list[int]:
    """Those of these courses that have seats for those who wait, and give them by themselves."""
    lists = {"course_ids": to_json(course_ids), "student_ids": to_json(student_ids)}
    return [row["id"] for row in SQL.list_promotable_courses(db, **lists)]


def promote_manually(db: Connection, course_id: int, seats: int, change: Change) -> list[Decision]:
    """Give up to so many free seats as settle does: who was asked, and got one or was passed over.

    Raises promotion_automatic, course_full.
    """
    raise_broken_rules(SQL.list_broken_promotion_rules(db, course_id=course_id))
    asked = _promote_in_order(db, course_id, change, seats)
    promoted = [decision.student_id for decision in asked if not decision.violations]
    promote_eligible(db, change, student_ids=promoted)
    return asked


def _promote_in_order(
    db: Connection, course_id: int, change: Change, seats: float
) -> list[Decision]:
    """Ask those who wait, in their order, until no seat is left."""
    own = Change(at=change.at, actor=change.actor, reason=PROMOTED)
    asked: list[Decision] = []
    last, limit = 0, BATCH
    while True:
        place = {"after_queue_number": last, "limit": limit}
        waiting = SQL.list_waitlisted(db, course_id=course_id, **place)
        requests = [EnrollmentRequest(row["student_id"], course_id) for row in waiting]
        batch = list(_before_it_is_full(decide(db, requests, own, reserves_seats=False), seats))
        _record(db, course_id, batch, own)
        asked += batch
        if len(batch) < limit:
            return asked
        last, limit = waiting[-1]["queue_number"], 2 * limit
        seats -= sum(not decision.violations for decision in batch)


def _before_it_is_full(decisions: Iterable[Decision], seats: float) -> Iterator[Decision]:
    """Those whose turn comes while there is a seat."""
    for decision in decisions:
        if seats <= 0 or any(violation.code == "course_full" for violation in decision.violations):
            return
        seats -= not decision.violations
        yield decision


def _record(db: Connection, course_id: int, asked: Sequence[Decision], change: Change) -> None:
    """Enrol who is eligible, and leave an event with who is passed over."""
    promoted = [
        (decision.student_id, course_id, decision.outcome)
        for decision in asked
        if not decision.violations
    ]
    skipped = [
        (decision.student_id, "passed over: " + "; ".join(map(_reason, decision.violations)))
        for decision in asked
        if decision.violations
    ]
    passes, own = to_json(skipped), asdict(change)
    SQL.update_skipped(db, course_id=course_id, skipped=passes, **own)
    ENROLLMENT.insert_enrollments(db, enrollments=to_json(promoted), **own)


def _reason(violation: Violation) -> str:
    return f"{violation.code}: {violation.detail}"
