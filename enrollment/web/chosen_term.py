"""The term that a page shows: the one in the address, else the present one."""

from typing import NamedTuple

from enrollment.data import page
from enrollment.data.term import list_terms
from enrollment.model.queries import TermFilter
from enrollment.model.records import Student, Term
from enrollment.web.visit import Visit

ALL = TermFilter(limit=1000)
# In an address, what is chosen in place of a term: the courses without one. No code is like this.
NO_TERM = "-"


class Terms(NamedTuple):
    """All terms, the latest first, and the one that is shown, or None for the courses without a
    term."""

    every: list[Term]
    shown: Term | None
    has_courses_without: bool

    @property
    def code(self) -> str | None:
        return self.shown.code if self.shown else None

    @property
    def value(self) -> str:
        """What is shown, as an address and a form name it."""
        return self.code or NO_TERM

    @property
    def where(self) -> str:
        """What is shown, after a noun: such as "in Fall 2026"; "" if there are no terms."""
        if self.shown:
            return f"in {self.shown.title}"
        return "without a term" if self.every else ""

    def limit_of(self, student: Student) -> float | None:
        """The most credits of a student in what is shown, or None without a limit."""
        if student.max_credits is None and self.shown:
            return self.shown.max_credits
        return student.max_credits


def choose_term(visit: Visit) -> Terms:
    """Return the terms. The present one is that which has not ended and starts first; after the
    last one, that is the last."""
    every = sorted(list_terms(visit.db, ALL).items, key=lambda term: term.start_on, reverse=True)
    wanted = (visit.form.one("term") or visit.query.one("term")).lower()
    today = visit.words.today().isoformat()
    named = [term for term in every if term.code.lower() == wanted]
    not_over = [term for term in every if term.end_on >= today]
    shown = next(iter([*named, *reversed(not_over), *every]), None)
    if wanted == NO_TERM:
        shown = None
    return Terms(every, shown, page.has_courses_without_term(visit.db))
