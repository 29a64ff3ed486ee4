"""The types of single values, with their lengths and ranges."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import partial
from typing import Annotated, Any, Literal
from unicodedata import category

import msgspec
from msgspec import Meta


class Date(str):
    """A calendar date as text: `YYYY-MM-DD`."""


class Timestamp(str):
    """A time in UTC as text: `YYYY-MM-DDTHH:MM:SS.mmmZ`. The order of the texts is the order of the
    times."""

    @classmethod
    def of(cls, when: datetime) -> "Timestamp":
        """Convert a datetime that has a time zone. Raises OverflowError outside the years 1 to 9999
        in UTC."""
        text = when.astimezone(UTC).isoformat(timespec="milliseconds")
        return cls(text.replace("+00:00", "Z"))

    @classmethod
    def now(cls) -> "Timestamp":
        """Read the clock."""
        return cls.of(datetime.now(UTC))


class AsOf(str):
    """A point in the history, as the text of a Timestamp. A date that a client sends means the end
    of that day where the school is."""


class Since(Timestamp):
    """The time from which something is so. A date that a client sends means the start of that
    day where the school is."""


class Until(Timestamp):
    """The time from which something is no longer so. A date that a client sends means that the day
    is the last: it becomes the start of the next day where the school is."""


class PersonName(str):
    """A given or family name."""


# RFC 3339 does not limit the digits of a fraction of a second.
TIMESTAMP_LENGTH = 64


def decoder(zone: tzinfo) -> Callable[[type, Any], Any]:
    """Return the function by which msgspec decodes a PersonName, and Dates and times. A date in
    place of a time is a day in this time zone."""
    return partial(_decode, zone)


def _decode(zone: tzinfo, wanted: type, value: Any) -> Any:
    """Decode text or a full-date or date-time of RFC 3339.

    Raises ValueError, msgspec.ValidationError; NotImplementedError for another type.
    """
    if wanted is PersonName:
        return _person_name(value)
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


def _person_name(value: Any) -> PersonName:
    """Return a name. A reader counts neither combining marks nor characters that show nothing."""
    if not isinstance(value, str) or not re.match(TEXT, value) or len(value) > CODE_POINTS_OF_NAME:
        raise ValueError("Expected text")
    if (
        sum(category(character) not in ("Mn", "Mc", "Me", "Cf") for character in value)
        > NAME_LENGTH
    ):
        raise ValueError(f"Expected at most {NAME_LENGTH} characters")
    return PersonName(value)


# Text cannot have control characters (they forge log lines), lone surrogates, U+FFFE and U+FFFF
# (they are not characters), or U+10FFFF (a query for a prefix ends at the prefix and U+10FFFF).
# Patterns end with END instead of "$", which would allow a newline at the end.
SURROGATES = r"\ud800-\udfff"
END = r"(?![\s\S])"
_ODD = rf"\x00-\x1f\x7f-\x9f\u2028\u2029{SURROGATES}\ufffe\uffff" + "\U0010ffff"
_NO_ODD_CHARACTERS = rf"^[^{_ODD}]*{END}"
# Characters that show nothing: of zero width, that only join or direct others, or that fill a space.
_INVISIBLE = (
    r"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    r"\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0" + "\U000e0000-\U000e0fff"
)
# Texts that differ only in white space at either end would look the same. A text begins with a
# character that shows something; in scripts that need them, invisible ones can follow.
TEXT = rf"^[^\s{_ODD}{_INVISIBLE}](?:[^{_ODD}]*[^\s{_ODD}])?{END}"
TEXT_RULE = (
    "Expected no control characters, a visible first character, and no white space at the end"
)
# In characters as a reader counts them, and in code points.
NAME_LENGTH = 100
CODE_POINTS_OF_NAME = 500

Id = Annotated[int, Meta(ge=1, le=2**53 - 1)]
Name = Annotated[str, Meta(min_length=1, max_length=100, pattern=TEXT, description=TEXT_RULE)]
Title = Annotated[str, Meta(min_length=1, max_length=200, pattern=TEXT, description=TEXT_RULE)]
Room = Annotated[str, Meta(min_length=1, max_length=100, pattern=TEXT, description=TEXT_RULE)]
Grade = Annotated[str, Meta(min_length=1, max_length=10, pattern=TEXT, description=TEXT_RULE)]
Reason = Annotated[str, Meta(min_length=1, max_length=500, pattern=TEXT, description=TEXT_RULE)]
Code = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=32,
        pattern=r"^[A-Za-z0-9](?:[A-Za-z0-9 ._/+-]*[A-Za-z0-9+])?(?![\s\S])",
        description="Expected letters A-Z and digits, with spaces and . _ / + - between them",
    ),
]
StudentNumber = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=32,
        pattern=r"^[!-~]+(?![\s\S])",
        description="Expected visible ASCII characters without spaces",
    ),
]
Email = Annotated[
    str,
    Meta(
        max_length=254,
        pattern=rf"^[^@\s{_ODD}{_INVISIBLE}]+@[^@\s{_ODD}{_INVISIBLE}]+{END}",
        description="Expected an email address such as ada@example.org",
    ),
]
Prefix = Annotated[
    str,
    Meta(
        max_length=254,
        pattern=_NO_ODD_CHARACTERS,
        description="Expected no control characters",
        extra_json_schema={"description": "Match the beginning; ignore case for A-Z only"},
    ),
]
ExactCode = Annotated[
    str,
    Meta(
        max_length=254,
        pattern=_NO_ODD_CHARACTERS,
        description="Expected no control characters",
        extra_json_schema={"description": "Match the complete code; ignore case for A-Z only"},
    ),
]
Actor = Annotated[
    str,
    Meta(
        max_length=254,
        pattern=_NO_ODD_CHARACTERS,
        description="Expected no control characters",
        extra_json_schema={"description": "Match the complete name of the actor"},
    ),
]
Credits = Annotated[float, Meta(ge=0, le=1000, multiple_of=0.25)]
Seats = Annotated[int, Meta(ge=0, le=1_000_000)]

TimeOfDay = Annotated[
    str,
    Meta(
        max_length=len("23:59"),
        pattern=r"^(?:[01][0-9]|2[0-3]):[0-5][0-9](?![\s\S])",
        description="Expected a time of day, HH:MM, from 00:00 to 23:59",
    ),
]

# The types of values that only the service sends. Their limits are in the OpenAPI document, and are
# not checked.
UNBOUNDED = 1_000_000
Count = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Text = Annotated[str, Meta(max_length=UNBOUNDED, pattern=r"\S")]
Label = Annotated[str, Meta(max_length=65, pattern=r"\S")]
TimestampText = Annotated[str, Meta(max_length=24, extra_json_schema={"format": "date-time"})]
Cursor = Annotated[
    str,
    Meta(
        max_length=2000,
        description="The start of the page: the `next` of the previous page",
        extra_json_schema={"format": "base64url"},
    ),
]
RequestId = Annotated[str, Meta(max_length=64, pattern=r"^[A-Za-z0-9._-]+(?![\s\S])")]
UriReference = Annotated[str, Meta(max_length=2000, extra_json_schema={"format": "uri-reference"})]
Status = Annotated[int, Meta(ge=200, le=599)]
TokenText = Annotated[str, Meta(max_length=65, pattern=r"^enr_[0-9a-f]{12}_[0-9a-f]{48}(?![\s\S])")]

Role = Literal["monitor", "reader", "registrar", "student", "admin"]
StudentStatus = Literal["active", "inactive"]
CourseStatus = Literal["open", "closed", "cancelled"]
Promotion = Literal["automatic", "manual"]
OverridableRule = Literal[
    "already_completed",
    "student_inactive",
    "student_on_hold",
    "course_not_open",
    "window_not_open",
    "window_closed",
    "prerequisite_missing",
    "corequisite_missing",
    "time_conflict",
    "credit_limit",
    "course_full",
    "waitlist_full",
]
RecordSubject = Literal["student", "term", "course", "hold", "token"]
CoursePart = Literal["requirement", "meeting"]
EnrollmentStatus = Literal["enrolled", "waitlisted", "completed", "dropped"]
# No list shows an enrollment that is void, but its events do.
RecordedStatus = Literal["enrolled", "waitlisted", "completed", "dropped", "void"]
