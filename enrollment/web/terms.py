"""/terms: the terms, with their dates and credit limits."""

from enrollment.http.operation import READERS, Operation
from enrollment.http.responses import Result
from enrollment.web.chosen_term import choose_term
from enrollment.web.visit import Visit


def show_terms(visit: Visit) -> Result:
    """List the terms, the latest first."""
    return visit.page("terms", listed=choose_term(visit).every)


PAGES = (Operation("GET", "/terms", READERS, show_terms),)
