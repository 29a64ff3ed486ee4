"""The details of a change that a form gives: why, since when, and which rules it sets aside."""

from datetime import date
from typing import Any

from enrollment.data import page
from enrollment.model.decoding import decoder
from enrollment.model.results import Violation
from enrollment.model.types import AsOf, Timestamp
from enrollment.problems.errors import Problem
from enrollment.web.fields import Fields
from enrollment.web.refusal import wrong_field
from enrollment.web.visit import Visit


def change_details(visit: Visit, *, names_now: bool = False) -> dict[str, Any]:
    """Return the `reason` and the `effective_at` of a form, where they are given.

    A day before today means the end of that day, where the school is; today means now, which is
    left out unless `names_now`. Raises invalid_body.
    """
    given: dict[str, Any] = {}
    if reason := visit.form.one("reason"):
        given["reason"] = reason
    if text := visit.form.one("effective_on"):
        try:
            day = date.fromisoformat(text)
            if day != visit.words.today():
                end = decoder(visit.context.zone)(AsOf, day.isoformat())
                given["effective_at"] = str(end)
            elif names_now:
                given["effective_at"] = str(Timestamp.now())
        except ValueError:
            raise wrong_field("effective_at", "Expected a date, such as 2026-09-01") from None
    return given


def override_of(form: Fields, reason_field: str = "override_reason") -> dict[str, Any]:
    """Return the `override` of a form, if it sets rules aside."""
    rules, reason = form.all("rule"), form.one(reason_field)
    return {"override": {"rules": rules, "reason": reason}} if rules else {}


def ask_for_reason(visit: Visit, pairs: list[tuple[int, int]]) -> None:
    """Raise invalid_body if a form of staff drops courses after their deadline without a reason.
    `pairs` has the ids of the student and of the course of each drop."""
    if visit.is_student or visit.form.one("reason"):
        return
    now, today = str(Timestamp.now()), visit.words.today().isoformat()
    late = page.list_late_drops(visit.db, pairs, now, today)
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
