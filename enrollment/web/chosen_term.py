"""The term that a page shows: the one in the address, else the present one."""

from typing import NamedTuple

from enrollment.data.term import list_terms
from enrollment.model.queries import TermFilter
from enrollment.model.records import Term
from enrollment.web.visit import Visit

ALL = TermFilter(limit=1000)


def find_term(visit: Visit, code: str | None) -> Term | None:
    """Return the term with this code, or None if there is none."""
    return next((term for term in list_terms(visit.db, ALL).items if term.code == code), None)


class Terms(NamedTuple):
    """All terms, the latest first, and the one that is shown, if there is any."""

    every: list[Term]
    shown: Term | None

    @property
    def code(self) -> str | None:
        return self.shown.code if self.shown else None


def choose_term(visit: Visit) -> Terms:
    """Return the terms. The present one is that which has not ended and starts first; after the
    last one, that is the last."""
    every = sorted(list_terms(visit.db, ALL).items, key=lambda term: term.start_on, reverse=True)
    wanted = (visit.form.one("term") or visit.query.one("term")).lower()
    today = visit.words.today().isoformat()
    named = [term for term in every if term.code.lower() == wanted]
    not_over = [term for term in every if term.end_on >= today]
    shown = next(iter([*named, *reversed(not_over), *every]), None)
    return Terms(every, shown)
