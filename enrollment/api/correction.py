"""/v1/students/{id}/erasure and /merge: a person is to be forgotten, or was recorded twice."""

from enrollment.data import erasure, merge, student
from enrollment.http.authentication import ADMINS, REGISTRARS
from enrollment.http.conditional import check_preconditions, etag_of
from enrollment.http.context import Context
from enrollment.http.endpoint import change_context
from enrollment.http.operation import Operation
from enrollment.http.pagination import decode_cursor, page_response
from enrollment.http.responses import Result, ok
from enrollment.model.history import Erasure
from enrollment.model.queries import Pagination
from enrollment.model.requests import ErasureInput, MergeInput
from enrollment.model.results import Merge, Page
from enrollment.problems.registry import rules_for
from enrollment.storage.sqlite import Connection


def list_erasures(context: Context, db: Connection, query: Pagination) -> Result:
    """List whose data was erased."""
    listing = erasure.list_erasures(db, query, decode_cursor(context, query))
    return page_response(context, listing, query)


def erase_student(context: Context, db: Connection, student_id: int, body: ErasureInput) -> Result:
    """Erase the data of a student permanently; counts and events stay."""
    _check_preconditions(context, db, student_id)
    return ok(erasure.erase_student(db, student_id, body.reason, change_context(context)))


def merge_student(context: Context, db: Connection, student_id: int, body: MergeInput) -> Result:
    """Merge a student into another record of the same person."""
    _check_preconditions(context, db, student_id)
    return ok(merge.merge_student(db, student_id, body.into, change_context(context)))


def _check_preconditions(context: Context, db: Connection, student_id: int) -> None:
    present = student.get_student(db, student_id)
    check_preconditions(context, lambda: etag_of(present))


OPERATIONS = (
    Operation(
        "GET",
        "/v1/erasures",
        ADMINS,
        list_erasures,
        query=Pagination,
        answer=Page[Erasure],
    ),
    Operation(
        "POST",
        "/v1/students/<student_id:id>/erasure",
        ADMINS,
        erase_student,
        body=ErasureInput,
        answer=Erasure,
        conflicts=rules_for("erasure"),
        conditional=True,
    ),
    Operation(
        "POST",
        "/v1/students/<student_id:id>/merge",
        REGISTRARS,
        merge_student,
        body=MergeInput,
        answer=Merge,
        conflicts=rules_for("merge"),
        conditional=True,
    ),
)
