"""Merges: two records of one person become one."""

from msgspec.structs import asdict, replace

from enrollment.data import waitlist
from enrollment.data.ending import void_enrollments
from enrollment.data.keyset import KeysetPage, KeysetPosition, list_page
from enrollment.data.violations import raise_broken_rules
from enrollment.model.history import MergedStudent
from enrollment.model.queries import Pagination
from enrollment.model.records import Change
from enrollment.model.results import Merge, MergedCourse
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


def find_merge(db: Connection, student_id: int) -> MergedStudent | None:
    """Return into which student this one was merged, or None: then the record is the person's."""
    row = SQL.get_merge(db, student_id=student_id)
    return MergedStudent(**row) if row else None


def merge_student(db: Connection, student_id: int, into: int, change: Change) -> Merge:
    """Move the enrollments and the holds of a student who exists to another record of the person.

    Every enrollment that does not stay becomes void before one moves: so seats and places on
    waitlists are free for those that do. What moved takes effect when it first did. The student
    becomes inactive, and the student's tokens are revoked: they may be in other hands. Raises
    merges_into_itself, unknown_student, student_erased.
    """
    pair = {"student_id": student_id, "into_id": into}
    acting = {"at": change.at, "actor": change.actor}
    raise_broken_rules(SQL.list_broken_merge_rules(db, **pair))
    merged = [MergedCourse(**row) for row in SQL.list_merged_courses(db, **pair)]
    moved = [item.course_id for item in merged if item.outcome != "kept"]
    events = list(SQL.list_events_to_move(db, student_id=student_id, course_ids=to_json(moved)))
    void = [(student_id, item.course_id) for item in merged]
    void_enrollments(db, void, replace(change, reason=f"merged into student {into}"))
    replaced = [(into, item.course_id) for item in merged if item.outcome == "replaced"]
    void_enrollments(db, replaced, replace(change, reason=f"merged with student {student_id}"))
    details = {**acting, "into_id": into, "reason": f"merged from student {student_id}"}
    for event in events:
        SQL.insert_moved_event(db, event_id=event["id"], place_of=event["place_of"], **details)
        if event["queue_number"] is not None:
            WAITLIST.update_place(db, student_id=into, **details | dict(event))
    SQL.delete_merge(db, into_id=into)
    SQL.update_merges(db, **pair)
    SQL.insert_merge(db, **pair, **acting)
    SQL.update_student_merged(db, id=student_id, at=change.at)
    SQL.update_holds_moved(db, **pair)
    SQL.update_source_records_moved(db, **pair)
    SQL.update_tokens_revoked(db, student_id=student_id, **acting)
    courses = [item.course_id for item in merged]
    waitlist.promote_eligible(db, change, course_ids=courses, student_ids=[into])
    return Merge(student_id=student_id, into=into, items=merged)
