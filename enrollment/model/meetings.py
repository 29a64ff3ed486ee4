"""Meetings as people read them: "Mon Wed 09:00-10:30 B12; from 2026-10-05; every 2 weeks"."""

from collections.abc import Sequence

from msgspec.structs import replace

from enrollment.model.courses import Meeting

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def meetings(listed: Sequence[Meeting]) -> list[tuple[str, Meeting]]:
    """Meetings that differ only in their day, as one row: the days, such as "Mon Wed", and the
    first of the meetings."""
    rows: dict[Meeting, list[Meeting]] = {}
    for meeting in listed:
        rows.setdefault(replace(meeting, weekday=1), []).append(meeting)
    return [(" ".join(WEEKDAYS[met.weekday - 1] for met in row), row[0]) for row in rows.values()]


def write_meetings(listed: Sequence[Meeting]) -> list[str]:
    """Return the lines of meetings. Days with the same hours and room share one."""
    return [_line(days, meeting) for days, meeting in meetings(listed)]


def _line(days: str, meeting: Meeting) -> str:
    room = f" {meeting.room}" if meeting.room else ""
    start = f"; from {meeting.start_on}" if meeting.start_on else ""
    end = f"; until {meeting.end_on}" if meeting.end_on else ""
    every = "; every 2 weeks" if meeting.every == 2 else ""
    return f"{days} {meeting.from_time}-{meeting.to_time}{room}{start}{end}{every}"
