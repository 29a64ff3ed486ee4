"""/v1/terms: the terms, with their dates and credit limits."""

from enrollment.data import census, term
from enrollment.http.conditional import check_record
from enrollment.http.context import Context, change_context
from enrollment.http.operation import READERS, READERS_AND_STUDENTS, REGISTRARS, Operation
from enrollment.http.query import paged
from enrollment.http.responses import Result, created, no_content, ok
from enrollment.model.history import Census
from enrollment.model.patches import TermPatch, merge
from enrollment.model.queries import CensusFilter, TermFilter
from enrollment.model.records import Input, Term, TermInput
from enrollment.model.results import Page
from enrollment.model.types import Timestamp
from enrollment.problems.registry import rules_for
from enrollment.storage.connection import Connection


def list_terms(context: Context, db: Connection, query: TermFilter) -> Result:
    """List terms."""
    return paged(context, query, term.list_terms, db)


def create_term(context: Context, db: Connection, body: TermInput) -> Result:
    """Create a term."""
    new = term.insert_term(db, body, Timestamp.now())
    return created(new, f"/v1/terms/{new.id}")


def read_term(context: Context, db: Connection, term_id: int) -> Result:
    """Read a term."""
    return ok(term.get_term(db, term_id))


def replace_term(context: Context, db: Connection, term_id: int, body: TermInput) -> Result:
    """Replace a term; if its code changes, its courses follow."""
    present = term.get_term(db, term_id)
    check_record(context, present)
    return ok(term.update_term(db, present, body, change_context(context)))


def patch_term(context: Context, db: Connection, term_id: int, body: Input) -> Result:
    """Change some fields of a term (a merge patch, RFC 7396); otherwise as `PUT`."""
    present = term.get_term(db, term_id)
    return replace_term(context, db, term_id, merge(TermInput, present, body))


def delete_term(context: Context, db: Connection, term_id: int) -> Result:
    """Delete a term that has no courses."""
    check_record(context, term.get_term(db, term_id))
    term.delete_term(db, term_id)
    return no_content()


def read_census(context: Context, db: Connection, term_id: int, query: CensusFilter) -> Result:
    """Count who is enrolled, waits, has completed and has dropped in each course of a term."""
    return ok(census.get_census(db, term_id, query))


OPERATIONS = (
    Operation(
        "GET", "/v1/terms", READERS_AND_STUDENTS, list_terms, query=TermFilter, answer=Page[Term]
    ),
    Operation(
        "POST",
        "/v1/terms",
        REGISTRARS,
        create_term,
        body=TermInput,
        answer=Term,
        status=201,
        conflicts=rules_for("term"),
    ),
    Operation("GET", "/v1/terms/<term_id:id>", READERS_AND_STUDENTS, read_term, answer=Term),
    Operation(
        "PUT",
        "/v1/terms/<term_id:id>",
        REGISTRARS,
        replace_term,
        body=TermInput,
        answer=Term,
        conflicts=rules_for("term"),
    ),
    Operation(
        "PATCH",
        "/v1/terms/<term_id:id>",
        REGISTRARS,
        patch_term,
        body=TermPatch,
        answer=Term,
        conflicts=rules_for("term"),
    ),
    Operation(
        "DELETE",
        "/v1/terms/<term_id:id>",
        REGISTRARS,
        delete_term,
        status=204,
        conflicts=rules_for("term_deletion"),
    ),
    Operation(
        "GET",
        "/v1/terms/<term_id:id>/census",
        READERS,
        read_census,
        query=CensusFilter,
        answer=Census,
        slow=True,
    ),
)
