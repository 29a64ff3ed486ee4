"""Days and times as people write them in a form."""

import re
from datetime import UTC, datetime, tzinfo

from enrollment.model.types import Timestamp
from enrollment.web.refusal import wrong_field

WRITTEN = re.compile(
    r"\d{4}-\d\d-\d\d(?P<time>[ T]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?", re.ASCII
)
EXPECTED = "Expected a day, such as 2026-12-01, or a time, such as 2026-12-01 08:30"


def read_time(zone: tzinfo, field: str, text: str) -> str | None:
    """Return a day or a time as the API takes it, or None if the field is empty. A time without an
    offset is one where the school is.

    Of a time that comes twice, because the clocks go back, no one can know which one is meant, so
    it needs its offset. Raises invalid_body, also for a time that the clocks skip.
    """
    found = WRITTEN.fullmatch(text)
    if not text or (found and not found["time"]):
        return text or None
    try:
        written = datetime.fromisoformat(text if found else "")
        first, second = (_at_school(written, zone, fold) for fold in (0, 1))
        stored = str(Timestamp.of(first))
    except (ValueError, OverflowError):
        raise wrong_field(field, EXPECTED) from None
    if first.utcoffset() == second.utcoffset():
        return stored
    day = f"{written.date()}, because the clocks change"
    if first.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != written:
        raise wrong_field(field, f"There is no {written:%H:%M} on {day}")
    both = " or ".join(moment.isoformat(timespec="minutes") for moment in (first, second))
    raise wrong_field(field, f"{written:%H:%M} comes twice on {day}. Write {both}")


def _at_school(written: datetime, zone: tzinfo, fold: int) -> datetime:
    return written if written.tzinfo else written.replace(tzinfo=zone, fold=fold)


def write_time(moment: datetime, zone: tzinfo) -> str:
    """Return a time as `read_time` takes it: with its offset only if it comes twice, or is outside
    the years of the zone."""
    # A form that is sent as it was shown changes nothing, so seconds are shown where there are any.
    precision = "auto" if moment.second or moment.microsecond else "minutes"
    other = moment.replace(fold=1 - moment.fold)
    if moment.tzinfo is zone and moment.utcoffset() == other.utcoffset():
        return moment.replace(tzinfo=None).isoformat(" ", precision)
    return moment.isoformat(timespec=precision)
