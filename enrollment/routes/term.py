"""/v1/terms: when it is taught."""

from enrollment import http, paging
from enrollment.access import READERS_AND_STUDENTS, REGISTRARS
from enrollment.answers import ListPage
from enrollment.context import Context
from enrollment.data import term, waitlist
from enrollment.database import Connection
from enrollment.filters import TermFilter
from enrollment.http import Operation
from enrollment.preconditions import require_match, tag_of
from enrollment.records import Term, TermFields
from enrollment.rendering import Answer


def list_terms(context: Context, db: Connection, query: TermFilter) -> Answer:
    """List terms."""
    return paging.page(context, term.list_terms(db, query, paging.place(context, query)), query)


def create_term(context: Context, db: Connection, body: TermFields) -> Answer:
    """Create a term."""
    new = term.insert_term(db, body)
    return http.created(new, f"/v1/terms/{new.id}")


def read_term(context: Context, db: Connection, term_id: int) -> Answer:
    """Read a term."""
    return http.ok(term.get_term(db, term_id))


def replace_term(context: Context, db: Connection, term_id: int, body: TermFields) -> Answer:
    """Replace a term; its courses follow a change of its code."""
    present = term.get_term(db, term_id)
    require_match(context, lambda: tag_of(present))
    updated = term.update_term(db, term_id, body)
    waitlist.settle(db, http.change(context), course_ids=term.list_course_ids(db, term_id))
    return http.ok(updated)


def delete_term(context: Context, db: Connection, term_id: int) -> Answer:
    """Delete a term without courses."""
    present = term.get_term(db, term_id)
    require_match(context, lambda: tag_of(present))
    term.delete_term(db, term_id)
    return http.no_content()


OPERATIONS = (
    Operation(
        "GET",
        "/v1/terms",
        READERS_AND_STUDENTS,
        list_terms,
        query=TermFilter,
        answer=ListPage[Term],
    ),
    Operation(
        "POST",
        "/v1/terms",
        REGISTRARS,
        create_term,
        body=TermFields,
        answer=Term,
        status=201,
        conflicts=("term_code_taken", "ends_before_start"),
    ),
    Operation("GET", "/v1/terms/<term_id:id>", READERS_AND_STUDENTS, read_term, answer=Term),
    Operation(
        "PUT",
        "/v1/terms/<term_id:id>",
        REGISTRARS,
        replace_term,
        body=TermFields,
        answer=Term,
        conflicts=("term_code_taken", "ends_before_start"),
    ),
    Operation(
        "DELETE",
        "/v1/terms/<term_id:id>",
        REGISTRARS,
        delete_term,
        status=204,
        conflicts=("term_has_courses",),
    ),
)
