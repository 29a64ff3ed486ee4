"""/v1/courses/{id}/promotions, and .../position: what a registrar does with a waitlist."""

from enrollment.api.course import check_course
from enrollment.data import bulk, enrollment, waitlist, waitlist_place
from enrollment.http.conditional import check_record
from enrollment.http.context import Context, change_context
from enrollment.http.operation import REGISTRARS, Operation
from enrollment.http.responses import Result, ok
from enrollment.model.records import Enrollment
from enrollment.model.requests import ChangeDetails, PositionInput, PromotionInput
from enrollment.model.results import BulkResults
from enrollment.problems.registry import rules_for
from enrollment.storage.connection import Connection


def promote_from_waitlist(
    context: Context, db: Connection, course_id: int, body: PromotionInput
) -> Result:
    """Give free seats to waitlisted students, in order or by name (manual promotion only)."""
    check_course(context, db, course_id)
    change = change_context(context, ChangeDetails(override=body.override))
    decisions = waitlist.promote_manually(db, course_id, body.seats, body.student_id, change)
    return ok(BulkResults(bulk.list_results(db, decisions)))


def set_waitlist_position(
    context: Context, db: Connection, student_id: int, course_id: int, body: PositionInput
) -> Result:
    """Move a student to another position on the waitlist of a course, with a reason."""
    present = enrollment.get_enrollment(db, student_id, course_id)
    check_record(context, present)
    change = change_context(context, ChangeDetails(reason=body.reason))
    return ok(waitlist_place.move_on_waitlist(db, present, body.position, change))


OPERATIONS = (
    Operation(
        "POST",
        "/v1/courses/<course_id:id>/promotions",
        REGISTRARS,
        promote_from_waitlist,
        body=PromotionInput,
        answer=BulkResults,
        conflicts=rules_for("promotion"),
        conditional=True,
        only_enrolls=True,
    ),
    Operation(
        "PUT",
        "/v1/students/<student_id:id>/courses/<course_id:id>/position",
        REGISTRARS,
        set_waitlist_position,
        body=PositionInput,
        answer=Enrollment,
        conflicts=rules_for("position"),
        only_enrolls=True,
    ),
)
