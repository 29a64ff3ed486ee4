"""Waitlists: who waits is given the seats that come free, first come, first served."""

import math
from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import asdict

from enrollment.data.eligibility import Judgement, Wish, judge
from enrollment.data.violations import refuse_if_broken
from enrollment.model.records import Change
from enrollment.model.results import Fault
from enrollment.storage.queries import as_json, queries
from enrollment.storage.sqlite import Connection

SQL = queries("waitlist")
ENROLLMENT = queries("enrollment")
PROMOTED = "promoted from the waitlist"
# How many of those who wait are judged first; twice as many, each time that was not enough.
BATCH = 10


def settle(
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
            (judgement.student_id, course_id)
            for course_id in courses
            for judgement in _promote(db, course_id, change, math.inf)
            if not judgement.faults
        }
        moved |= promoted
        course_ids, student_ids = (), [student_id for student_id, _ in promoted]
    return moved


def _list_courses(
    db: Connection, course_ids: Sequence[int], student_ids: Sequence[int]
) -> list[int]:
    """Those of these courses that have seats for those who wait, and give them by themselves."""
    lists = {"course_ids": as_json(course_ids), "student_ids": as_json(student_ids)}
    return [row["id"] for row in SQL.list_courses_to_settle(db, **lists)]


def promote(db: Connection, course_id: int, seats: int, change: Change) -> list[Judgement]:
    """Give up to so many free seats as settle does: who was asked, and got one or was passed over.

    Raises promotion_automatic, course_full.
    """
    refuse_if_broken(SQL.list_broken_promotion_rules(db, course_id=course_id))
    asked = _promote(db, course_id, change, seats)
    promoted = [judgement.student_id for judgement in asked if not judgement.faults]
    settle(db, change, student_ids=promoted)
    return asked


def _promote(db: Connection, course_id: int, change: Change, seats: float) -> list[Judgement]:
    """Ask those who wait, in their order, until no seat is left."""
    own = Change(at=change.at, actor=change.actor, reason=PROMOTED)
    asked: list[Judgement] = []
    last, limit = 0, BATCH
    while True:
        place = {"after_queue_number": last, "limit": limit}
        waiting = SQL.list_waiting(db, course_id=course_id, **place)
        wishes = [Wish(row["student_id"], course_id) for row in waiting]
        batch = list(_before_it_is_full(judge(db, wishes, "promote", own), seats))
        _record(db, course_id, batch, own)
        asked += batch
        if len(batch) < limit:
            return asked
        last, limit = waiting[-1]["queue_number"], 2 * limit
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
    passes, own = as_json(passed_over), asdict(change)
    SQL.update_passed_over(db, course_id=course_id, passed_over=passes, **own)
    ENROLLMENT.insert_enrollments(db, enrollments=as_json(promoted), **own)


def _reason(fault: Fault) -> str:
    return f"{fault.code}: {fault.detail}"
