"""The typed records: what the API takes (…Fields) and what it gives."""

from typing import Annotated

import msgspec
from msgspec import Meta

from enrollment.model.types import (
    Code,
    Count,
    CourseStatus,
    Credits,
    Day,
    Email,
    EnrollmentStatus,
    Id,
    Moment,
    Name,
    OverridableRule,
    Promotion,
    Reason,
    Role,
    Seats,
    Sentence,
    StudentStatus,
    TimeOfDay,
    Timestamp,
    Title,
    TokenText,
)


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
    id: Id
    version: Count


class TermFields(Fields, frozen=True, kw_only=True):
    code: Code
    title: Title
    start_on: Day
    end_on: Day
    max_credits: Credits | None = None


class Term(TermFields, frozen=True):
    id: Id
    version: Count


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
    promotion: Promotion = "automatic"
    enroll_from: Moment | None = None
    enroll_until: Moment | None = None
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


class Course(CourseFields, frozen=True):
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
    enrolled_at: Timestamp | None
    waitlisted_at: Timestamp | None
    completed_at: Timestamp | None
    dropped_at: Timestamp | None
    version: Count


class CourseOfStudent(Enrollment, frozen=True, kw_only=True):
    code: Code
    title: Title


class StudentOfCourse(Enrollment, frozen=True, kw_only=True):
    given_name: Name
    family_name: Name


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One change of one enrolment; `id` grows in the order in which changes were committed."""

    id: Id
    student_id: Id
    course_id: Id
    from_status: EnrollmentStatus | None
    to_status: EnrollmentStatus
    effective_at: Timestamp
    recorded_at: Timestamp
    actor: Sentence | None
    reason: Reason | None
    overridden: Annotated[list[OverridableRule], Meta(max_length=20)]


class HoldFields(Fields, frozen=True, kw_only=True):
    reason: Reason


class Hold(HoldFields, frozen=True):
    """In force until it is released."""

    id: Id
    version: Count
    student_id: Id
    placed_at: Timestamp
    placed_by: Sentence
    released_at: Timestamp | None
    released_by: Sentence | None


class TokenFields(Fields, frozen=True, kw_only=True):
    """`student_id` is for the role "student" alone, which sees and changes only its own places."""

    name: Name
    role: Role
    student_id: Id | None = None
    expires_at: Moment | None = None


class Token(TokenFields, frozen=True):
    id: Id
    version: Count
    created_at: Timestamp
    created_by: Sentence
    last_used_at: Timestamp | None
    revoked_at: Timestamp | None
    revoked_by: Sentence | None


class NewToken(Token, frozen=True):
    """With the text of the token, which is shown this once."""

    token: TokenText


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """When, by whom and why enrolments are changed: one reading of the clock a transaction.
    `effective_at` is since when it is true, if that was earlier; `overridden` is a JSON array of
    the rules that are set aside where someone is enrolled, and `override_reason` says why."""

    at: Moment
    effective_at: Moment | None = None
    actor: str
    reason: str | None = None
    overridden: str | None = None
    override_reason: str | None = None
