"""Waitlists: free seats go to waitlisted students, first come, first served."""

import math
from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import asdict, replace

from enrollment.data.eligibility import Decision, EnrollmentRequest, decide, rules_to_json
from enrollment.data.ending import StatusChange, update_enrollments
from enrollment.data.violations import raise_broken_rules
from enrollment.model.records import Change
from enrollment.model.results import Violation
from enrollment.model.types import Timestamp
from enrollment.storage.connection import Connection
from enrollment.storage.queries import queries, to_json

SQL = queries("waitlist")
ENROLLMENT = queries("enrollment")
PROMOTED = "promoted from the waitlist"
# How the reason of a student who is skipped begins: the code and the sentence of each rule follow.
SKIPPED = "passed over: "
# How many waitlisted students are decided on at first; twice as many each time that is not enough.
BATCH = 10


def promote_eligible(
    db: Connection,
    change: Change,
    *,
    course_ids: Sequence[int] = (),
    student_ids: Sequence[int] = (),
    members_of: Sequence[int] = (),
) -> set[tuple[int, int]]:
    """Give free seats to the first eligible students on the waitlists that promote automatically.

    The waitlists are those of these courses, and those that these students are on, or the students
    of the courses `members_of`. A new seat may make its student eligible elsewhere (a corequisite),
    and one for which the student gives another up frees that: so this repeats until no one is
    promoted. Return the id of each promoted student with that of the course.
    """
    own = Change(at=change.at, actor=change.actor, reason=PROMOTED, zone=change.zone)
    moved: set[tuple[int, int]] = set()
    while courses := _list_promotable_courses(db, course_ids, student_ids, members_of):
        promoted = [
            decision
            for course_id in courses
            for decision in _promote_in_order(db, course_id, own, math.inf)
            if not decision.violations
        ]
        moved |= {(decision.student_id, decision.course_id) for decision in promoted}
        student_ids = [decision.student_id for decision in promoted]
        course_ids = [decision.dropped for decision in promoted if decision.dropped]
        members_of = ()
    return moved


def _list_promotable_courses(
    db: Connection, course_ids: Sequence[int], student_ids: Sequence[int], members_of: Sequence[int]
) -> list[int]:
    """List the courses that promote automatically and have free seats and waitlisted students."""
    lists = {
        "course_ids": to_json(course_ids),
        "student_ids": to_json(student_ids),
        "members_of": to_json(members_of),
    }
    return [row["id"] for row in SQL.list_promotable_courses(db, **lists)]


def list_opened_courses(db: Connection, now: Timestamp) -> list[int]:
    """List the courses with free seats for waitlisted students, in which nothing but moves on the
    waitlist happened since enrollment in them opened."""
    return [row["id"] for row in SQL.list_opened_courses(db, now=now)]


def promote_manually(
    db: Connection, course_id: int, seats: int, student_id: int | None, change: Change
) -> list[Decision]:
    """Give up to so many free seats to the first eligible students on the waitlist, or one to the
    student who is named.

    Return the decisions on the students who were promoted or skipped. Raises promotion_automatic,
    not_waitlisted, course_full.
    """
    named = {"course_id": course_id, "student_id": student_id}
    raise_broken_rules(SQL.list_broken_promotion_rules(db, **named, **asdict(change)))
    own = replace(change, reason=PROMOTED)
    if student_id is None:
        decisions = _promote_in_order(db, course_id, own, seats)
    else:
        swap = SQL.get_swap(db, student_id=student_id, course_id=course_id)
        instead_of = swap["instead_of"] if swap else None
        request = EnrollmentRequest(student_id, course_id, instead_of=instead_of)
        decisions = decide(db, [request], own, reserves_seats=False)
        _record(db, course_id, decisions, own)
    promoted = [decision for decision in decisions if not decision.violations]
    student_ids = [decision.student_id for decision in promoted]
    given_up = [decision.dropped for decision in promoted if decision.dropped]
    promote_eligible(db, change, course_ids=given_up, student_ids=student_ids)
    return decisions


def _promote_in_order(db: Connection, course_id: int, own: Change, seats: float) -> list[Decision]:
    """Promote or skip waitlisted students in their order, until no seat is left."""
    decisions: list[Decision] = []
    last, limit = (0, ""), BATCH
    while True:
        number, fraction = last
        page = {"after_queue_number": number, "after_queue_fraction": fraction, "limit": limit}
        waitlisted = SQL.list_waitlisted(db, course_id=course_id, **page)
        requests = [
            EnrollmentRequest(row["student_id"], course_id, instead_of=row["instead_of"])
            for row in waitlisted
        ]
        batch = list(_before_it_is_full(decide(db, requests, own, reserves_seats=False), seats))
        _record(db, course_id, batch, own)
        decisions += batch
        if len(batch) < limit:
            return decisions
        (_, *last, _), limit = waitlisted[-1], 2 * limit
        seats -= sum(not decision.violations for decision in batch)


def _before_it_is_full(decisions: Iterable[Decision], seats: float) -> Iterator[Decision]:
    """Return the decisions on the students whose turn comes while there is a seat."""
    for decision in decisions:
        if seats <= 0 or any(violation.code == "course_full" for violation in decision.violations):
            return
        seats -= not decision.violations
        yield decision


def _record(db: Connection, course_id: int, decisions: Sequence[Decision], change: Change) -> None:
    """Enroll the eligible students, and record why the others were skipped."""
    skipped = [
        (decision.student_id, SKIPPED + "; ".join(map(_reason, decision.violations)))
        for decision in decisions
        if decision.violations
    ]
    SQL.update_skipped(db, course_id=course_id, skipped=to_json(skipped), **asdict(change))
    insert_decided(db, [decision for decision in decisions if not decision.violations], change)


def insert_decided(db: Connection, decisions: Sequence[Decision], change: Change) -> None:
    """Write the outcomes of decisions without a violation: first, what is given up is dropped."""
    given_up = [
        StatusChange(decision.student_id, decision.dropped, "dropped")
        for decision in decisions
        if decision.dropped
    ]
    if given_up:
        # An override is for the new enrollment.
        update_enrollments(db, given_up, replace(change, override_reason=None))
    enrollments = [
        (*decision[:3], decision.instead_of, rules_to_json(decision.overridden))
        for decision in decisions
    ]
    ENROLLMENT.insert_enrollments(db, enrollments=to_json(enrollments), **asdict(change))


def _reason(violation: Violation) -> str:
    return f"{violation.code}: {violation.detail}"
