"""How a form is run: it leads to another page, or is shown again with what was typed."""

from collections.abc import Callable
from typing import Any

from enrollment.http.responses import Result
from enrollment.problems.errors import Problem
from enrollment.web.refusal import is_shown
from enrollment.web.visit import Visit


def submit(visit: Visit, act: Callable[[], str], show_again: Callable[[Problem], Result]) -> Result:
    """Run what a form asks for, or show the form again with the problem."""
    try:
        return visit.once(act)
    except Problem as problem:
        if not is_shown(problem):
            raise
        return show_again(problem)


def preview_or_submit(
    visit: Visit,
    send: Callable[..., Any],
    done: Callable[[Any], str],
    show_again: Callable[[Problem | None, Any], Result],
    *,
    is_preview: bool = False,
) -> Result:
    """Preview the write that a form asks for, or make it. `is_preview`: preview it in any case.

    `send` sends the write, or with `dry_run=True` tries it, and returns the response. `done`
    returns the path to go to by that response. The form is shown again with the problem, or with
    the response to the dry run.
    """
    try:
        if visit.form.one("do") != "preview" and not is_preview:
            return visit.once(lambda: done(send()))
        answer = send(dry_run=True)
    except Problem as problem:
        if not is_shown(problem):
            raise
        return show_again(problem, None)
    return show_again(None, answer)
