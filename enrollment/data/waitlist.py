"""Waitlists: who waits is given the seats that come free, first come, first served."""

import json
from collections.abc import Sequence

from msgspec.structs import asdict, replace

from enrollment.data.eligibility import Wish, judge
from enrollment.data.rules import refuse_if_broken
from enrollment.database import Connection, queries
from enrollment.records import Change

SQL = queries("waitlist")
ENROLLMENT = queries("enrollment")
PROMOTED = "promoted from the waitlist"
# How many of those who wait are judged at a time.
BATCH = 50


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
    for row in SQL.list_courses_to_settle(db, course_ids=ids, student_id=student_id):
        _promote(db, row["id"], change, None)


def promote(db: Connection, course_id: int, seats: int, change: Change) -> list[int]:
    """Give up to so many free seats as settle does; the ids of those who were promoted.

    Raises promotion_automatic, course_full.
    """
    refuse_if_broken(SQL.list_broken_promotion_rules(db, course_id=course_id))
    return _promote(db, course_id, change, seats)


def _promote(db: Connection, course_id: int, change: Change, seats: int | None) -> list[int]:
    """Ask those who wait, in their order, until no seat is left."""
    own = replace(change, effective_at=None, reason=PROMOTED, overridden=None)
    promoted: list[int] = []
    last, is_full = 0, False
    while not is_full and len(promoted) != seats:
        place = {"after_queue_number": last, "limit": BATCH}
        waiting = list(SQL.list_waiting(db, course_id=course_id, **place))
        if not waiting:
            break
        last = waiting[-1]["queue_number"]
        wishes = [Wish(row["student_id"], course_id) for row in waiting]
        chosen: list[int] = []
        passed_over: list[tuple[int, str]] = []
        for judgement in judge(db, wishes, "promote", own):
            is_full = any(fault.code == "course_full" for fault in judgement.faults)
            if is_full or len(promoted) + len(chosen) == seats:
                break
            if judgement.faults:
                reasons = "; ".join(f"{fault.code}: {fault.detail}" for fault in judgement.faults)
                passed_over.append((judgement.student_id, f"passed over: {reasons}"))
            else:
                chosen.append(judgement.student_id)
        _record(db, course_id, chosen, passed_over, own)
        promoted += chosen
    return promoted


def _record(
    db: Connection,
    course_id: int,
    chosen: Sequence[int],
    passed_over: Sequence[tuple[int, str]],
    change: Change,
) -> None:
    passes, own = json.dumps(passed_over), asdict(change)
    SQL.update_passed_over(db, course_id=course_id, passed_over=passes, **own)
    enrollments = json.dumps([(student_id, course_id, "enrolled") for student_id in chosen])
    ENROLLMENT.insert_enrollments(db, enrollments=enrollments, **own)
