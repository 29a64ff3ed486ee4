"""Many students of one course in one request."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Literal

from msgspec.structs import replace

from enrollment.data import waitlist
from enrollment.data.course import get_course
from enrollment.data.eligibility import Decision, EnrollmentRequest, decide_drops
from enrollment.data.ending import StatusChange, find_violations, update_enrollments
from enrollment.data.enrollment import decide_after_promotion, enroll_decided, enrollment_of
from enrollment.data.violations import raise_violations
from enrollment.model.records import Change
from enrollment.model.requests import BulkEnrollmentItem
from enrollment.model.results import BulkResult, Violation
from enrollment.problems.errors import Problem
from enrollment.storage.connection import Connection
from enrollment.storage.queries import queries, to_json

SQL = queries("enrollment")
# The outcomes of an enrollment that begins.
BEGUN = ("enrolled", "waitlisted")


def change_roster(
    db: Connection,
    course_id: int,
    items: Sequence[BulkEnrollmentItem],
    mode: Literal["all", "each"],
    change: Change,
    *,
    pointer: str,
) -> list[BulkResult]:
    """Enroll students in a course, and complete or drop those who are in it: all or nothing, or
    each one for whom no rule is broken.

    Enrollments end first: so a seat that becomes free can be taken in the same request. `pointer`
    is the JSON pointer of an item in the request, with %d for the index. Raises course_not_found;
    for "all" also every broken rule of every item.
    """
    get_course(db, course_id)
    changes = [StatusChange.of(item.student_id, course_id, item) for item in items]
    broken, ended = _end(db, course_id, changes, mode, change, pointer)
    begins = {
        index: EnrollmentRequest(item.student_id, course_id, item.waitlist)
        for index, item in enumerate(items)
        if item.status == "enrolled" and index not in broken
    }
    decisions = [
        Decision(item.student_id, course_id, item.status, broken.get(index, []))
        for index, item in enumerate(items)
    ]
    decided = decide_after_promotion(db, [*begins.values()], change, "", lists_students=True)
    for index, decision in zip(begins, decided, strict=True):
        place = f"{pointer.replace('%d', str(index))}/student_id"
        found = [replace(violation, pointer=place) for violation in decision.violations]
        decisions[index] = decision._replace(violations=found)
    if mode == "all":
        raise_violations([found for item in decisions for found in item.violations])
    eligible = [decisions[index] for index in begins if not decisions[index].violations]
    enroll_decided(db, eligible, change)
    waitlist.promote_eligible(
        db, change, course_ids=[course_id] if ended else [], student_ids=ended
    )
    return list_results(db, decisions)


def _end(
    db: Connection,
    course_id: int,
    changes: Sequence[StatusChange],
    mode: str,
    change: Change,
    pointer: str,
) -> tuple[dict[int, list[Violation]], list[int]]:
    """Complete and drop. Return the violations by index, and the students whose enrollments ended.

    With "all" those that break a rule end too; see end_enrollments.
    """
    ends = {index: item for index, item in enumerate(changes) if item.status != "enrolled"}
    if not ends and not any(item.passed is not None or item.names_grade for item in changes):
        return {}, []
    leaving = {item.student_id for item in ends.values() if item.status == "dropped"}
    drops = decide_drops(db, sorted(leaving), course_id, change)
    refused = find_violations(db, changes, change)
    for index, item in ends.items():
        if item.status == "dropped" and index not in refused and item.student_id in drops:
            drop = drops[item.student_id]
            ends[index] = item._replace(overridden=drop.overridden)
            if drop.violations:
                refused[index] = drop.violations
    broken = {
        index: [_pointed(found, pointer.replace("%d", str(index))) for found in violations]
        for index, violations in refused.items()
    }
    ended = [item for index, item in ends.items() if mode == "all" or index not in broken]
    update_enrollments(db, ended, change, is_undone=mode == "all" and bool(broken))
    return broken, [item.student_id for item in ended]


def list_results(db: Connection, decisions: Sequence[Decision]) -> list[BulkResult]:
    """Return the result of each decision: the enrollment, or the violations."""
    pairs = to_json([decision[:2] for decision in decisions if not decision.violations])
    enrollments = {row["student_id"]: row for row in SQL.list_enrollments(db, pairs=pairs)}
    return [
        BulkResult(
            student_id=decision.student_id,
            status=Problem.from_violations(decision.violations).status,
            errors=decision.violations,
        )
        if decision.violations
        else BulkResult(
            student_id=decision.student_id,
            status=HTTPStatus.CREATED if decision.outcome in BEGUN else HTTPStatus.OK,
            enrollment=enrollment_of(**enrollments[decision.student_id]),
        )
        for decision in decisions
    ]


def _pointed(found: Violation, item: str) -> Violation:
    """Return the violation with its pointer in the request. The time is that of the request."""
    if found.pointer == "/effective_at":
        return found
    return replace(found, pointer=f"{item}{found.pointer}")
