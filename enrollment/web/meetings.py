"""Meetings that were typed as lines: "Mon Wed 09:00-10:30 B12; from 2026-10-05; every 2 weeks"."""

import re
from typing import Any

from msgspec.structs import replace

from enrollment.model.meetings import WEEKDAYS
from enrollment.problems.errors import Problem
from enrollment.web.fields import filled_lines
from enrollment.web.refusal import wrong_field

# Days, the hours with any dash, and perhaps a room, dates and "every 2 weeks".
LINE = re.compile(
    r"(?P<days>(?:[A-Za-z]+[ ,]+)+)(?P<start>\d?\d:\d\d) ?[-\u2013] ?(?P<end>\d?\d:\d\d)"
    r"(?: +(?P<room>.+?))?(?:; from (?P<start_on>[^ ;]+))?(?:; until (?P<end_on>[^ ;]+))?"
    r"(?P<every>; every 2 weeks)?"
)
EXPECTED = "expected days, hours and perhaps a room, such as Mon Wed 09:00-10:30 B12"


def read_meetings(text: str) -> list[dict[str, Any]]:
    """Return the meetings of lines, as the API takes them. Raises invalid_body with every line that
    is no meeting."""
    lines = filled_lines(text)
    if wrong := [f"“{line}”: {EXPECTED}" for line in lines if not _read(line)]:
        raise wrong_field("meetings", *wrong)
    return [meeting for line in lines for meeting in _read(line)]


def name_lines(text: str, problem: Problem) -> Problem:
    """Return a problem of the API that names the lines of its meetings: a line has one for each of
    its days."""
    lines = [line for line in filled_lines(text) for _ in _read(line)]
    named = []
    for reason in problem.violations:
        field, _, rest = (reason.pointer or "").strip("/").partition("/")
        index = rest.partition("/")[0]
        if field == "meetings" and index.isdigit():
            reason = replace(reason, detail=f"“{lines[int(index)]}”: {reason.detail}")
        if reason not in named:
            named.append(reason)
    return Problem(problem.code, problem.detail, named, problem.headers)


def _read(line: str) -> list[dict[str, Any]]:
    """The meetings of a line, one for each day, or none if it cannot be read."""
    found = LINE.fullmatch(line)
    days = re.findall("[A-Za-z]+", found["days"]) if found else []
    # "Mon", "mon" and "Monday" are the same day.
    numbers = [_weekday(day) for day in days]
    if found is None or 0 in numbers:
        return []
    shared = {"from": found["start"].zfill(5), "to": found["end"].zfill(5)}
    shared |= {name: found[name] for name in ("room", "start_on", "end_on")}
    return [{"weekday": day, **shared, "every": 2 if found["every"] else 1} for day in numbers]


def _weekday(day: str) -> int:
    """The number of a day, or 0 if there is no such day."""
    short = day[:3].capitalize()
    return WEEKDAYS.index(short) + 1 if short in WEEKDAYS else 0
