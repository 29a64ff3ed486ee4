"""Events: every change of every enrollment. Triggers write them; see sql/schema.sql."""

import json
from typing import Any

from msgspec.structs import asdict

from enrollment.data.enrollment import get_enrollment
from enrollment.data.keyset import KeysetPage, KeysetPosition, id_range, list_page
from enrollment.model.queries import EventFilter, Pagination
from enrollment.model.records import Event
from enrollment.storage.connection import Connection
from enrollment.storage.queries import as_bool, queries

SQL = queries("event")


def list_events(db: Connection, wanted: EventFilter) -> KeysetPage[Event]:
    """List events by id, which is the order of commits: no event with a lower id appears later.

    That is so with every filter: what an event is compared by never changes.
    """
    query = SQL.list_events
    if wanted.student_id:
        query = SQL.list_events_of_student
    elif wanted.course_id:
        query = SQL.list_events_of_course
    elif wanted.actor:
        query = SQL.list_events_by_actor
    elif wanted.kind and wanted.kind != "enrolled":
        query = SQL.list_events_of_kind
    times = (wanted.since, wanted.until)
    first, period = id_range(db, SQL.get_event_range, wanted.after, *times)
    return list_page(db, query, _event, asdict(wanted) | period, start={"id": first})


def get_last_event_id(db: Connection) -> int:
    """Return the id of the last event, or 0 if there is none."""
    last: int = SQL.get_last_event_id(db)["id"]
    return last


def list_events_of_enrollment(
    db: Connection,
    student_id: int,
    course_id: int,
    wanted: Pagination,
    after: KeysetPosition | None = None,
) -> KeysetPage[Event]:
    """List the events of one enrollment by id.

    One that is void is not there, but its events are. Raises student_not_found, course_not_found,
    enrollment_not_found.
    """
    filters = EventFilter(student_id=student_id, course_id=course_id, limit=wanted.limit)
    first, period = id_range(db, SQL.get_event_range, 0, None, None)
    parameters = asdict(filters) | period | {"count": wanted.count}
    query = SQL.list_events_of_student
    page = list_page(db, query, _event, parameters, start={"id": first}, after=after)
    if not page.items:
        get_enrollment(db, student_id, course_id)
    return page


def _event(overridden: str | None, passed: int | None, **row: Any) -> Event:
    return Event(**row, overridden=json.loads(overridden or "[]"), passed=as_bool(passed))
