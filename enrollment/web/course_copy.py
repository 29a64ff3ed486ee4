"""/terms/{id}/copy: copy courses of another term, all that are ticked or none."""

from functools import partial
from typing import Any

from enrollment.data import page
from enrollment.data.term import get_term
from enrollment.http.operation import REGISTRARS, Operation
from enrollment.http.responses import Result
from enrollment.model.records import Term
from enrollment.problems.errors import Problem
from enrollment.web.chosen_term import choose_term
from enrollment.web.desk import NOTHING_TICKED
from enrollment.web.forms import preview_or_submit
from enrollment.web.refusal import by_item
from enrollment.web.visit import Visit
from enrollment.web.words import link


def show_form(
    visit: Visit,
    term_id: int,
    problem: Problem | None = None,
    answer: dict[str, Any] | None = None,
) -> Result:
    """Choose the term to copy from, and its courses."""
    term = get_term(visit.db, term_id)
    others = [other for other in choose_term(visit).every if other.id != term_id]
    source = _choose(visit, term, others)
    codes = page.list_codes_to_copy(visit.db, source.code, term.code) if source else []
    copies: dict[str, list[dict[str, Any]]] = {}
    for course in answer["items"] if answer else ():
        copies.setdefault(course["code"], []).append(course)
    ticked = _ticked(visit)
    against, general = by_item(problem, "codes", ticked)
    return visit.page(
        "copy",
        problem,
        term=term,
        others=others,
        source=source,
        codes=codes,
        # A code is copied with all its sections, so at first those are ticked that are new here.
        ticked=ticked if visit.form else [code.code for code in codes if not code.present],
        copies=copies,
        against=against,
        general=general,
    )


def copy(visit: Visit, term_id: int) -> Result:
    """Preview the copy, or make it. A refusal shows every conflict."""
    codes = _ticked(visit)
    body = {"copy_from": visit.form.one("from"), "codes": codes}

    def done(answer: Any) -> str:
        return link(f"/terms/{term_id}", done="copied", n=len(answer["items"]))

    if not codes:
        return show_form(visit, term_id, NOTHING_TICKED)
    send = partial(visit.send, "POST", f"/v1/terms/{term_id}/courses", body)
    return preview_or_submit(visit, send, done, partial(show_form, visit, term_id))


def _ticked(visit: Visit) -> list[str]:
    """The codes that are ticked, each once."""
    return [*dict.fromkeys(visit.form.all("code"))]


def _choose(visit: Visit, term: Term, others: list[Term]) -> Term | None:
    """The term to copy from: the one in the form or the address, else the last one before."""
    wanted = visit.form.one("from") or visit.query.one("from")
    named = [other for other in others if other.code.lower() == wanted.lower()]
    earlier = [other for other in others if other.start_on < term.start_on]
    return next(iter([*named, *earlier, *others]), None)


ONE = "/terms/<term_id:id>/copy"
PAGES = (
    Operation("GET", ONE, REGISTRARS, show_form),
    Operation("POST", ONE, REGISTRARS, copy),
)
