"""The records of the HTTP interface. Clients send a `...Input`; the service returns the record."""

from datetime import UTC, datetime, tzinfo
from typing import Annotated

import msgspec
from msgspec import Meta

from enrollment.model.types import (
    UNBOUNDED,
    Code,
    Count,
    Credits,
    Date,
    Email,
    Grade,
    Groups,
    Id,
    Name,
    OverridableRule,
    PersonName,
    Reason,
    RecordedStatus,
    Role,
    Since,
    StudentNumber,
    StudentStatus,
    Text,
    Timestamp,
    TimestampText,
    Title,
    TokenText,
    Until,
)


class Input(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The base of everything that a client sends.

    A record adds `id` and `version`. They come first in its JSON, because msgspec puts keyword-only
    fields last.
    """


class StudentInput(Input, frozen=True, kw_only=True):
    """A student to create, or the new fields of a student. A person with one name has no
    `given_name`. Several students can have the same `email`. `max_credits` overrides the limit of
    every term. `groups` are codes such as NURSING, SENIOR or 2027: a course can be open to some
    groups only, or let them enroll early."""

    number: StudentNumber | None = None
    given_name: PersonName | None
    family_name: PersonName
    email: Email | None = None
    status: StudentStatus = "active"
    max_credits: Credits | None = None
    groups: Groups = []


class Student(StudentInput, frozen=True, forbid_unknown_fields=False):
    """A student. `version` increases with every change, and `updated_at` is the time of the
    last."""

    id: Id
    version: Count
    updated_at: TimestampText


class PossibleDuplicate(msgspec.Struct, frozen=True, kw_only=True):
    """A student with the email or the whole name of a new one. Names are compared without case and
    accents."""

    student_id: Id
    same_email: bool
    same_name: bool


class NewStudent(Student, frozen=True):
    """A new student. `possible_duplicates` are the first students who may be the same person."""

    possible_duplicates: Annotated[list[PossibleDuplicate], Meta(max_length=20)]


class TermInput(Input, frozen=True, kw_only=True):
    """A term to create, or the new fields of a term. `max_credits` limits the credits of each
    student in the term. Students enroll in its courses from `enroll_from` until `enroll_until`, and
    from `drop_until` on they cannot drop them themselves: each holds for the courses that have no
    such time of their own."""

    code: Code
    title: Title
    start_on: Date
    end_on: Date
    enroll_from: Since | None = None
    enroll_until: Until | None = None
    drop_until: Until | None = None
    max_credits: Credits | None = None


class Term(TermInput, frozen=True, forbid_unknown_fields=False):
    """A term. `version` increases with every change, and `updated_at` is the time of the last."""

    id: Id
    version: Count
    updated_at: TimestampText


class Enrollment(msgspec.Struct, frozen=True, kw_only=True):
    """The status of a student in a course. Each time shows when that status last began. `position`
    is the position on the waitlist, from 1. `passed` and `grade` are the outcome of the last
    completion. A waitlisted student gives up the course `instead_of` for the seat."""

    student_id: Id
    course_id: Id
    status: RecordedStatus
    position: Count | None
    enrolled_at: TimestampText | None
    waitlisted_at: TimestampText | None
    completed_at: TimestampText | None
    dropped_at: TimestampText | None
    passed: bool | None
    grade: Grade | None
    instead_of: Id | None
    version: Count


class ReplacedStudent(Student, frozen=True, kw_only=True):
    """A student after a change, with the enrollments that the change dropped."""

    dropped: Annotated[list[Enrollment], Meta(max_length=UNBOUNDED)]


class RosterEntry(Enrollment, frozen=True, kw_only=True):
    """One student of a course: the enrollment, with the number, name and email of the student."""

    number: StudentNumber | None
    given_name: PersonName | None
    family_name: PersonName
    email: Email | None


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One change of one enrollment. `id` increases in the order in which changes were committed.
    `corrects` is the event that this one replaces. If that was taken back, `restores` is the event
    that holds again. Only a completion has `passed`. `position` is the one to which a registrar
    moved a student on the waitlist. A waitlisted student gives up the course `instead_of`. For the
    role "student", `actor` is null if it is another one."""

    id: Id
    student_id: Id
    course_id: Id
    from_status: RecordedStatus | None
    to_status: RecordedStatus
    effective_at: TimestampText
    recorded_at: TimestampText
    actor: Text | None
    reason: Reason | None
    overridden: Annotated[list[OverridableRule], Meta(max_length=20)]
    corrects: Id | None
    restores: Id | None
    passed: bool | None
    grade: Grade | None
    position: Count | None
    instead_of: Id | None


class HoldInput(Input, frozen=True, kw_only=True):
    """A hold to place on a student. It keeps the student from enrolling."""

    reason: Reason


class Hold(HoldInput, frozen=True, forbid_unknown_fields=False):
    """A hold on a student. It is in force until it is released. The student sees neither
    `placed_by` nor `released_by`: for the role "student" both are null."""

    id: Id
    version: Count
    student_id: Id
    placed_at: TimestampText
    placed_by: Text | None
    released_at: TimestampText | None
    released_by: Text | None


class TokenInput(Input, frozen=True, kw_only=True):
    """An access token to create. Only the role "student" has a `student_id`: such a token can only
    read and change the enrollments of that student."""

    name: Name
    role: Role
    student_id: Id | None = None
    expires_at: Timestamp | None = None


class Token(TokenInput, frozen=True, forbid_unknown_fields=False):
    """An access token, without its secret."""

    id: Id
    version: Count
    created_at: TimestampText
    created_by: Text
    last_used_at: TimestampText | None
    revoked_at: TimestampText | None
    revoked_by: Text | None

    def is_over(self, now: Timestamp) -> bool:
        """Whether it is revoked or has expired, so that no one can use it."""
        return bool(self.revoked_at or (self.expires_at and self.expires_at <= now))


class NewToken(Token, frozen=True):
    """A new access token. `token` is its secret, which is shown only once. That of a dry run is
    no token's."""

    token: TokenText


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Details of a change of enrollments that the history records."""

    # The current time. The clock is read once in each transaction.
    at: Timestamp
    # When the change took effect, if that was earlier.
    effective_at: Timestamp | None = None
    actor: str
    reason: str | None = None
    # The rules to override, as a JSON array. The history records those that a change breaks.
    overridden: str | None = None
    override_reason: str | None = None
    # Whether a student makes the change, with a token of the student's own.
    by_student: bool = False
    # The time zone of the school.
    zone: tzinfo = UTC

    @property
    def today(self) -> Date:
        """The date at the school at the time of the change."""
        return Date(datetime.fromisoformat(self.at).astimezone(self.zone).date().isoformat())
