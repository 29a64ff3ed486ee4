"""The bodies of requests that change enrollments, or many records.

A student may not send a field unless it is marked with `for_students`.
"""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from enrollment.model.courses import CourseInput
from enrollment.model.records import Input, StudentInput
from enrollment.model.types import Code, Grade, Id, OverridableRule, Reason, Timestamp

# The key of the mark in the `extra` of a field.
FOR_STUDENTS = "for_students"
# The most records that one request creates.
BATCH_LIMIT = 1000


def for_students(*values: str) -> Meta:
    """Return the mark of a field that students may send: only with these values, or with any value
    if there are none."""
    return Meta(extra={FOR_STUDENTS: values})


class Override(Input, frozen=True, kw_only=True):
    """Rules to set aside for this enrollment, and the reason. Rules that keep the data consistent
    cannot be overridden."""

    rules: Annotated[list[OverridableRule], Meta(min_length=1, max_length=20)]
    reason: Reason


class ChangeDetails(Input, frozen=True, kw_only=True):
    """Details of a change of enrollments: the reason, the time at which it took effect, and the
    rules to override. The history records all of them, but only the rules that were broken. The
    reason of the override replaces the other reason; but in a set, only for the courses of the
    set."""

    reason: Annotated[Reason | None, for_students()] = None
    effective_at: Timestamp | None = None
    override: Override | None = None


class EnrollmentInput(ChangeDetails, frozen=True, kw_only=True):
    """Enroll a student in one course. If the course is full and `waitlist` is true, the student
    joins the waitlist. The enrollment in the course `instead_of` is dropped as soon as the student
    gets the seat, and not before."""

    course_id: Annotated[Id, for_students()]
    waitlist: Annotated[bool, for_students()] = False
    instead_of: Annotated[Id | None, for_students()] = None


class CourseSetItem(Input, frozen=True, kw_only=True):
    """One course in the set of courses of a student."""

    course_id: Annotated[Id, for_students()]
    waitlist: Annotated[bool, for_students()] = False


class CourseSetInput(ChangeDetails, frozen=True, kw_only=True):
    """The complete set of courses of a student. Courses that are not in it are dropped."""

    courses: Annotated[list[CourseSetItem], Meta(max_length=100), for_students()]


class BulkEnrollmentItem(Input, frozen=True, kw_only=True):
    """One student to enroll in a course, or whose enrollment is completed or dropped. A student who
    completes a course has passed it, unless `passed` is false."""

    student_id: Id
    status: Literal["enrolled", "completed", "dropped"] = "enrolled"
    waitlist: bool = False
    passed: bool | UnsetType = UNSET
    grade: Grade | UnsetType | None = UNSET


class BulkEnrollmentInput(ChangeDetails, frozen=True, kw_only=True):
    """Students to enroll in one course, or whose enrollments in it are completed or dropped: with
    the mode "all", all of them or none; with "each", every student for whom no rule is broken."""

    students: Annotated[list[BulkEnrollmentItem], Meta(max_length=10_000)]
    mode: Literal["all", "each"] = "all"


class PromotionInput(Input, frozen=True, kw_only=True):
    """The maximum number of waitlisted students to promote, in the order of the waitlist; or the
    student to promote, out of turn. Rules can be overridden."""

    seats: Annotated[int, Meta(ge=1, le=1_000)] = 1
    student_id: Id | None = None
    override: Override | None = None


class PositionInput(Input, frozen=True, kw_only=True):
    """The position on the waitlist, from 1, to which to move a student, and why."""

    position: Annotated[int, Meta(ge=1, le=1_000_000)]
    reason: Reason


class EnrollmentStatusInput(ChangeDetails, frozen=True, kw_only=True):
    """The status to give to one enrollment. "void" is for one that was entered in error: it counts
    for nothing, and needs a `reason`. A student who completes a course has passed it, unless
    `passed` is false; `grade` is any label. If `correction` is true, the body is the latest change
    as it should have been: it keeps the time and the outcome that it does not name, and needs a
    `reason`."""

    status: Annotated[
        Literal["enrolled", "completed", "dropped", "void"], for_students("enrolled", "dropped")
    ]
    passed: bool | UnsetType = UNSET
    grade: Grade | UnsetType | None = UNSET
    correction: bool = False


class TakeBackInput(Input, frozen=True, kw_only=True):
    """Take the latest change of an enrollment back, so that what held before it holds again. The
    first change of all leaves the enrollment void."""

    take_back: Literal["latest_change"]
    reason: Reason
    override: Override | None = None


class StudentBatchInput(Input, frozen=True, kw_only=True):
    """Students to create: with the mode "all", all of them or none; with "each", every student who
    breaks no rule."""

    items: Annotated[list[StudentInput], Meta(min_length=1, max_length=BATCH_LIMIT)]
    mode: Literal["all", "each"] = "all"


class CourseBatchInput(Input, frozen=True, kw_only=True):
    """Courses to create: with the mode "all", all of them or none; with "each", every course that
    breaks no rule."""

    items: Annotated[list[CourseInput], Meta(min_length=1, max_length=BATCH_LIMIT)]
    mode: Literal["all", "each"] = "all"


class CourseCopyInput(Input, frozen=True, kw_only=True):
    """The code of the term whose courses to copy, and the codes of the courses; null means all. A
    code means each of its sections."""

    copy_from: Code
    codes: Annotated[list[Code], Meta(min_length=1, max_length=BATCH_LIMIT)] | None = None


class ErasureInput(Input, frozen=True, kw_only=True):
    """Why the data of a person is erased."""

    reason: Reason


class MergeInput(Input, frozen=True, kw_only=True):
    """The other record of the same person, into which this one is merged."""

    into: Id
