"""/holds: who is on hold."""

import re
from functools import partial

from enrollment.data import page
from enrollment.data.hold import list_all_holds
from enrollment.http.authentication import READERS, REGISTRARS
from enrollment.http.operation import Operation
from enrollment.http.responses import Result
from enrollment.model.queries import HoldFilter
from enrollment.problems.errors import Problem
from enrollment.web.fields import ID
from enrollment.web.forms import submit
from enrollment.web.paging import after, next_path
from enrollment.web.visit import Visit
from enrollment.web.words import link

PAGE = 100
# A box names the student and the hold, as the path in the API does.
BOX = re.compile(f"({ID.pattern})-({ID.pattern})")


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
    ticked = visit.form.all("hold")

    def act() -> str:
        for box in ticked:
            release_one(box)
        return link("/holds", done="holds_released", n=len(ticked))

    def release_one(box: str) -> None:
        found = BOX.fullmatch(box)
        if found is None:
            raise Problem("hold_not_found", "There is no such hold.")
        student_id, hold_id = found.groups()
        visit.send("DELETE", f"/v1/students/{student_id}/holds/{hold_id}")

    if not ticked:
        return show_holds(visit, Problem("invalid_query", "Tick at least one hold first."))
    return submit(visit, act, partial(show_holds, visit))


PAGES = (
    Operation("GET", "/holds", READERS, show_holds),
    Operation("POST", "/holds", REGISTRARS, release),
)
