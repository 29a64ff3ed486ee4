"""/v1/students/{id}/holds and /v1/holds: the holds that keep a student from enrolling."""

from msgspec.structs import replace

from enrollment.data import hold
from enrollment.http.authentication import visible_hold
from enrollment.http.conditional import check_record
from enrollment.http.context import Context, change_context
from enrollment.http.operation import READERS, READERS_AND_STUDENTS, REGISTRARS, Operation
from enrollment.http.query import decode_cursor, page_response, paged
from enrollment.http.responses import Result, created, no_content, ok
from enrollment.model.queries import HoldFilter, Pagination
from enrollment.model.records import Hold, HoldInput
from enrollment.model.results import Page
from enrollment.problems.registry import rules_for
from enrollment.storage.connection import Connection


def list_holds(context: Context, db: Connection, student_id: int, query: Pagination) -> Result:
    """List a student's holds, including released ones."""
    listing = hold.list_holds(db, student_id, query, decode_cursor(context, query))
    visible = [visible_hold(context.caller, each) for each in listing.items]
    return page_response(context, replace(listing, items=visible), query)


def list_all_holds(context: Context, db: Connection, query: HoldFilter) -> Result:
    """List the holds of all students, in force and released."""
    return paged(context, query, hold.list_all_holds, db)


def place_hold(context: Context, db: Connection, student_id: int, body: HoldInput) -> Result:
    """Place a hold; the student cannot enroll until it is released."""
    new = hold.insert_hold(db, student_id, body, change_context(context))
    return created(new, f"/v1/students/{student_id}/holds/{new.id}")


def read_hold(context: Context, db: Connection, student_id: int, hold_id: int) -> Result:
    """Read a hold."""
    return ok(visible_hold(context.caller, hold.get_hold(db, student_id, hold_id)))


def release_hold(context: Context, db: Connection, student_id: int, hold_id: int) -> Result:
    """Release a hold (the record is kept)."""
    check_record(context, hold.get_hold(db, student_id, hold_id))
    hold.release_hold(db, student_id, hold_id, change_context(context))
    return no_content()


OPERATIONS = (
    Operation("GET", "/v1/holds", READERS, list_all_holds, query=HoldFilter, answer=Page[Hold]),
    Operation(
        "GET",
        "/v1/students/<student_id:id>/holds",
        READERS_AND_STUDENTS,
        list_holds,
        query=Pagination,
        answer=Page[Hold],
    ),
    Operation(
        "POST",
        "/v1/students/<student_id:id>/holds",
        REGISTRARS,
        place_hold,
        body=HoldInput,
        answer=Hold,
        status=201,
        conflicts=rules_for("hold"),
    ),
    Operation(
        "GET",
        "/v1/students/<student_id:id>/holds/<hold_id:id>",
        READERS_AND_STUDENTS,
        read_hold,
        answer=Hold,
    ),
    Operation(
        "DELETE",
        "/v1/students/<student_id:id>/holds/<hold_id:id>",
        REGISTRARS,
        release_hold,
        status=204,
    ),
)
