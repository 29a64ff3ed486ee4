"""/holds: who is on hold."""

from functools import partial

from enrollment.data import page
from enrollment.data.hold import count_open_holds, list_all_holds
from enrollment.http.operation import READERS, REGISTRARS, Operation
from enrollment.http.responses import Result
from enrollment.model.queries import HoldFilter
from enrollment.problems.errors import Problem
from enrollment.web.forms import submit
from enrollment.web.history import done_query
from enrollment.web.paging import after, next_path
from enrollment.web.visit import Visit
from enrollment.web.words import link

PAGE = 100


def show_holds(visit: Visit, problem: Problem | None = None) -> Result:
    """List the holds in force, or the released ones."""
    active = visit.query.one("show") != "released"
    found = list_all_holds(visit.db, HoldFilter(active=active, limit=PAGE), after(visit))
    return visit.page(
        "holds",
        problem,
        holds=found.items,
        people=page.list_people(visit.db, [hold.student_id for hold in found.items]),
        active=active,
        following=next_path(visit, found.next),
    )


def release(visit: Visit) -> Result:
    """Release the ticked holds: all of them, or none."""
    # A box names the student and the hold, as the path in the API does.
    ticked = visit.form.pairs("hold")
    if not ticked:
        return show_holds(visit, Problem("invalid_query", "Tick at least one hold first."))

    def act() -> str:
        in_force = count_open_holds(visit.db, [hold_id for _, hold_id in ticked])
        for student_id, hold_id in ticked:
            visit.send("DELETE", f"/v1/students/{student_id}/holds/{hold_id}")
        outcomes = [
            ("holds_released", in_force),
            ("holds_released_before", len(ticked) - in_force),
        ]
        return link("/holds", **done_query(outcomes))

    return submit(visit, act, partial(show_holds, visit))


PAGES = (
    Operation("GET", "/holds", READERS, show_holds),
    Operation("POST", "/holds", REGISTRARS, release),
)
