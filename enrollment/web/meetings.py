"""Meetings that were typed as lines: "Mon Wed 09:00-10:30 B12; from 2026-10-05; every 2 weeks"."""

import re
from typing import Any

from enrollment.model.meetings import WEEKDAYS
from enrollment.model.results import Violation
from enrollment.problems.errors import Problem
from enrollment.web.fields import filled_lines

# Days, the hours with any dash, and perhaps a room, dates and "every 2 weeks".
LINE = re.compile(
    r"(?P<days>(?:[A-Za-z]+[ ,]+)+)(?P<start>\d?\d:\d\d) ?[-\u2013] ?(?P<end>\d?\d:\d\d)"
    r"(?: +(?P<room>.+?))?(?:; from (?P<start_on>[^ ;]+))?(?:; until (?P<end_on>[^ ;]+))?"
    r"(?P<every>; every 2 weeks)?"
)
EXPECTED = "Expected days, hours and perhaps a room on each line, such as: Mon Wed 09:00-10:30 B12"


def read_meetings(text: str) -> list[dict[str, Any]]:
    """Return the meetings of lines, as the API takes them. Raises invalid_body."""
    return [meeting for line in filled_lines(text) for meeting in _read(line)]


def _read(line: str) -> list[dict[str, Any]]:
    found = LINE.fullmatch(line)
    days = re.findall("[A-Za-z]+", found["days"]) if found else []
    # "Mon", "mon" and "Monday" are the same day.
    numbers = [_weekday(day) for day in days]
    if found is None or 0 in numbers:
        violation = Violation(pointer="/meetings", code="invalid_value", detail=EXPECTED)
        raise Problem("invalid_body", "1 field is invalid.", [violation])
    shared = {"from": found["start"].zfill(5), "to": found["end"].zfill(5)}
    shared |= {name: found[name] for name in ("room", "start_on", "end_on")}
    return [{"weekday": day, **shared, "every": 2 if found["every"] else 1} for day in numbers]


def _weekday(day: str) -> int:
    """The number of a day, or 0 if there is no such day."""
    short = day[:3].capitalize()
    return WEEKDAYS.index(short) + 1 if short in WEEKDAYS else 0
