"""/v1/changes: who changed what in the records, and when; and the changes of one record."""

from enrollment.data import record_change
from enrollment.data.hold import get_hold
from enrollment.http.authentication import ADMINS, READERS
from enrollment.http.context import Context
from enrollment.http.operation import Operation
from enrollment.http.query import decode_cursor, page_response
from enrollment.http.responses import Result
from enrollment.model.history import RecordChange
from enrollment.model.queries import HistoryFilter, RecordChangeFilter
from enrollment.model.results import Page
from enrollment.model.types import RecordSubject
from enrollment.problems.errors import Problem
from enrollment.storage.connection import Connection


def list_changes(context: Context, db: Connection, query: RecordChangeFilter) -> Result:
    """List the changes of students, terms, courses, holds and tokens (tokens: for admins only)."""
    is_admin = context.caller is not None and context.caller.role in ADMINS
    if query.subject == "token" and not is_admin:
        raise Problem("forbidden", "Only admins may read the changes of tokens.")
    place = decode_cursor(context, query)
    listing = record_change.list_record_changes(db, query, place, with_tokens=is_admin)
    return page_response(context, listing, query)


def list_changes_of_student(
    context: Context, db: Connection, student_id: int, query: HistoryFilter
) -> Result:
    """List the changes of a student's record."""
    return _changes_of(context, db, "student", student_id, query)


def list_changes_of_term(
    context: Context, db: Connection, term_id: int, query: HistoryFilter
) -> Result:
    """List the changes of a term."""
    return _changes_of(context, db, "term", term_id, query)


def list_changes_of_course(
    context: Context, db: Connection, course_id: int, query: HistoryFilter
) -> Result:
    """List the changes of a course, its requirements and its meetings."""
    return _changes_of(context, db, "course", course_id, query)


def list_changes_of_hold(
    context: Context, db: Connection, student_id: int, hold_id: int, query: HistoryFilter
) -> Result:
    """List the changes of a hold."""
    get_hold(db, student_id, hold_id)
    return _changes_of(context, db, "hold", hold_id, query)


def list_changes_of_token(
    context: Context, db: Connection, token_id: int, query: HistoryFilter
) -> Result:
    """List the changes of a token, without its uses."""
    return _changes_of(context, db, "token", token_id, query)


def _changes_of(
    context: Context, db: Connection, subject: RecordSubject, subject_id: int, query: HistoryFilter
) -> Result:
    place = decode_cursor(context, query)
    listing = record_change.list_changes_of_record(db, subject, subject_id, query, place)
    return page_response(context, listing, query)


OPERATIONS = (
    Operation(
        "GET",
        "/v1/changes",
        READERS,
        list_changes,
        query=RecordChangeFilter,
        answer=Page[RecordChange],
    ),
    Operation(
        "GET",
        "/v1/students/<student_id:id>/changes",
        READERS,
        list_changes_of_student,
        query=HistoryFilter,
        answer=Page[RecordChange],
    ),
    Operation(
        "GET",
        "/v1/students/<student_id:id>/holds/<hold_id:id>/changes",
        READERS,
        list_changes_of_hold,
        query=HistoryFilter,
        answer=Page[RecordChange],
    ),
    Operation(
        "GET",
        "/v1/terms/<term_id:id>/changes",
        READERS,
        list_changes_of_term,
        query=HistoryFilter,
        answer=Page[RecordChange],
    ),
    Operation(
        "GET",
        "/v1/courses/<course_id:id>/changes",
        READERS,
        list_changes_of_course,
        query=HistoryFilter,
        answer=Page[RecordChange],
    ),
    Operation(
        "GET",
        "/v1/tokens/<token_id:id>/changes",
        ADMINS,
        list_changes_of_token,
        query=HistoryFilter,
        answer=Page[RecordChange],
    ),
)
