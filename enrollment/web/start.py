"""/start: the first page after the sign-in."""

from enrollment.data import page
from enrollment.data.change_list import ChangeScope, list_changes
from enrollment.data.student import list_students
from enrollment.http.operation import READERS_AND_STUDENTS, Operation
from enrollment.http.responses import Result
from enrollment.model.queries import StudentFilter
from enrollment.web.chosen_term import choose_term
from enrollment.web.visit import Visit, see_other

CHANGES = 20


def show_start(visit: Visit) -> Result:
    """Show the search, the numbers that matter today, and what changed last."""
    if visit.is_student:
        return see_other(f"/students/{visit.caller.student_id}")
    terms = choose_term(visit)
    since = visit.words.day_start()
    return visit.page(
        "start",
        terms=terms,
        counts=page.get_start_counts(visit.db, terms.code, since),
        changes=list_changes(visit.db, ChangeScope(), CHANGES).items,
        has_students=bool(list_students(visit.db, StudentFilter(limit=1)).items),
    )


PAGES = (Operation("GET", "/start", READERS_AND_STUDENTS, show_start),)
