"""The typed records: what the API takes (…Input) and what it gives."""

from typing import Annotated

import msgspec
from msgspec import Meta

from enrollment.model.types import (
    Code,
    Count,
    CourseStatus,
    Credits,
    Date,
    Email,
    EnrollmentStatus,
    Id,
    Name,
    OverridableRule,
    Promotion,
    Reason,
    Role,
    Seats,
    StudentStatus,
    Text,
    TimeOfDay,
    Timestamp,
    TimestampText,
    Title,
    TokenText,
)


class Input(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a client sends. A record adds `id` and `version`, which come first in its JSON,
    because msgspec puts keyword-only fields last."""


class StudentInput(Input, frozen=True, kw_only=True):
    given_name: Name
    family_name: Name
    email: Email | None = None
    status: StudentStatus = "active"
    max_credits: Credits | None = None


class Student(StudentInput, frozen=True, forbid_unknown_fields=False):
    id: Id
    version: Count


class TermInput(Input, frozen=True, kw_only=True):
    code: Code
    title: Title
    start_on: Date
    end_on: Date
    max_credits: Credits | None = None


class Term(TermInput, frozen=True, forbid_unknown_fields=False):
    id: Id
    version: Count


class Prerequisite(Input, frozen=True, kw_only=True):
    """A course, by its code, to be completed before, or if `concurrent` taken at the same time."""

    code: Code
    concurrent: bool = False


class Meeting(Input, frozen=True, kw_only=True, rename={"from_time": "from", "to_time": "to"}):
    """Every week of the term; weekday 1 is Monday (ISO 8601), the times are the school's own."""

    weekday: Annotated[int, Meta(ge=1, le=7)]
    from_time: TimeOfDay
    to_time: TimeOfDay


class CourseInput(Input, frozen=True, kw_only=True):
    """`term` is a term's code; a capacity of null is no limit, and of 0 no seat at all."""

    code: Code
    title: Title
    term: Code | None = None
    credits: Credits = 0.0
    capacity: Seats | None = None
    waitlist_capacity: Seats | None = None
    promotion: Promotion = "automatic"
    enroll_from: Timestamp | None = None
    enroll_until: Timestamp | None = None
    status: CourseStatus = "open"
    repeatable: bool = False
    prerequisites: Annotated[list[Prerequisite], Meta(max_length=20)] = []
    corequisites: Annotated[list[Code], Meta(max_length=20)] = []
    meetings: Annotated[list[Meeting], Meta(max_length=20)] = []


class CourseSeats(msgspec.Struct, frozen=True, kw_only=True):
    """Counted, never kept; `free` is null where there is no limit."""

    capacity: Seats | None
    enrolled: Count
    waitlisted: Count
    free: Count | None


class Course(CourseInput, frozen=True, forbid_unknown_fields=False):
    id: Id
    version: Count
    seats: CourseSeats


class Enrollment(msgspec.Struct, frozen=True, kw_only=True):
    """A student's place in a course; each time is when that status was last entered, and
    `position` is the place of one who waits, from 1."""

    student_id: Id
    course_id: Id
    status: EnrollmentStatus
    position: Count | None
    enrolled_at: TimestampText | None
    waitlisted_at: TimestampText | None
    completed_at: TimestampText | None
    dropped_at: TimestampText | None
    version: Count


class StudentCourse(Enrollment, frozen=True, kw_only=True):
    code: Code
    title: Title


class RosterEntry(Enrollment, frozen=True, kw_only=True):
    given_name: Name
    family_name: Name


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One change of one enrolment; `id` grows in the order in which changes were committed."""

    id: Id
    student_id: Id
    course_id: Id
    from_status: EnrollmentStatus | None
    to_status: EnrollmentStatus
    effective_at: TimestampText
    recorded_at: TimestampText
    actor: Text | None
    reason: Reason | None
    overridden: Annotated[list[OverridableRule], Meta(max_length=20)]


class HoldInput(Input, frozen=True, kw_only=True):
    reason: Reason


class Hold(HoldInput, frozen=True, forbid_unknown_fields=False):
    """In force until it is released."""

    id: Id
    version: Count
    student_id: Id
    placed_at: TimestampText
    placed_by: Text
    released_at: TimestampText | None
    released_by: Text | None


class TokenInput(Input, frozen=True, kw_only=True):
    """`student_id` is for the role "student" alone, which sees and changes only its own places."""

    name: Name
    role: Role
    student_id: Id | None = None
    expires_at: Timestamp | None = None


class Token(TokenInput, frozen=True, forbid_unknown_fields=False):
    id: Id
    version: Count
    created_at: TimestampText
    created_by: Text
    last_used_at: TimestampText | None
    revoked_at: TimestampText | None
    revoked_by: Text | None


class NewToken(Token, frozen=True):
    """With the text of the token, which is shown this once."""

    token: TokenText


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """When, by whom and why enrolments are changed: one reading of the clock a transaction.
    `effective_at` is since when it is true, if that was earlier; `overridden` is a JSON array of
    the rules that are set aside where someone is enrolled, and `override_reason` says why."""

    at: Timestamp
    effective_at: Timestamp | None = None
    actor: str
    reason: str | None = None
    overridden: str | None = None
    override_reason: str | None = None
