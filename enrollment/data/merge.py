"""Merges: two records of one person become one."""

from msgspec.structs import asdict, replace

from enrollment.data import waitlist
from enrollment.data.eligibility import EnrollmentRequest
from enrollment.data.ending import void_enrollments
from enrollment.data.keyset import KeysetPage, KeysetPosition, list_page
from enrollment.data.recheck import list_clashes
from enrollment.data.violations import raise_broken_rules
from enrollment.data.waitlist_place import fraction_between
from enrollment.model.history import MergedStudent
from enrollment.model.queries import Pagination
from enrollment.model.records import Change
from enrollment.model.results import Merge, MergedCourse, MergeOutcome
from enrollment.storage.connection import Connection
from enrollment.storage.queries import queries, to_json

SQL = queries("merge")
WAITLIST = queries("waitlist")


def list_merges(
    db: Connection, wanted: Pagination, after: KeysetPosition | None = None
) -> KeysetPage[MergedStudent]:
    """List the merges by the id of the merged student: also those of students deleted since, but
    not those of students who became active again."""
    start = {"student_id": 0}
    return list_page(db, SQL.list_merges, MergedStudent, asdict(wanted), start=start, after=after)


def merge_student(db: Connection, student_id: int, into: int, change: Change) -> Merge:
    """Move the enrollments and the holds of a student who exists to another record of the person.

    No rule keeps an enrollment from moving: the result lists the rules that it breaks beside other
    courses. The record that stays is active if either was. The merged one becomes inactive, and its
    tokens are revoked: they may be in other hands. Raises merges_into_itself, unknown_student,
    student_erased.
    """
    pair = {"student_id": student_id, "into_id": into}
    acting = {"at": change.at, "actor": change.actor}
    raise_broken_rules(SQL.list_broken_merge_rules(db, **pair))
    outcomes = {row["course_id"]: row["outcome"] for row in SQL.list_merged_courses(db, **pair)}
    _move_enrollments(db, student_id, into, outcomes, change)
    SQL.delete_merge(db, into_id=into)
    SQL.update_merges(db, **pair)
    SQL.insert_merge(db, **pair, **acting)
    SQL.update_student_kept(db, **pair, at=change.at)
    SQL.update_student_merged(db, student_id=student_id, at=change.at)
    SQL.update_holds_moved(db, **pair)
    SQL.update_source_records_moved(db, **pair)
    SQL.update_tokens_revoked(db, student_id=student_id, **acting)
    waitlist.promote_eligible(db, change, course_ids=[*outcomes], student_ids=[into])
    merged = _list_merged(db, into, outcomes, change)
    return Merge(student_id=student_id, into=into, items=merged)


def _move_enrollments(
    db: Connection, student_id: int, into: int, outcomes: dict[int, MergeOutcome], change: Change
) -> None:
    """Move the enrollments that do not stay, each as it was: since the same time, and with its
    place on the waitlist.

    Every enrollment that does not stay becomes void before one moves: so seats and places are free
    for those that do. A place on a waitlist has the swap of either record.
    """
    pair = {"student_id": student_id, "into_id": into}
    moved = [course_id for course_id, outcome in outcomes.items() if outcome != "kept"]
    events = list(SQL.list_events_to_move(db, **pair, course_ids=to_json(moved)))
    swaps = [tuple(row) for row in SQL.list_swaps(db, **pair)]
    void = [(student_id, course_id) for course_id in outcomes]
    void_enrollments(db, void, replace(change, reason=f"merged into student {into}"))
    replaced = [(into, course_id) for course_id in outcomes if outcomes[course_id] == "replaced"]
    void_enrollments(db, replaced, replace(change, reason=f"merged with student {student_id}"))
    details = {"at": change.at, "actor": change.actor, "into_id": into}
    details["reason"] = f"merged from student {student_id}"
    for event in events:
        SQL.insert_moved_event(db, event_id=event["id"], place_of=event["place_of"], **details)
        if event["queue_number"] is not None:
            fraction = event["queue_fraction"] or fraction_between("", event["next_fraction"])
            place = dict(event) | {"queue_fraction": fraction}
            WAITLIST.update_place(db, student_id=into, **details | place)
    SQL.update_swaps_kept(db, swaps=to_json(swaps), **details)


def _list_merged(
    db: Connection, into: int, outcomes: dict[int, MergeOutcome], change: Change
) -> list[MergedCourse]:
    """Return what the record that stays has now in each of these courses."""
    rows = [*SQL.list_statuses(db, student_id=into, course_ids=to_json([*outcomes]))]
    statuses = {row["course_id"]: row["status"] for row in rows}
    new = [
        EnrollmentRequest(
            into,
            row["course_id"],
            waitlist=row["status"] == "waitlisted",
            instead_of=row["instead_of"],
        )
        for row in rows
        if outcomes[row["course_id"]] != "kept" and row["status"] in ("enrolled", "waitlisted")
    ]
    errors = list_clashes(db, new, change)
    return [
        MergedCourse(
            course_id=course_id,
            outcome=outcome,
            status=statuses[course_id],
            errors=errors.get(course_id, []),
        )
        for course_id, outcome in outcomes.items()
    ]
