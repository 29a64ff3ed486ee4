"""Days and times, as people, spreadsheets and other systems write them."""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Literal

LOCAL_DATE = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})")
SERIAL = re.compile(r"\d{5}")
# The day before the first of a spreadsheet, which counts a 29 February 1900 that never was.
BEFORE_THE_FIRST = date(1899, 12, 30)
MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?)?",
)


def parse_date(value: str, order: str | None) -> date | None:
    """Return the day that a text is: ISO, with or without a time, the number of a spreadsheet, or
    in the order of its parts that is given. None: it is no day, or the order would have to be
    guessed."""
    try:
        if moment := MOMENT.fullmatch(value):
            return date.fromisoformat(moment[1])
        if SERIAL.fullmatch(value):
            return BEFORE_THE_FIRST + timedelta(int(value))
        if local := LOCAL_DATE.fullmatch(value):
            first, _, second, year = local.groups()
            orders = [order] if order else ["dmy", "mdy"]
            found = {_local(first, second, year, each) for each in orders} - {None}
            return found.pop() if len(found) == 1 else None
    except ValueError:
        pass
    return None


def in_zone(value: str, zone: tzinfo) -> str:
    """Return a time with an offset as the time in a zone; any other text as it is. Midnight in UTC
    stays too: many systems write a day as that."""
    found = MOMENT.fullmatch(value.strip())
    if not found or not found[4]:
        return value
    try:
        moment = datetime.fromisoformat(found[0])
        if moment.timetz() == time(tzinfo=UTC):
            return value
        return moment.astimezone(zone).replace(tzinfo=None).isoformat()
    except (ValueError, OverflowError):
        return value


def _local(first: str, second: str, year: str, order: str) -> date | None:
    day, month = (first, second) if order == "dmy" else (second, first)
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def order_shown_by(value: str) -> Literal["dmy", "mdy"] | None:
    """Return the order of day and month that a text shows, if it can be read in one way only."""
    local = LOCAL_DATE.fullmatch(value.strip())
    if not local:
        return None
    first, _, second, _ = local.groups()
    if int(first) > 12 >= int(second):
        return "dmy"
    return "mdy" if int(second) > 12 >= int(first) else None


def read_time(value: str, order: str | None) -> str | None:
    """Return a time with milliseconds and an offset, of a time or of a day. None: it is neither."""
    found = MOMENT.fullmatch(value)
    if not found:
        day = parse_date(value, order)
        return f"{day}T00:00:00.000Z" if day else None
    milliseconds = (found[3] or ".")[:4].ljust(4, "0")
    text = f"{found[1]}T{found[2] or '00:00:00'}{milliseconds}{found[4] or 'Z'}"
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return None
    return text
