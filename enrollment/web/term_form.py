"""/terms/new and /terms/{id}/edit: the record of a term."""

from functools import partial
from typing import Any

from enrollment.data.term import get_term
from enrollment.http.conditional import etag_of
from enrollment.http.operation import REGISTRARS, Operation
from enrollment.http.responses import Result
from enrollment.model.records import Term
from enrollment.problems.errors import Problem
from enrollment.web.fields import decimal
from enrollment.web.forms import submit
from enrollment.web.record_form import done_of, fill, read_times
from enrollment.web.visit import Visit
from enrollment.web.words import link, number

TEXTS = ("title", "code", "start_on", "end_on")
ENDS = ("enroll_until", "drop_until")
TIMES = ("enroll_from", *ENDS)
FIELDS = (*TEXTS, *TIMES, "max_credits")


def show_new(visit: Visit) -> Result:
    """Show an empty record."""
    return _form(visit, None)


def create(visit: Visit) -> Result:
    """Add a term."""

    def act() -> str:
        new = visit.send("POST", "/v1/terms", _body(visit))
        return link(f"/terms/{new['id']}", done="term_added")

    return submit(visit, act, partial(_form, visit, None))


def show_edit(visit: Visit, term_id: int) -> Result:
    """Show a record to edit."""
    return _form(visit, get_term(visit.db, term_id))


def replace(visit: Visit, term_id: int) -> Result:
    """Change a term."""
    term = get_term(visit.db, term_id)

    def act() -> str:
        path, seen = f"/v1/terms/{term_id}", visit.form.one("seen")
        answer = visit.send("PATCH", path, _body(visit), if_match=seen)
        return link(f"/terms/{term_id}", done=done_of(term, answer))

    return submit(visit, act, partial(_form, visit, term))


def _values(visit: Visit, term: Term) -> dict[str, str]:
    """The texts of the fields of a term."""
    values: dict[str, str] = {name: getattr(term, name) for name in TEXTS}
    for name in TIMES:
        values[name] = visit.words.boundary(getattr(term, name), is_end=name in ENDS)
    return values | {"max_credits": number(term.max_credits)}


def _body(visit: Visit) -> dict[str, Any]:
    """Return the term that the form describes. Raises invalid_body for times."""
    return visit.form.typed(TEXTS) | {
        **read_times(visit, TIMES),
        "max_credits": decimal(visit.form.one("max_credits")),
    }


def _form(visit: Visit, term: Term | None, problem: Problem | None = None) -> Result:
    present = _values(visit, term) if term else dict.fromkeys(FIELDS, "")
    filled = fill(visit, present, etag_of(term), problem)
    return visit.page("term_form", problem, term=term, **filled)


PAGES = (
    Operation("GET", "/terms/new", REGISTRARS, show_new),
    Operation("POST", "/terms/new", REGISTRARS, create),
    Operation("GET", "/terms/<term_id:id>/edit", REGISTRARS, show_edit),
    Operation("POST", "/terms/<term_id:id>/edit", REGISTRARS, replace),
)
