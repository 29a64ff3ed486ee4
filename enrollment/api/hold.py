"""/v1/students/{id}/holds: what keeps a student from enrolling."""

from enrollment.data import hold, waitlist
from enrollment.http.authentication import READERS_AND_STUDENTS, REGISTRARS
from enrollment.http.conditional import require_match, tag_of
from enrollment.http.context import Context
from enrollment.http.endpoint import change_context
from enrollment.http.operation import Operation
from enrollment.http.pagination import decode_cursor, page_response
from enrollment.http.responses import Answer, created, no_content, ok
from enrollment.model.queries import Page
from enrollment.model.records import Hold, HoldFields
from enrollment.model.results import ListPage
from enrollment.storage.sqlite import Connection


def list_holds(context: Context, db: Connection, student_id: int, query: Page) -> Answer:
    """List a student's holds, released ones too."""
    return page_response(
        context, hold.list_holds(db, student_id, query, decode_cursor(context, query)), query
    )


def place_hold(context: Context, db: Connection, student_id: int, body: HoldFields) -> Answer:
    """Place a hold, which keeps the student from enrolling."""
    new = hold.insert_hold(db, student_id, body, change_context(context))
    return created(new, f"/v1/students/{student_id}/holds/{new.id}")


def read_hold(context: Context, db: Connection, student_id: int, hold_id: int) -> Answer:
    """Read a hold."""
    return ok(hold.get_hold(db, student_id, hold_id))


def release_hold(context: Context, db: Connection, student_id: int, hold_id: int) -> Answer:
    """Release it; it stays on record."""
    present = hold.get_hold(db, student_id, hold_id)
    require_match(context, lambda: tag_of(present))
    change = change_context(context)
    hold.release_hold(db, student_id, hold_id, change)
    waitlist.settle(db, change, student_ids=[student_id])
    return no_content()


OPERATIONS = (
    Operation(
        "GET",
        "/v1/students/<student_id:id>/holds",
        READERS_AND_STUDENTS,
        list_holds,
        query=Page,
        answer=ListPage[Hold],
    ),
    Operation(
        "POST",
        "/v1/students/<student_id:id>/holds",
        REGISTRARS,
        place_hold,
        body=HoldFields,
        answer=Hold,
        status=201,
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
