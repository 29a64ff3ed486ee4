"""Terms: the periods in which courses are taught."""

from msgspec.structs import asdict

from enrollment.data import waitlist
from enrollment.data.keyset import KeysetPage, KeysetPosition, list_page, prefix_ends
from enrollment.data.violations import raise_broken_rules
from enrollment.model.queries import TermFilter
from enrollment.model.records import Change, Term, TermInput
from enrollment.model.types import Timestamp
from enrollment.problems.errors import Problem
from enrollment.storage.connection import Connection
from enrollment.storage.queries import queries

SQL = queries("term")


def get_term(db: Connection, term_id: int) -> Term:
    """Return a term. Raises term_not_found."""
    row = SQL.get_term(db, id=term_id)
    if row is None:
        raise Problem("term_not_found", f"There is no term {term_id}.")
    return Term(**row)


def get_start(db: Connection, code: str) -> str:
    """Return the first day of the term with this code, which must exist."""
    start_on: str = SQL.get_start(db, code=code)["start_on"]
    return start_on


def list_terms(
    db: Connection, wanted: TermFilter, after: KeysetPosition | None = None
) -> KeysetPage[Term]:
    """List terms by code and id."""
    start = {"code": wanted.code, "id": 0}
    parameters = asdict(wanted) | prefix_ends(wanted, "code", "title")
    return list_page(db, SQL.list_terms, Term, parameters, start=start, after=after)


def insert_term(db: Connection, fields: TermInput, now: Timestamp) -> Term:
    """Add a term. Raises term_code_taken, ends_before_start."""
    raise_broken_rules(SQL.list_broken_term_rules(db, id=None, **asdict(fields)))
    return Term(**SQL.insert_term(db, now=now, **asdict(fields)))


def update_term(db: Connection, present: Term, fields: TermInput, change: Change) -> Term:
    """Replace all fields of a term that exists, and give free seats to students who can be enrolled
    by now. If no field differs, nothing changes. Raises term_code_taken, ends_before_start."""
    raise_broken_rules(SQL.list_broken_term_rules(db, id=present.id, **asdict(fields)))
    SQL.update_term(db, id=present.id, now=change.at, **asdict(fields))
    # A trigger may have dated the change later, which RETURNING does not see.
    updated = get_term(db, present.id)
    if updated.version > present.version:
        courses = [row["id"] for row in SQL.list_course_ids(db, id=present.id)]
        waitlist.promote_eligible(db, change, course_ids=courses, members_of=courses)
    return updated


def delete_term(db: Connection, term_id: int) -> None:
    """Delete a term that exists. Raises term_has_courses."""
    raise_broken_rules(SQL.list_broken_term_deletion_rules(db, id=term_id))
    SQL.delete_term(db, id=term_id)
