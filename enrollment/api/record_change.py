"""/v1/changes: who changed what in the records, and when; and the changes of one record."""

from enrollment.data import record_change
from enrollment.data.hold import get_hold
from enrollment.http.context import Context
from enrollment.http.operation import ADMINS, READERS, Operation
from enrollment.http.query import decode_cursor, page_response, paged
from enrollment.http.responses import Result
from enrollment.model.history import RecordChange
from enrollment.model.queries import HistoryFilter, RecordChangeFilter
from enrollment.model.results import Page
from enrollment.model.types import RecordSubject
from enrollment.problems.errors import Problem
from enrollment.storage.connection import Connection


def list_changes(context: Context, db: Connection, query: RecordChangeFilter) -> Result:
    """List the changes of students, terms, courses, holds and tokens (tokens: for admins only)."""
    is_admin = context.caller.role in ADMINS
    if query.subject == "token" and not is_admin:
        raise Problem("forbidden", "Only admins may read the changes of tokens.")
    place = decode_cursor(context, query)
    listing = record_change.list_record_changes(db, query, place, with_tokens=is_admin)
    return page_response(context, listing, query)


def _operation(path: str, allowed: frozenset[str], subject: RecordSubject, what: str) -> Operation:
    """Return the operation that lists the changes of one record: `what`, at this path."""

    def handler(context: Context, db: Connection, query: HistoryFilter, **ids: int) -> Result:
        if subject == "hold":
            get_hold(db, **ids)
        changes, subject_id = record_change.list_changes_of_record, ids[f"{subject}_id"]
        return paged(context, query, changes, db, subject, subject_id)

    handler.__name__ = f"list_changes_of_{subject}"
    handler.__doc__ = f"List the changes of {what}."
    page = Page[RecordChange]
    return Operation("GET", f"{path}/changes", allowed, handler, query=HistoryFilter, answer=page)


STUDENT = "/v1/students/<student_id:id>"
OPERATIONS = (
    Operation(
        "GET",
        "/v1/changes",
        READERS,
        list_changes,
        query=RecordChangeFilter,
        answer=Page[RecordChange],
    ),
    _operation(STUDENT, READERS, "student", "a student's record"),
    _operation(f"{STUDENT}/holds/<hold_id:id>", READERS, "hold", "a hold"),
    _operation("/v1/terms/<term_id:id>", READERS, "term", "a term"),
    _operation(
        "/v1/courses/<course_id:id>",
        READERS,
        "course",
        "a course, its requirements and its meetings",
    ),
    _operation("/v1/tokens/<token_id:id>", ADMINS, "token", "a token, without its uses"),
)
