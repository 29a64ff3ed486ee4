"""Events: every change of every enrolment, written by the triggers of migrations/0002."""

import json
from typing import Any

from msgspec.structs import asdict

from enrollment.data.listing import Listing, list_page
from enrollment.database import Connection, queries
from enrollment.records import Event, EventFilter

SQL = queries("event")


def list_events(db: Connection, wanted: EventFilter) -> Listing[Event]:
    """By id, which is the order of their commits: whoever reads on from the last id misses none."""
    return list_page(db, SQL.list_events, _event, asdict(wanted), start={"id": wanted.after})


def _event(overridden: str | None, **row: Any) -> Event:
    return Event(**row, overridden=json.loads(overridden or "[]"))
