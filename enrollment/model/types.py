"""The types of single values, with their lengths and ranges."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from msgspec import Meta

from enrollment.model.text import END, INVISIBLE, NO_ODD_CHARACTERS, ODD, TEXT, TEXT_RULE


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


class Code(str):
    """The code of a term or course, or a section: letters and digits of any script."""


class Credits(float):
    """A number of credits with at most three decimals."""


def _filter(max_length: int, meaning: str) -> Meta:
    """Return the limits of a text by which a list is filtered, and what it selects."""
    return Meta(
        max_length=max_length,
        pattern=NO_ODD_CHARACTERS,
        description="Expected no control characters",
        extra_json_schema={"description": meaning},
    )


Groups = Annotated[list[Code], Meta(max_length=50)]
Id = Annotated[int, Meta(ge=1, le=2**53 - 1)]
Name = Annotated[str, Meta(min_length=1, max_length=100, pattern=TEXT, description=TEXT_RULE)]
TITLE_LENGTH = 200
Title = Annotated[
    str, Meta(min_length=1, max_length=TITLE_LENGTH, pattern=TEXT, description=TEXT_RULE)
]
Room = Annotated[str, Meta(min_length=1, max_length=100, pattern=TEXT, description=TEXT_RULE)]
Grade = Annotated[str, Meta(min_length=1, max_length=10, pattern=TEXT, description=TEXT_RULE)]
Reason = Annotated[str, Meta(min_length=1, max_length=500, pattern=TEXT, description=TEXT_RULE)]
StudentNumber = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=32,
        pattern=r"^[!-~]+(?![\s\S])",
        description="Expected visible ASCII characters without spaces",
    ),
]
# What no part of an address has between its dots (RFC 5322, 3.2.3, with letters of any script as in
# RFC 6531), and a part of the name of a host, which neither begins nor ends with a hyphen.
NO_ADDRESS = rf'@\s{ODD}{INVISIBLE}.,:;<>()"\\\[\]'
HOST_PART = rf"[^{NO_ADDRESS}-](?:[^{NO_ADDRESS}]*[^{NO_ADDRESS}-])?"
Email = Annotated[
    str,
    Meta(
        max_length=254,
        pattern=rf"^[^{NO_ADDRESS}]+(?:\.[^{NO_ADDRESS}]+)*@{HOST_PART}(?:\.{HOST_PART})*{END}",
        description="Expected an email address such as ada@example.org",
    ),
]
Prefix = Annotated[str, _filter(254, "Match the beginning; ignore case for A-Z only")]
SearchWords = Annotated[str, _filter(100, "Find all of these words, whatever the case and accents")]
ExactCode = Annotated[str, _filter(254, "Match the complete code; ignore case for A-Z only")]
MAX_CREDITS = 1000
CREDIT_DECIMALS = 3
# 0.1 + 0.2 is 0.30000000000000004 for most programs, and means 0.3.
CREDIT_ERROR = 1e-9
Actor = Annotated[str, _filter(254, "Match the complete name of the actor")]
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
    "group_required",
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
RecordSubject = Literal["student", "term", "course", "hold", "token"]
CoursePart = Literal["requirement", "meeting"]
EnrollmentStatus = Literal["enrolled", "waitlisted", "completed", "dropped"]
# No list shows an enrollment that is void, but its events do.
RecordedStatus = Literal["enrolled", "waitlisted", "completed", "dropped", "void"]
