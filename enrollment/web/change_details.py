"""The details of a change that a form can give: why, and since when."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from enrollment.model.types import Timestamp
from enrollment.web.refusal import wrong_field
from enrollment.web.visit import Visit


def change_details(visit: Visit, *, names_now: bool = False) -> dict[str, Any]:
    """Return the `reason` and the `effective_at` of a form, where they are given.

    A day that is over means its end, where the school is; today means now, which is left out unless
    `names_now`. Raises invalid_body.
    """
    given: dict[str, Any] = {}
    if reason := visit.form.one("reason"):
        given["reason"] = reason
    if text := visit.form.one("effective_on"):
        zone = visit.context.zone
        try:
            day = date.fromisoformat(text)
            if day != visit.words.today():
                following = datetime.combine(day + timedelta(days=1), datetime.min.time(), zone)
                end = following.astimezone(UTC) - timedelta(milliseconds=1)
                given["effective_at"] = str(Timestamp.of(end))
            elif names_now:
                given["effective_at"] = str(Timestamp.now())
        except (ValueError, OverflowError):
            raise wrong_field("effective_at", "Expected a date, such as 2026-09-01") from None
    return given
