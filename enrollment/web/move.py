"""Moves on a waitlist. The form is on the desk of the student, and on the page of the course."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from enrollment.http.responses import Result
from enrollment.problems.errors import Problem
from enrollment.web.fields import whole
from enrollment.web.forms import preview_or_submit
from enrollment.web.visit import Visit


class Move(NamedTuple):
    """What became of the form: the position that a dry run gives, or the problem."""

    position: int | None = None
    problem: Problem | None = None


NO_MOVE = Move()


def move(
    visit: Visit,
    student_id: int,
    course_id: int,
    moved_to: str,
    show_again: Callable[[Move], Result],
) -> Result:
    """Move a student on the waitlist of a course, or preview it, and go to the path `moved_to`. The
    page with the form shows what becomes of it."""
    path = f"/v1/students/{student_id}/courses/{course_id}/position"
    form = visit.form
    body = {"position": whole(form.one("position")), "reason": form.one("move_reason")}
    seen = form.one(f"place-{form.one('moved')}")
    return preview_or_submit(
        visit,
        partial(visit.send, "PUT", path, body, if_match=seen),
        lambda answer: moved_to,
        lambda problem, answer: show_again(Move(answer and answer["position"], problem)),
    )
