"""Forms of one record: a refusal shows the form again, with what was typed."""

from collections.abc import Callable, Sequence
from typing import Any

from enrollment.http.responses import Result
from enrollment.problems.errors import Problem
from enrollment.web.refusal import codes_of, is_shown
from enrollment.web.visit import Visit


def submit(visit: Visit, act: Callable[[], str], show_again: Callable[[Problem], Result]) -> Result:
    """Run what a form asks for, or show the form again with the problem."""
    try:
        return visit.once(act)
    except Problem as problem:
        if not is_shown(problem):
            raise
        visit.context.refusals = codes_of(problem)
        return show_again(problem)


def typed(visit: Visit, names: Sequence[str]) -> dict[str, str]:
    """What was typed into the fields of a form."""
    return {name: visit.form.one(name) for name in names}


def read_codes(text: str) -> list[str]:
    """The codes in a field, with commas between."""
    return [code.strip() for code in text.split(",") if code.strip()]


def filled_lines(text: str) -> list[str]:
    """The lines of a field, without the empty ones."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def decimal(text: str) -> Any:
    """The number in a field, or None if it is empty. What is no number is refused by the API, with
    its reason."""
    if not text:
        return None
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return text


def whole(text: str) -> Any:
    """The whole number in a field, or None if it is empty; see `decimal`."""
    if not text:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else text
