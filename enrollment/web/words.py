"""How the pages write times, names, meetings and reasons: for people, where the school is."""

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta, tzinfo
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from enrollment.data.student import full_name
from enrollment.data.waitlist import SKIPPED
from enrollment.model.courses import Meeting
from enrollment.model.days import begin_of, local
from enrollment.model.meetings import WEEKDAYS
from enrollment.model.results import Violation
from enrollment.model.types import Timestamp
from enrollment.problems.registry import PROBLEM_TYPES
from enrollment.web.times import write_time

STATUSES = {
    "enrolled": "enrolled",
    "waitlisted": "on the waitlist",
    "completed": "completed",
    "dropped": "dropped",
    "void": "void",
}
# What stands before each sentence in the reason of a student who was skipped.
SKIP_CODE = re.compile(f"(?:^{SKIPPED}|; )(?:{'|'.join(PROBLEM_TYPES)}): ")
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
AT_TIME = re.compile(rf"(\bat )?({TIMESTAMP.pattern})")
# The fields, and the details of a broken rule, that are the start or the end of a window.
STARTS = ("start", "starts_at", "enroll_from")
ENDS = ("end", "enroll_until", "drop_until", "expires_at")


class Words:
    """Words for values, in the time zone of the school."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone

    def moment(self, timestamp: str | None) -> datetime | None:
        """A time where the school is."""
        return local(timestamp, self._zone) if timestamp else None

    def today(self) -> date:
        return datetime.now(self._zone).date()

    def is_over(self, end: str | None) -> bool:
        """Whether there is such an end, and it has come. It is a time, or the last day."""
        if end and is_day(end):
            return end < self.today().isoformat()
        return bool(end and end <= Timestamp.now())

    def now(self) -> str:
        """The time where the school is, such as "3 Nov 2026, 10:12"."""
        return self.time(Timestamp.now())

    def day_start(self, day: str = "") -> str:
        """The timestamp at which a day began: this one, or today."""
        return begin_of(self._zone, day or self.today().isoformat())

    def time(self, timestamp: str | None) -> str:
        """Such as "3 Nov 2026, 10:12"."""
        moment = self.moment(timestamp)
        return f"{self.date(moment.date())}, {moment:%H:%M}" if moment else ""

    def day(self, timestamp: str | None) -> str:
        """Such as "3 Nov 2026"."""
        moment = self.moment(timestamp)
        return self.date(moment.date()) if moment else ""

    def boundary(self, timestamp: str | None, *, is_end: bool) -> str:
        """A time as a form takes it: the first or last day that it bounds, or else the time."""
        moment = self.moment(timestamp)
        if moment is None:
            return ""
        # Where the clocks go back at midnight, a day has two of them, and begins at the first.
        begin = begin_of(self._zone, moment.date().isoformat())
        if timestamp != begin or moment.date() == date.min:
            return write_time(moment, self._zone)
        return (moment.date() - timedelta(days=is_end)).isoformat()

    def window(self, start: str | None, end: str | None) -> str:
        """Such as "from 1 Aug 2026 until 31 Aug 2026"; "" if it has no limits."""
        parts = [
            f"from {self.edge(start, is_end=False)}" if start else "",
            f"until {self.edge(end, is_end=True)}" if end else "",
        ]
        return " ".join(filter(None, parts))

    def until(self, end: str) -> str:
        """The end that a time is: such as "3 Nov 2026" for the midnight after that day. It can be
        the last day itself."""
        return self.date(end) if is_day(end) else self.edge(end, is_end=True)

    def edge(self, timestamp: str, *, is_end: bool) -> str:
        """A start or an end for people: such as "3 Nov 2026", or with the time within a day."""
        text = self.boundary(timestamp, is_end=is_end)
        return self.date(text) if is_day(text) else self.time(timestamp)

    def date(self, when: date | str | None) -> str:
        if not when:
            return ""
        when = date.fromisoformat(when) if isinstance(when, str) else when
        return f"{when.day} {when:%b} {when.year:04}"

    def dates(self, meeting: Meeting) -> str:
        """When a meeting is held, if not in every week of the term: such as "from 5 Oct 2026, every
        2 weeks"."""
        if meeting.start_on and meeting.start_on == meeting.end_on:
            return f"on {self.date(meeting.start_on)}"
        parts = [
            f"from {self.date(meeting.start_on)}" if meeting.start_on else "",
            f"until {self.date(meeting.end_on)}" if meeting.end_on else "",
            "every 2 weeks" if meeting.every == 2 else "",
        ]
        return ", ".join(filter(None, parts))

    def reason(self, violation: Violation) -> str:
        """The sentence of a broken rule, with its times where the school is."""
        if violation.code == "precondition_failed":
            # Its sentence names entity tags.
            return f"{rule(violation.code)}."
        starts, ends = (
            {violation.details[name] for name in names if name in violation.details}
            for names in (STARTS, ENDS)
        )

        def write(found: re.Match[str]) -> str:
            at, timestamp = found.groups(default="")
            if (timestamp in starts) == (timestamp in ends):
                return at + self.time(timestamp)
            text = self.edge(timestamp, is_end=timestamp in ends)
            return f"on {text}" if at and ":" not in text else at + text

        sentence = AT_TIME.sub(write, violation.detail)
        if last_day := violation.details.get("end_on"):
            sentence = sentence.replace(last_day, self.date(last_day))
        if violation.code == "drop_closed":
            return f"{sentence} {PROBLEM_TYPES[violation.code].advice}"
        return sentence

    def why(self, reason: str | None) -> str:
        """The reason of a change. That of a student who was skipped on a waitlist is shown without
        its codes."""
        if not reason or not reason.startswith(SKIPPED):
            return reason or ""
        sentences = " ".join(SKIP_CODE.split(reason)).strip()
        return f"skipped: {self.times_in(sentences)}"

    def times_in(self, text: str) -> str:
        """A text, with its times where the school is."""
        return TIMESTAMP.sub(lambda found: self.time(found[0]), text)


def is_day(text: str) -> bool:
    """Whether a day or a time is a day."""
    return len(text) == len("2026-11-03")


def name(person: Any) -> str:
    """Such as "Lovelace, Ada"."""
    return full_name(person.family_name, person.given_name)


def actor(text: str | None) -> str:
    """The name of who made a change, without the number of the token."""
    return re.sub(r" #\d+$", "", text) if text else "someone outside the service"


def result(completed: Any) -> str:
    """The outcome of a completion, such as "not passed, grade F"."""
    passed = "passed" if completed.passed else "not passed"
    return f"{passed}, grade {completed.grade}" if completed.grade else passed


def number(value: float | None) -> str:
    """Such as "3" or "7.5"."""
    return "" if value is None else f"{value:.10g}"


def signed(difference: float) -> str:
    """Such as "+3", with the sign for minus that is as wide as the plus; "" for no difference."""
    return f"{difference:+.10g}".replace("-", "\N{MINUS SIGN}") if difference else ""


def count(amount: int, noun: str) -> str:
    """Such as "1 course" or "2 courses"."""
    return f"{amount} {plural(amount, noun)}"


def plural(amount: int, noun: str) -> str:
    """The noun after a number."""
    return noun if amount == 1 else f"{noun}s"


def listed(parts: Sequence[str]) -> str:
    """Such as "a, b and c"."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def ordinal(place: int) -> str:
    """Such as "2nd"."""
    ending = {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{place}{'th' if place // 10 % 10 == 1 else ending}"


def not_one(named: str, ids: Sequence[int]) -> str:
    """Why a word does not name one student. `ids` are those of the students that it names."""
    if ids:
        return f"several students have it; write the id of one: {', '.join(f'#{id}' for id in ids)}"
    return f"no student has this {'id' if named.startswith('#') else 'number or email'}"


def rule(code: str) -> str:
    """The title of a rule."""
    return PROBLEM_TYPES[code].title


def parameters(**values: Any) -> str:
    """The query of a URL, with those parameters that have a value. A list has several."""
    given = {name: value for name, value in values.items() if value not in (None, "")}
    return urlencode(given, doseq=True)


def link(path: str, **query: Any) -> str:
    """A path with those parameters that have a value."""
    text = parameters(**query)
    return f"{path}?{text}" if text else path


def days(courses: Iterable[Any]) -> list[tuple[str, list[tuple[Meeting, Any]]]]:
    """The week of a student: each day with its meetings in their order, Saturday and Sunday only if
    there are any."""
    met = sorted(
        ((meeting, course) for course in courses for meeting in course.meetings),
        key=lambda pair: (pair[0].weekday, pair[0].from_time),
    )
    by_day = {day: [*group] for day, group in groupby(met, key=lambda pair: pair[0].weekday)}
    last = max([5, *by_day])
    return [(WEEKDAYS[day - 1], by_day.get(day, [])) for day in range(1, last + 1)]
