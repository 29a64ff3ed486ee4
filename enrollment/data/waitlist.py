"""Waitlists: who waits is given the seats that come free, first come, first served."""

import json
import math
from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import asdict, replace

from enrollment.data.eligibility import Judgement, Wish, judge
from enrollment.data.rules import refuse_if_broken
from enrollment.database import Connection, queries
from enrollment.errors import Fault
from enrollment.records import Change

SQL = queries("waitlist")
ENROLLMENT = queries("enrollment")
PROMOTED = "promoted from the waitlist"
# How many of those who wait are judged at a time.
BATCH = 10


def settle(
    db: Connection,
    change: Change,
    *,
    course_ids: Sequence[int] = (),
    student_id: int | None = None,
) -> None:
    """Give the free seats of these courses, and of those that the student waits for, to the first
    who wait and are eligible now, unless a registrar promotes there."""
    ids = json.dumps(course_ids)
    for row in list(SQL.list_courses_to_settle(db, course_ids=ids, student_id=student_id)):
        _promote(db, row["id"], change, math.inf)


def promote(db: Connection, course_id: int, seats: int, change: Change) -> list[Judgement]:
    """Give up to so many free seats as settle does: who was asked, and got one or was passed over.

    Raises promotion_automatic, course_full.
    """
    refuse_if_broken(SQL.list_broken_promotion_rules(db, course_id=course_id))
    return _promote(db, course_id, change, seats)


def _promote(db: Connection, course_id: int, change: Change, seats: float) -> list[Judgement]:
    """Ask those who wait, in their order, until no seat is left."""
    own = replace(change, effective_at=None, reason=PROMOTED, overridden=None)
    asked: list[Judgement] = []
    last = 0
    while True:
        place = {"after_queue_number": last, "limit": BATCH}
        waiting = list(SQL.list_waiting(db, course_id=course_id, **place))
        wishes = [Wish(row["student_id"], course_id) for row in waiting]
        batch = list(_before_it_is_full(judge(db, wishes, "promote", own), seats))
        _record(db, course_id, batch, own)
        asked += batch
        if len(batch) < BATCH:
            return asked
        last = waiting[-1]["queue_number"]
        seats -= sum(not judgement.faults for judgement in batch)


def _before_it_is_full(judgements: Iterable[Judgement], seats: float) -> Iterator[Judgement]:
    """Those whose turn comes while there is a seat."""
    for judgement in judgements:
        if seats <= 0 or any(fault.code == "course_full" for fault in judgement.faults):
            return
        seats -= not judgement.faults
        yield judgement


def _record(db: Connection, course_id: int, asked: Sequence[Judgement], change: Change) -> None:
    """Enrol who is eligible, and leave an event with who is passed over."""
    promoted = [
        (judgement.student_id, course_id, judgement.outcome)
        for judgement in asked
        if not judgement.faults
    ]
    passed_over = [
        (judgement.student_id, "passed over: " + "; ".join(map(_reason, judgement.faults)))
        for judgement in asked
        if judgement.faults
    ]
    passes, own = json.dumps(passed_over), asdict(change)
    SQL.update_passed_over(db, course_id=course_id, passed_over=passes, **own)
    ENROLLMENT.insert_enrollments(db, enrollments=json.dumps(promoted), **own)


def _reason(fault: Fault) -> str:
    return f"{fault.code}: {fault.detail}"
