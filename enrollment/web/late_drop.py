"""Drops after the deadline: only staff make them, and a page asks for the reason."""

from enrollment.data import page
from enrollment.model.results import Violation
from enrollment.model.types import Timestamp
from enrollment.problems.errors import Problem
from enrollment.web.visit import Visit


def ask_for_reason(visit: Visit, pairs: list[tuple[int, int]]) -> None:
    """Raise invalid_body if a form of staff drops courses after their deadline without a reason.
    `pairs` has the ids of the student and of the course of each drop."""
    if visit.is_student or visit.form.one("reason"):
        return
    late = page.list_late_drops(visit.db, pairs, str(Timestamp.now()))
    violations = [
        Violation(pointer="/reason", code="invalid_value", detail=sentence)
        for sentence in dict.fromkeys(
            f"Students could drop {drop.label} until {visit.words.until(drop.drop_until)}."
            " Give the reason why it is dropped now."
            for drop in late
        )
    ]
    if violations:
        raise Problem("invalid_body", "The reason is missing.", violations)
