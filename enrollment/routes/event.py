"""/v1/events, the change feed, and the history of one enrolment."""

from msgspec.structs import replace

from enrollment import paging
from enrollment.access import READERS, READERS_AND_STUDENTS, as_told
from enrollment.answers import ListPage
from enrollment.context import Context
from enrollment.data import event
from enrollment.database import Connection
from enrollment.filters import EventFilter, Page
from enrollment.http import Operation
from enrollment.records import Event
from enrollment.rendering import Answer


def list_events(context: Context, db: Connection, query: EventFilter) -> Answer:
    """Read what changed, or wait for it."""
    listing = event.list_events(db, query)
    if not listing.items:
        context.poll_seconds = query.wait
    cursor = str(listing.next[0]) if listing.next else None
    return paging.linked_page(
        context, listing.items, cursor, {"after": cursor, "limit": query.limit}
    )


def list_events_of_enrollment(
    context: Context, db: Connection, student_id: int, course_id: int, query: Page
) -> Answer:
    """List what happened to it."""
    place = paging.place(context, query)
    listing = event.list_events_of_enrollment(db, student_id, course_id, query, place)
    return paging.page(
        context, replace(listing, items=as_told(context.caller, listing.items)), query
    )


OPERATIONS = (
    Operation("GET", "/v1/events", READERS, list_events, query=EventFilter, answer=ListPage[Event]),
    Operation(
        "GET",
        "/v1/students/<student_id:id>/courses/<course_id:id>/events",
        READERS_AND_STUDENTS,
        list_events_of_enrollment,
        query=Page,
        answer=ListPage[Event],
    ),
)
