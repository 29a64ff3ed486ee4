"""The types of single values, with their lengths and ranges."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal
from unicodedata import normalize

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
    of that day in UTC."""


class Code(str):
    """The code of a term or course, or a section: letters and digits of any script, in NFC."""


class Credits(float):
    """A number of credits with at most three decimals."""


# Text cannot have control characters (they forge log lines), lone surrogates, U+FFFE and U+FFFF
# (they are not characters), or U+10FFFF (a query for a prefix ends at the prefix and U+10FFFF).
# Patterns end with END instead of "$", which would allow a newline at the end.
SURROGATES = r"\ud800-\udfff"
END = r"(?![\s\S])"
_ODD = rf"\x00-\x1f\x7f-\x9f\u2028\u2029{SURROGATES}\ufffe\uffff" + "\U0010ffff"
_NO_ODD_CHARACTERS = rf"^[^{_ODD}]*{END}"
# Texts that differ only in white space at either end would look the same.
_TEXT = rf"^[^\s{_ODD}](?:[^{_ODD}]*[^\s{_ODD}])?{END}"
_TEXT_RULE = "Expected no control characters, and no white space at either end"

# The punctuation and symbols of the larger blocks, and characters that show nothing: no code has
# them. A code has letters, marks and digits of any script, and the characters of _BETWEEN.
_NOT_IN_CODES = (
    r"""\x00-\x1f!"$%()*,;<-@\[-\^`{-\xa9\xab-\xb4\xb6-\xb9\xbb-\xbf\xd7\xf7\u034f\u061c\u115f\u1160"""
    r"\u1680\u17b4\u17b5\u180b-\u180f\u2000-\u2bff\u2e00-\u2e7f\u3000-\u3004\u3008-\u3020\u3030\u3164"
    rf"{SURROGATES}\ue000-\uf8ff\ufe00-\ufe1f\ufe30-\ufe6f\ufeff-\uff0f\uff1a-\uff20\uff3b-\uff40"
    r"\uff5b-\uff65\uffa0\uffe0-\uffff"
    "\U0001f000-\U0001faff\U000e0000-\U0010ffff"
)
_BETWEEN = r"\- ._/&':"
CODE_LENGTH = 32
# A code can end with + or #, and does not begin with a mark, which would join what is before it.
CODE_PATTERN = (
    rf"^[^{_NOT_IN_CODES}{_BETWEEN}+#\u0300-\u036f]"
    rf"(?:[^{_NOT_IN_CODES}]*[^{_NOT_IN_CODES}{_BETWEEN}])?{END}"
)
CODE_RULE = "letters and digits of any script, with spaces and . _ / + - & ' # : between them"

Id = Annotated[int, Meta(ge=1, le=2**53 - 1)]
Name = Annotated[str, Meta(min_length=1, max_length=100, pattern=_TEXT, description=_TEXT_RULE)]
Title = Annotated[str, Meta(min_length=1, max_length=200, pattern=_TEXT, description=_TEXT_RULE)]
Room = Annotated[str, Meta(min_length=1, max_length=100, pattern=_TEXT, description=_TEXT_RULE)]
Reason = Annotated[str, Meta(min_length=1, max_length=500, pattern=_TEXT, description=_TEXT_RULE)]
Email = Annotated[
    str,
    Meta(
        max_length=254,
        pattern=r"^[!-?A-~]+@[!-?A-~]+(?![\s\S])",
        description="Expected an email address such as ada@example.org, in ASCII",
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
MAX_CREDITS = 1000
CREDIT_DECIMALS = 3
# 0.1 + 0.2 is 0.30000000000000004 for most programs, and means 0.3.
CREDIT_ERROR = 1e-9
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
SeatsLeft = Literal["open", "full"]
Promotion = Literal["automatic", "manual"]
OverridableRule = Literal[
    "already_completed",
    "another_section",
    "student_inactive",
    "student_on_hold",
    "course_not_open",
    "window_not_open",
    "window_closed",
    "term_ended",
    "prerequisite_missing",
    "corequisite_missing",
    "time_conflict",
    "credit_limit",
    "course_full",
    "waitlist_full",
]
EnrollmentStatus = Literal["enrolled", "waitlisted", "completed", "dropped"]


# RFC 3339 does not limit the digits of a fraction of a second.
TIMESTAMP_LENGTH = 64


def decode(wanted: type, value: Any) -> Any:
    """Decode a value of one of the types above for msgspec. Dates and times are those of RFC 3339.

    Raises ValueError, msgspec.ValidationError; NotImplementedError for another type.
    """
    if wanted is Code:
        return _decode_code(value)
    if wanted is Credits:
        return _decode_credits(value)
    if isinstance(value, str) and len(value) > TIMESTAMP_LENGTH:
        raise ValueError(f"Expected at most {TIMESTAMP_LENGTH} characters")
    if wanted is Date:
        return Date(msgspec.convert(value, date).isoformat())
    if wanted is Timestamp:
        try:
            return Timestamp.of(msgspec.convert(value, Annotated[datetime, Meta(tz=True)]))
        except OverflowError:
            raise ValueError("Expected a year from 1 to 9999 in UTC") from None
    if wanted is AsOf:
        if isinstance(value, str) and len(value) == len("2026-09-01"):
            return AsOf(f"{decode(Date, value)}T23:59:59.999Z")
        return AsOf(decode(Timestamp, value))
    raise NotImplementedError(wanted)


def _decode_code(value: Any) -> Code:
    """Return a code in NFC: what looks the same is the same."""
    if isinstance(value, str) and len(value) <= CODE_LENGTH and re.match(CODE_PATTERN, value):
        code = Code(normalize("NFC", value))
        # Some letters become two.
        if len(code) <= CODE_LENGTH:
            return code
    raise ValueError(f"Expected {CODE_RULE}")


def _decode_credits(value: Any) -> Credits:
    """Return a number of credits without what a sum of fractions has added to it."""
    number = msgspec.convert(value, Annotated[float, Meta(ge=0, le=MAX_CREDITS)])
    credits = Credits(round(number, CREDIT_DECIMALS))
    if abs(number - credits) > CREDIT_ERROR:
        raise ValueError(f"Expected at most {CREDIT_DECIMALS} decimals")
    return credits
