"""/v1/events: the change feed."""

from enrollment import http, paging
from enrollment.data import event
from enrollment.database import Database
from enrollment.http import Answer, Operation
from enrollment.records import EventFilter


def list_events(database: Database, query: EventFilter) -> Answer:
    with database.read() as db:
        listing = event.list_events(db, query)
    if listing.next is None:
        return http.ok({"items": listing.items, "next": None})
    (last_id,) = listing.next
    return paging.linked_page(listing.items, str(last_id), {"after": last_id, "limit": query.limit})


OPERATIONS = (Operation("GET", "/v1/events", list_events, query=EventFilter),)
