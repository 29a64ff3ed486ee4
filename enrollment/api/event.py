"""/v1/events, the change feed, and the history of one enrolment."""

from msgspec.structs import replace

from enrollment.data import event
from enrollment.http.authentication import READERS, READERS_AND_STUDENTS
from enrollment.http.context import Context
from enrollment.http.operation import Operation
from enrollment.http.pagination import decode_cursor, linked_page, page_response
from enrollment.http.responses import Result
from enrollment.http.visibility import visible_events
from enrollment.model.queries import EventFilter, Pagination
from enrollment.model.records import Event
from enrollment.model.results import Page
from enrollment.storage.sqlite import Connection


def list_events(context: Context, db: Connection, query: EventFilter) -> Result:
    """Read what changed, or wait for it."""
    listing = event.list_events(db, query)
    if not listing.items:
        context.poll_seconds = query.wait
    cursor = str(listing.next[0]) if listing.next else None
    return linked_page(context, listing.items, cursor, {"after": cursor, "limit": query.limit})


def list_events_of_enrollment(
    context: Context, db: Connection, student_id: int, course_id: int, query: Pagination
) -> Result:
    """List what happened to it."""
    place = decode_cursor(context, query)
    listing = event.list_events_of_enrollment(db, student_id, course_id, query, place)
    return page_response(
        context, replace(listing, items=visible_events(context.caller, listing.items)), query
    )


OPERATIONS = (
    Operation("GET", "/v1/events", READERS, list_events, query=EventFilter, answer=Page[Event]),
    Operation(
        "GET",
        "/v1/students/<student_id:id>/courses/<course_id:id>/events",
        READERS_AND_STUDENTS,
        list_events_of_enrollment,
        query=Pagination,
        answer=Page[Event],
    ),
)
