"""/terms: the terms. /terms/{id}: one term with its numbers; it closes and opens enrollment in all
its courses."""

from functools import partial
from typing import Any

from enrollment.data import page
from enrollment.data.page import WindowPreview
from enrollment.data.term import get_term
from enrollment.http.conditional import etag_of
from enrollment.http.operation import READERS, REGISTRARS, Operation
from enrollment.http.responses import Result
from enrollment.model.records import Term
from enrollment.model.types import Timestamp
from enrollment.problems.errors import Problem
from enrollment.web.chosen_term import choose_term
from enrollment.web.forms import preview_or_submit
from enrollment.web.visit import Visit
from enrollment.web.words import link


def show_terms(visit: Visit) -> Result:
    """List the terms, the latest first."""
    return visit.page("terms", listed=choose_term(visit).every)


def show_term(
    visit: Visit,
    term_id: int,
    preview: WindowPreview | None = None,
    promoted: int = 0,
    problem: Problem | None = None,
) -> Result:
    """Show a term with its numbers.

    `promoted` is how many students get a seat from a waitlist by what is previewed.
    """
    term = get_term(visit.db, term_id)
    start = visit.words.day_start(term.start_on)
    is_over = term.end_on < visit.words.today().isoformat()
    return visit.page(
        "term",
        problem,
        term=term,
        counts=page.get_term_counts(visit.db, term.id, start),
        is_over=is_over,
        # A later end of enrollment is for those who enroll late.
        takes_no_one=is_over and (not term.enroll_until or visit.words.is_over(term.enroll_until)),
        in_the_way=_in_the_way(term, str(Timestamp.now())),
        seen=etag_of(term),
        preview=preview,
        promoted=promoted,
    )


def change_window(visit: Visit, term_id: int) -> Result:
    """Close enrollment in the courses of the term from now on, or open it; or preview that."""
    term, now = get_term(visit.db, term_id), str(Timestamp.now())
    opens = visit.form.one("to") == "open"
    body = _in_the_way(term, now) if opens else {"enroll_until": now}

    def show_again(problem: Problem | None, answer: Any) -> Result:
        if problem:
            return show_term(visit, term_id, problem=problem)
        promoted = sum(event["to_status"] == "enrolled" for event in answer["events"])
        window = answer["enroll_from"], answer["enroll_until"]
        preview = page.preview_window(visit.db, term_id, now, window, opens=opens)
        return show_term(visit, term_id, preview, promoted)

    path, seen = f"/v1/terms/{term_id}", visit.form.one("seen")
    send = partial(visit.send, "PATCH", path, body, if_match=seen)
    moved_to = link(f"/terms/{term_id}", done="term_opened" if opens else "term_closed")
    return preview_or_submit(visit, send, lambda answer: moved_to, show_again)


def _in_the_way(term: Term, now: str) -> dict[str, str | None]:
    """The times of the term because of which no one can enroll now, as a patch without them."""
    patch: dict[str, str | None] = {}
    if term.enroll_from and term.enroll_from > now:
        patch["enroll_from"] = None
    if term.enroll_until and term.enroll_until <= now:
        patch["enroll_until"] = None
    return patch


ONE = "/terms/<term_id:id>"
PAGES = (
    Operation("GET", "/terms", READERS, show_terms),
    Operation("GET", ONE, READERS, show_term),
    Operation("POST", f"{ONE}/enrollment", REGISTRARS, change_window),
)
