"""The typed records: what the API takes (…Fields) and what it gives, each field with its range."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from enrollment.errors import Fault


class Day(str):
    """A calendar date as text, `YYYY-MM-DD`."""


class Moment(str):
    """A moment as text in UTC, `YYYY-MM-DDTHH:MM:SS.mmmZ`: such texts sort as times do."""

    @classmethod
    def of(cls, when: datetime) -> "Moment":
        text = when.astimezone(UTC).isoformat(timespec="milliseconds")
        return cls(text.replace("+00:00", "Z"))

    @classmethod
    def now(cls) -> "Moment":
        return cls.of(datetime.now(UTC))


def decode(wanted: type, value: Any) -> Any:
    """Let msgspec read a Day or a Moment: an RFC 3339 full-date, or date-time with its offset."""
    if wanted is Day:
        return Day(msgspec.convert(value, date).isoformat())
    if wanted is Moment:
        try:
            return Moment.of(msgspec.convert(value, Annotated[datetime, Meta(tz=True)]))
        except OverflowError:
            raise ValueError("Expected a year from 1 to 9999 in UTC") from None
    raise NotImplementedError(wanted)


# Not in text: controls (they forge log lines), lone surrogates, U+FFFE and U+FFFF (they are no
# characters), and U+10FFFF (in the queries it ends every prefix).
_NO_ODD_CHARACTERS = (
    r"^(?![\s\S]*[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff\U0010ffff])"
)
# White space at either end makes two of what people take for one.
_TEXT = _NO_ODD_CHARACTERS + r"(?!\s)(?![\s\S]*\s$)"
_TEXT_RULE = "Expected no control characters, and no white space at either end"

Id = Annotated[int, Meta(ge=1, le=2**53 - 1)]
Name = Annotated[str, Meta(min_length=1, max_length=100, pattern=_TEXT, description=_TEXT_RULE)]
Title = Annotated[str, Meta(min_length=1, max_length=200, pattern=_TEXT, description=_TEXT_RULE)]
Reason = Annotated[str, Meta(min_length=1, max_length=500, pattern=_TEXT, description=_TEXT_RULE)]
Code = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=32,
        pattern=r"^[A-Za-z0-9](?:[A-Za-z0-9 ._/+-]*[A-Za-z0-9+])?(?![\s\S])",
        description="Expected letters A-Z and digits, with spaces and . _ / + - between them",
    ),
]
Email = Annotated[
    str,
    Meta(
        max_length=254,
        pattern=r"^[!-?A-~]+@[!-?A-~]+(?![\s\S])",
        description="Expected an address such as ada@example.org, in ASCII",
    ),
]
Prefix = Annotated[
    str,
    Meta(max_length=254, pattern=_NO_ODD_CHARACTERS, description="Expected no control characters"),
]
Credits = Annotated[float, Meta(ge=0, le=1000, multiple_of=0.25)]
Seats = Annotated[int, Meta(ge=0, le=1_000_000)]

TimeOfDay = Annotated[
    str,
    Meta(
        pattern=r"^(?:[01][0-9]|2[0-3]):[0-5][0-9](?![\s\S])",
        description="Expected a time of day, HH:MM, from 00:00 to 23:59",
    ),
]

StudentStatus = Literal["active", "inactive"]
CourseStatus = Literal["open", "closed", "cancelled"]
EnrollmentStatus = Literal["enrolled", "waitlisted", "completed", "dropped"]


class Fields(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a client sends. A record adds `id` and `version`, which come first in its JSON,
    because msgspec puts keyword-only fields last."""


class StudentFields(Fields, frozen=True, kw_only=True):
    given_name: Name
    family_name: Name
    email: Email | None = None
    status: StudentStatus = "active"

    max_credits: Credits | None = None


class Student(StudentFields, frozen=True):
    id: int
    version: int


class Page(Fields, frozen=True, kw_only=True):
    """Which part of a list: at most `limit` items, from the place that `cursor` names."""

    limit: Annotated[int, Meta(ge=1, le=1000)] = 100
    cursor: Annotated[str, Meta(max_length=2000)] = ""


class StudentFilter(Page, frozen=True, kw_only=True):
    """A text matches what begins with it, whatever the case of A-Z."""

    family_name: Prefix = ""
    given_name: Prefix = ""
    email: Prefix = ""
    status: StudentStatus | None = None


class TermFields(Fields, frozen=True, kw_only=True):
    code: Code
    title: Title
    start_on: Day
    end_on: Day
    max_credits: Credits | None = None


class Term(TermFields, frozen=True):
    id: int
    version: int


class TermFilter(Page, frozen=True, kw_only=True):
    """A text matches what begins with it, whatever the case of A-Z."""

    code: Prefix = ""
    title: Prefix = ""


class Prerequisite(Fields, frozen=True, kw_only=True):
    """A course, by its code, to be completed before, or if `concurrent` taken at the same time."""

    code: Code
    concurrent: bool = False


class Meeting(Fields, frozen=True, kw_only=True, rename={"from_time": "from", "to_time": "to"}):
    """Every week of the term; weekday 1 is Monday (ISO 8601), the times are the school's own."""

    weekday: Annotated[int, Meta(ge=1, le=7)]
    from_time: TimeOfDay
    to_time: TimeOfDay


class CourseFields(Fields, frozen=True, kw_only=True):
    """`term` is a term's code; a capacity of null is no limit, and of 0 no seat at all."""

    code: Code
    title: Title
    term: Code | None = None
    credits: Credits = 0.0
    capacity: Seats | None = None
    waitlist_capacity: Seats | None = None
    enroll_from: Moment | None = None
    enroll_until: Moment | None = None
    status: CourseStatus = "open"
    repeatable: bool = False
    prerequisites: Annotated[list[Prerequisite], Meta(max_length=20)] = []
    corequisites: Annotated[list[Code], Meta(max_length=20)] = []
    meetings: Annotated[list[Meeting], Meta(max_length=20)] = []


class Course(CourseFields, frozen=True):
    id: int
    version: int


class CourseFilter(Page, frozen=True, kw_only=True):
    """A text matches what begins with it, whatever the case of A-Z; `term` is a whole code."""

    code: Prefix = ""
    title: Prefix = ""
    term: Prefix | None = None
    status: CourseStatus | None = None


class NewEnrollment(Fields, frozen=True, kw_only=True):
    """Enrol in one course."""

    course_id: Id
    reason: Reason | None = None


class WantedCourse(Fields, frozen=True, kw_only=True):
    """One item of the set of courses that a student is to be in."""

    course_id: Id


class WantedCourses(Fields, frozen=True, kw_only=True):
    """The whole set of courses that a student is to be in."""

    courses: Annotated[list[WantedCourse], Meta(max_length=1000)]
    reason: Reason | None = None


class WantedStatus(Fields, frozen=True, kw_only=True):
    """The state that one enrolment is to have."""

    status: Literal["enrolled", "completed", "dropped"]
    reason: Reason | None = None


class Enrollment(msgspec.Struct, frozen=True, kw_only=True):
    """A student's place in a course; each time is when that status was last entered."""

    student_id: int
    course_id: int
    status: EnrollmentStatus
    enrolled_at: str | None
    waitlisted_at: str | None
    completed_at: str | None
    dropped_at: str | None
    version: int


class CourseOfStudent(Enrollment, frozen=True, kw_only=True):
    code: str
    title: str


class CoursesOfStudentFilter(Page, frozen=True, kw_only=True):
    term: Prefix | None = None
    status: EnrollmentStatus | None = None


class StudentOfCourse(Enrollment, frozen=True, kw_only=True):
    given_name: str
    family_name: str


class StudentsOfCourseFilter(Page, frozen=True, kw_only=True):
    status: EnrollmentStatus | None = None


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One change of one enrolment; `id` grows in the order in which changes were committed."""

    id: int
    student_id: int
    course_id: int
    from_status: EnrollmentStatus | None
    to_status: EnrollmentStatus
    recorded_at: str
    actor: str | None
    reason: str | None


class HoldFields(Fields, frozen=True, kw_only=True):
    reason: Reason


class Hold(HoldFields, frozen=True):
    """In force until it is released."""

    id: int
    version: int
    student_id: int
    placed_at: str
    placed_by: str
    released_at: str | None
    released_by: str | None


class EligibleCourse(msgspec.Struct, frozen=True, kw_only=True):
    """A course that a student could be enrolled in now."""

    course_id: int
    code: str
    title: str
    term: str | None
    credits: float


class EligibleCourseFilter(Page, frozen=True, kw_only=True):
    term: Prefix | None = None


class Eligibility(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a student could be enrolled in a course now, and every rule that is against it."""

    student_id: int
    course_id: int
    eligible: bool
    errors: list[Fault]


class EventFilter(Fields, frozen=True, kw_only=True):
    """The events that follow the one with the id `after`."""

    after: Annotated[int, Meta(ge=0, le=2**53 - 1)] = 0
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """When, by whom and why enrolments are changed: one reading of the clock a transaction."""

    at: Moment
    actor: str
    reason: str | None = None
