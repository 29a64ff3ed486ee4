"""What undoes a mistake: a change is taken back, a person is forgotten, two records become one."""

from enrollment.data import correction, enrollment, erasure, merge, student
from enrollment.http.conditional import check_record
from enrollment.http.context import Context, change_context
from enrollment.http.operation import ADMINS, READERS, REGISTRARS, Operation
from enrollment.http.query import paged
from enrollment.http.responses import Result, ok
from enrollment.model.history import Erasure, MergedStudent
from enrollment.model.queries import Pagination
from enrollment.model.records import Enrollment
from enrollment.model.requests import ChangeDetails, ErasureInput, MergeInput, TakeBackInput
from enrollment.model.results import Merge, Page
from enrollment.problems.registry import rules_for
from enrollment.storage.connection import Connection


def take_back_change(
    context: Context, db: Connection, student_id: int, course_id: int, body: TakeBackInput
) -> Result:
    """Take the latest change of an enrollment back: what held before it holds again."""
    check_record(context, enrollment.find_enrollment(db, student_id, course_id))
    details = ChangeDetails(reason=body.reason, override=body.override)
    change = change_context(context, details)
    return ok(correction.take_back_change(db, student_id, course_id, change))


def list_erasures(context: Context, db: Connection, query: Pagination) -> Result:
    """List whose data was erased."""
    return paged(context, query, erasure.list_erasures, db)


def erase_student(context: Context, db: Connection, student_id: int, body: ErasureInput) -> Result:
    """Erase the data of a student permanently; counts and events stay."""
    check_record(context, student.get_student(db, student_id))
    return ok(erasure.erase_student(db, student_id, body.reason, change_context(context)))


def list_merges(context: Context, db: Connection, query: Pagination) -> Result:
    """List which students were merged into which."""
    return paged(context, query, merge.list_merges, db)


def merge_student(context: Context, db: Connection, student_id: int, body: MergeInput) -> Result:
    """Merge a student into another record of the same person."""
    check_record(context, student.get_student(db, student_id))
    return ok(merge.merge_student(db, student_id, body.into, change_context(context)))


OPERATIONS = (
    Operation(
        "POST",
        "/v1/students/<student_id:id>/courses/<course_id:id>/corrections",
        REGISTRARS,
        take_back_change,
        body=TakeBackInput,
        answer=Enrollment,
        conflicts=rules_for("take_back"),
        conditional=True,
        only_enrolls=True,
    ),
    Operation("GET", "/v1/erasures", ADMINS, list_erasures, query=Pagination, answer=Page[Erasure]),
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
        "GET", "/v1/merges", READERS, list_merges, query=Pagination, answer=Page[MergedStudent]
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
