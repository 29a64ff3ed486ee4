"""Meetings as lines of text: "Mon Wed 09:00-10:30 B12"."""

import re
from collections.abc import Sequence
from typing import Any

from enrollment.model.records import Meeting
from enrollment.model.results import Violation
from enrollment.problems.errors import Problem
from enrollment.web.words import WEEKDAYS, meetings

# Days, the hours with any dash, and perhaps a room.
LINE = re.compile(
    r"(?P<days>(?:[A-Za-z]+[ ,]+)+)(?P<start>\d?\d:\d\d) ?[-\u2013] ?(?P<end>\d?\d:\d\d)"
    r"(?: +(?P<room>.+))?"
)
EXPECTED = "Expected days, hours and perhaps a room on each line, such as: Mon Wed 09:00-10:30 B12"


def write_meetings(listed: Sequence[Meeting]) -> str:
    """Return the lines of meetings. Days with the same hours and room share one."""
    lines = [" ".join(filter(None, row)) for row in meetings(listed)]
    return "\n".join(lines).replace("\u2013", "-")


def read_meetings(text: str) -> list[dict[str, Any]]:
    """Return the meetings of lines, as the API takes them. Raises invalid_body."""
    return [meeting for line in text.splitlines() if line.strip() for meeting in _read(line)]


def _read(line: str) -> list[dict[str, Any]]:
    found = LINE.fullmatch(line.strip())
    days = re.findall("[A-Za-z]+", found["days"]) if found else []
    # "Mon", "mon" and "Monday" are the same day.
    numbers = [_weekday(day) for day in days]
    if found is None or 0 in numbers:
        violation = Violation(pointer="/meetings", code="invalid_value", detail=EXPECTED)
        raise Problem("invalid_body", "1 field is invalid.", [violation])
    times = {"from": found["start"].zfill(5), "to": found["end"].zfill(5)}
    return [{"weekday": day, **times, "room": found["room"]} for day in numbers]


def _weekday(day: str) -> int:
    """The number of a day, or 0 if there is no such day."""
    short = day[:3].capitalize()
    return WEEKDAYS.index(short) + 1 if short in WEEKDAYS else 0
