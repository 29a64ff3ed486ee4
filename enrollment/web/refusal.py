"""Refusals that a page shows itself: the problems of what a form has asked for."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from enrollment.model.results import Violation
from enrollment.problems.errors import Problem
from enrollment.problems.registry import PROBLEM_TYPES

# Everything else is a page of its own.
SHOWN = ("record", "enrollment", "request")
Item = TypeVar("Item", int, str)  # an id or a code that a form sends


def is_shown(problem: Problem) -> bool:
    """Whether the page with the form shows this problem."""
    return PROBLEM_TYPES[problem.code].family in SHOWN


def overridable(codes: Iterable[str]) -> list[str]:
    """Those rules of a list that can be set aside, each once. What is no code of a rule is left
    out."""
    known = (PROBLEM_TYPES.get(code) for code in dict.fromkeys(codes))
    return [rule.code for rule in known if rule and rule.overridable]


def wrong_field(field: str, *details: str) -> Problem:
    """Return the problem of one field of a form, with a sentence for each thing that is wrong."""
    wrong = [
        Violation(pointer=f"/{field}", code="invalid_value", detail=detail) for detail in details
    ]
    return Problem("invalid_body", "1 field is invalid.", wrong)


def reasons(problem: Problem | None) -> list[Violation]:
    """The reasons of a problem, if there is one; one without reasons is its own reason."""
    if problem is None:
        return []
    alone = Violation(code=problem.code, detail=problem.detail)
    return [*problem.violations] or [alone]


def by_field(
    problem: Problem | None, sentence_of: Callable[[Violation], str]
) -> dict[str, list[str]]:
    """The sentences of a problem by the field of the form. "" is the form as a whole."""
    found: dict[str, list[str]] = {}
    for reason in reasons(problem):
        field = (reason.pointer or "").strip("/").partition("/")[0]
        found.setdefault(field, []).append(sentence_of(reason))
    return found


def by_item(
    problem: Problem | None, field: str, items: Sequence[Item]
) -> tuple[dict[Item, list[Violation]], list[Violation]]:
    """The reasons of a problem by the item that they are about, of those that a form has sent as
    the list `field`; and the reasons that are about none."""
    found: dict[Item, list[Violation]] = {}
    general = []
    for reason in reasons(problem):
        index = (reason.pointer or "").removeprefix(f"/{field}/").partition("/")[0]
        if index.isdigit():
            found.setdefault(items[int(index)], []).append(reason)
        else:
            general.append(reason)
    return found, general
