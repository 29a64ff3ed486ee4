"""Days where the school is."""

from datetime import date, datetime, time, timedelta, tzinfo

from enrollment.model.types import Timestamp

# From this month on, a school year is that of the next calendar year.
SCHOOL_YEAR_BEGINS = 7


def begin_of(zone: tzinfo, day: str) -> Timestamp:
    """Return the time at which a day begins where the school is."""
    try:
        return Timestamp.of(datetime.combine(date.fromisoformat(day), time(), zone))
    except OverflowError:
        return Timestamp(f"{day}T00:00:00.000Z")


def local(at: str, zone: tzinfo) -> datetime:
    """Return a time where the school is. It stays in UTC if the year there is not one from 1 to
    9999."""
    moment = datetime.fromisoformat(at)
    try:
        return moment.astimezone(zone)
    except OverflowError:
        return moment


def day_after(day: str) -> str:
    """Return the next day: the end of a session is no longer a part of it."""
    found = date.fromisoformat(day)
    return (found + timedelta(1)).isoformat() if found < date.max else day


def school_year(start_on: str) -> str:
    """Return the calendar year in which the school year of a session ends."""
    first = date.fromisoformat(start_on)
    return f"{first.year + (first.month >= SCHOOL_YEAR_BEGINS):04d}"
