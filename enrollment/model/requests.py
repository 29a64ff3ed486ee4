"""What a client sends to change enrolments."""

from typing import Annotated, Literal

from msgspec import Meta

from enrollment.model.records import Input
from enrollment.model.types import Id, OverridableRule, Reason, Timestamp


class Override(Input, frozen=True, kw_only=True):
    """Rules to be set aside for this enrolment, and why. Those that keep the data true can't be."""

    rules: Annotated[list[OverridableRule], Meta(min_length=1, max_length=20)]
    reason: Reason


class ChangeDetails(Input, frozen=True, kw_only=True):
    """What every change of enrolments may bring: why, since when it is true, and which rules it
    sets aside. The history keeps all; where one is enrolled, the reason of an override goes before
    the other."""

    reason: Reason | None = None
    effective_at: Timestamp | None = None
    override: Override | None = None


class EnrollmentInput(ChangeDetails, frozen=True, kw_only=True):
    """Enrol in one course, or if it is full and `waitlist` is true, wait for it."""

    course_id: Id
    waitlist: bool = False


class CourseSetItem(Input, frozen=True, kw_only=True):
    """One item of the set of courses that a student is to be in."""

    course_id: Id
    waitlist: bool = False


class CourseSetInput(ChangeDetails, frozen=True, kw_only=True):
    """The whole set of courses that a student is to be in."""

    courses: Annotated[list[CourseSetItem], Meta(max_length=100)]


class BulkEnrollmentItem(Input, frozen=True, kw_only=True):
    """One item of a list of students who are to be in a course."""

    student_id: Id
    waitlist: bool = False


class BulkEnrollmentInput(ChangeDetails, frozen=True, kw_only=True):
    """Students to be enrolled in one course: all of them or none, or each who may."""

    students: Annotated[list[BulkEnrollmentItem], Meta(max_length=10_000)]
    mode: Literal["all", "each"] = "all"


class PromotionInput(Input, frozen=True, kw_only=True):
    """How many of those who wait are to be given a seat, at most."""

    seats: Annotated[int, Meta(ge=1, le=1_000)] = 1


class EnrollmentStatusInput(ChangeDetails, frozen=True, kw_only=True):
    """The state that one enrolment is to have."""

    status: Literal["enrolled", "completed", "dropped"]
