"""What was recorded, the newest first: changes of enrollments and of records in one list."""

import json
from collections.abc import Iterator
from heapq import merge
from itertools import islice
from typing import Any, NamedTuple

from enrollment.data.keyset import LAST_ID, KeysetPage, KeysetPosition, id_range, invalid_cursor
from enrollment.storage.connection import Connection
from enrollment.storage.queries import as_bool, from_json, queries

SQL = queries("change_list")
EVENT = queries("event")
RECORD_CHANGE = queries("record_change")
# How many changes are read at once where all are wanted.
BATCH = 1000
# The ids before which the newest changes are.
START = (LAST_ID + 1, LAST_ID + 1)


class Changed(NamedTuple):
    """One thing that was recorded: of an enrollment (from_status and to_status), or of a record
    (before and after)."""

    id: int
    recorded_at: str
    effective_at: str | None
    actor: str | None
    # "enrollment", "student", "hold", "course" or "term".
    subject: str
    from_status: str | None
    to_status: str | None
    passed: bool | None
    grade: str | None
    # That of the event, or of the hold.
    reason: str | None
    overridden: list[str]
    # The id of the event that a correction replaces, and of that which holds again.
    corrects: int | None
    restores: int | None
    # That on the waitlist to which a registrar moved the student.
    position: int | None
    # The label of the course that a waitlisted student gives up for the seat.
    instead_of: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    part: str | None
    # The title of the term that has changed.
    term: str | None
    student_id: int | None
    course_id: int | None
    number: str | None
    given_name: str | None
    family_name: str | None
    label: str | None


class ChangeScope(NamedTuple):
    """Which changes are listed. None: it is not asked for."""

    student_id: int | None = None
    course_id: int | None = None
    actor: str | None = None
    since: str | None = None
    until: str | None = None
    only_overrides: bool = False

    @property
    def has_records(self) -> bool:
        """Whether changes of records can be among them: a record is of a student or of a course,
        and sets no rule aside."""
        return not (self.only_overrides or (self.student_id and self.course_id))


def list_changes(
    db: Connection, scope: ChangeScope, limit: int, after: KeysetPosition | None = None
) -> KeysetPage[Changed]:
    """List what was recorded, the newest first.

    Each of the two histories keeps the order of its ids, which is that of the commits. So a
    position is the last id of either, and is right also where the clock was set back. Raises
    page_not_found.
    """
    if after is not None and [*map(type, after)] != [int, int]:
        raise invalid_cursor()
    last_event, last_record = after or START
    latest = [*islice(_walk(db, scope, limit + 1, last_event, last_record), limit + 1)]
    shown = latest[:limit]
    for change in shown:
        if change.subject == "enrollment":
            last_event = change.id
        else:
            last_record = change.id
    return KeysetPage(shown, [last_event, last_record] if len(latest) > limit else None)


def read_changes(db: Connection, scope: ChangeScope) -> Iterator[Changed]:
    """Return all changes one by one, the newest first."""
    return _walk(db, scope, BATCH, *START)


def _walk(
    db: Connection, scope: ChangeScope, batch: int, last_event: Any, last_record: Any
) -> Iterator[Changed]:
    """Return the changes before these ids, as many at once as the batch has."""
    histories = [_read(db, SQL.list_latest_events, EVENT.get_event_range, scope, batch, last_event)]
    if scope.has_records:
        query, get_range = SQL.list_latest_record_changes, RECORD_CHANGE.get_record_change_range
        histories.append(_read(db, query, get_range, scope, batch, last_record))
    return merge(*histories, key=lambda change: change.recorded_at, reverse=True)


def _read(
    db: Connection, query: Any, get_range: Any, scope: ChangeScope, batch: int, before: int
) -> Iterator[Changed]:
    """Return the changes of one history before this id."""
    first, period = id_range(db, get_range, 0, scope.since, scope.until)
    parameters = {**scope._asdict(), **period, "after_id": first, "limit": batch}
    before = min(before, period["last_id"] + 1)
    while True:
        rows = query(db, **parameters, before_id=before)
        yield from (_changed(**dict(row)) for row in rows)
        if len(rows) < batch:
            return
        before = rows[-1]["id"]


def list_actors(db: Connection, text: str) -> list[str]:
    """List who makes changes under a name that has this text in it, as the history names them."""
    return [row["actor"] for row in SQL.list_actors_named(db, text=text)]


def _changed(**row: Any) -> Changed:
    return Changed(
        **row
        | {
            "passed": as_bool(row["passed"]),
            "overridden": json.loads(row["overridden"] or "[]"),
            "before": row["before"] and from_json(row["before"]),
            "after": row["after"] and from_json(row["after"]),
        }
    )
