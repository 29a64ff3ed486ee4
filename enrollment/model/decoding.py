"""Decoding of single values: names, codes, credits, dates and times."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import partial
from typing import Annotated, Any
from unicodedata import category

import msgspec
from msgspec import Meta

from enrollment.model.text import (
    CODE_LENGTH,
    CODE_PATTERN,
    CODE_POINTS_OF_NAME,
    CODE_RULE,
    NAME_LENGTH,
    TEXT,
)
from enrollment.model.types import (
    CREDIT_DECIMALS,
    CREDIT_ERROR,
    MAX_CREDITS,
    AsOf,
    Code,
    Credits,
    Date,
    PersonName,
    Since,
    Timestamp,
    Until,
)

# RFC 3339 does not limit the digits of a fraction of a second.
TIMESTAMP_LENGTH = 64
# The categories of Unicode that a reader does not count: combining marks and format characters.
UNCOUNTED = ("Mn", "Mc", "Me", "Cf")


def decoder(zone: tzinfo) -> Callable[[type, Any], Any]:
    """Return the function by which msgspec decodes names, codes, credits, dates and times. A date
    in place of a time is a day in this time zone."""
    return partial(_decode, zone)


def _decode(zone: tzinfo, wanted: type, value: Any) -> Any:
    """Decode a value. Dates and times are those of RFC 3339.

    Raises ValueError, msgspec.ValidationError; NotImplementedError for another type.
    """
    if wanted is PersonName:
        return decode_name(value)
    if wanted is Code:
        return _decode_code(value)
    if wanted is Credits:
        return _decode_credits(value)
    if isinstance(value, str) and len(value) > TIMESTAMP_LENGTH:
        raise ValueError(f"Expected at most {TIMESTAMP_LENGTH} characters")
    if wanted is Date:
        return Date(msgspec.convert(value, date).isoformat())
    if wanted not in (Timestamp, AsOf, Since, Until):
        raise NotImplementedError(wanted)
    try:
        if wanted is not Timestamp and isinstance(value, str) and len(value) == len("2026-09-01"):
            return wanted(_day(zone, msgspec.convert(value, date), wanted))
        return wanted(Timestamp.of(msgspec.convert(value, Annotated[datetime, Meta(tz=True)])))
    except OverflowError:
        raise ValueError("Expected a year from 1 to 9999 in UTC") from None


def _day(zone: tzinfo, day: date, wanted: type) -> Timestamp:
    """Return the start of a day, its last millisecond (AsOf), or the moment after that (Until).

    A day can begin or end where the clocks change: of a time that comes twice, its end is the
    second one. Raises OverflowError.
    """
    if wanted is Since:
        return Timestamp.of(datetime.combine(day, time(), zone))
    end = datetime.combine(day, time(23, 59, 59, 999_000, fold=1), zone).astimezone(UTC)
    return Timestamp.of(end if wanted is AsOf else end + timedelta(milliseconds=1))


def decode_name(value: Any) -> PersonName:
    """Decode a name. A reader counts neither combining marks nor characters that show nothing."""
    if not isinstance(value, str) or not re.match(TEXT, value) or len(value) > CODE_POINTS_OF_NAME:
        raise ValueError("Expected text")
    seen = [character for character in value if category(character) not in UNCOUNTED]
    if len(seen) > NAME_LENGTH:
        raise ValueError(f"Expected at most {NAME_LENGTH} characters")
    return PersonName(value)


def _decode_code(value: Any) -> Code:
    if isinstance(value, str) and len(value) <= CODE_LENGTH and re.match(CODE_PATTERN, value):
        return Code(value)
    raise ValueError(f"Expected {CODE_RULE}")


def _decode_credits(value: Any) -> Credits:
    """Return a number of credits without what a sum of fractions has added to it."""
    number = msgspec.convert(value, Annotated[float, Meta(ge=0, le=MAX_CREDITS)])
    credits = Credits(round(number, CREDIT_DECIMALS))
    # A number next to zero does not mean zero, which as a limit allows nothing.
    if abs(number - credits) > CREDIT_ERROR or bool(number) != bool(credits):
        raise ValueError(f"Expected at most {CREDIT_DECIMALS} decimals")
    return credits
