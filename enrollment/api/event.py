"""/v1/events: the change feed; and the history of one enrollment."""

from http import HTTPStatus

from msgspec.structs import replace

from enrollment.data import event
from enrollment.http.authentication import visible_events
from enrollment.http.context import Context
from enrollment.http.operation import READERS, READERS_AND_STUDENTS, Operation
from enrollment.http.query import decode_cursor, filters, next_link, page_response
from enrollment.http.responses import Result
from enrollment.model.queries import EventFilter, Pagination
from enrollment.model.records import Event
from enrollment.model.results import EventFeed, Page
from enrollment.storage.connection import Connection


def list_events(context: Context, db: Connection, query: EventFilter) -> Result:
    """List the events after an id, or wait for the next one."""
    listing = event.list_events(db, query)
    if not listing.items:
        context.poll_seconds = query.wait
    after = listing.items[-1].id if listing.next else None
    following = {**filters(query), "after": after, "limit": query.limit}
    headers = next_link(context, following) if after else {}
    return Result(HTTPStatus.OK, EventFeed(items=listing.items, next=after), headers)


def list_events_of_enrollment(
    context: Context, db: Connection, student_id: int, course_id: int, query: Pagination
) -> Result:
    """List the history of one enrollment."""
    place = decode_cursor(context, query)
    listing = event.list_events_of_enrollment(db, student_id, course_id, query, place)
    visible = replace(listing, items=visible_events(context.caller, listing.items))
    return page_response(context, visible, query)


OPERATIONS = (
    Operation("GET", "/v1/events", READERS, list_events, query=EventFilter, answer=EventFeed),
    Operation(
        "GET",
        "/v1/students/<student_id:id>/courses/<course_id:id>/events",
        READERS_AND_STUDENTS,
        list_events_of_enrollment,
        query=Pagination,
        answer=Page[Event],
    ),
)
