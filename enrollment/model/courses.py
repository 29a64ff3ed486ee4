"""The records of courses, and of the courses of a student."""

from typing import Annotated, Literal, cast

import msgspec
from msgspec import UNSET, Meta, UnsetType

from enrollment.model.records import Enrollment, Input
from enrollment.model.types import (
    Code,
    Count,
    CourseStatus,
    Credits,
    Date,
    Groups,
    Id,
    Label,
    Promotion,
    Room,
    Seats,
    Since,
    TimeOfDay,
    TimestampText,
    Title,
    Until,
)


class Prerequisite(Input, frozen=True, kw_only=True):
    """The `code` of a course that a student must complete first, or the codes of several, `any_of`
    which is enough: one of the two fields. If `concurrent` is true, the student may also take both
    courses at the same time."""

    code: Code | UnsetType = UNSET
    any_of: Annotated[list[Code], Meta(min_length=2, max_length=20)] | UnsetType = UNSET
    concurrent: bool = False


class EarlyAccess(Input, frozen=True, kw_only=True):
    """A group whose students can enroll from `enroll_from` on, before everyone else can."""

    group: Code
    enroll_from: Since


class Meeting(Input, frozen=True, kw_only=True, rename={"from_time": "from", "to_time": "to"}):
    """A meeting of a course in each week of its term, or in every second one, or between two dates.
    Weekday 1 is Monday (ISO 8601). Times are local to the school. Weeks are counted from the first
    meeting."""

    weekday: Annotated[int, Meta(ge=1, le=7)]
    from_time: TimeOfDay
    to_time: TimeOfDay
    room: Room | None = None
    start_on: Date | None = None
    end_on: Date | None = None
    every: Literal[1, 2] = 1


class CourseInput(Input, frozen=True, kw_only=True):
    """A course to create, or the new fields of a course. If the course runs several times in a
    term, each `section` is a course of its own with the same `code`. `term` is the code of a term.
    A `capacity` of null means no limit, and 0 means no seats. From `drop_until` on, that of the
    course or else of its term, students cannot drop the course themselves. With `open_to`,
    only students in one of these groups can enroll. `counts_as` are other codes as which the course
    counts: it meets the requirements that name them, and no student takes it with a course of such
    a code, or after one."""

    code: Code
    section: Code | None = None
    title: Title
    term: Code | None = None
    instructor: Title | None = None
    # msgspec describes a default only if its type is a plain one.
    credits: Credits = cast(Credits, 0.0)
    capacity: Seats | None = None
    waitlist_capacity: Seats | None = None
    promotion: Promotion = "automatic"
    enroll_from: Since | None = None
    enroll_until: Until | None = None
    drop_until: Until | None = None
    status: CourseStatus = "open"
    repeatable: bool = False
    prerequisites: Annotated[list[Prerequisite], Meta(max_length=20)] = []
    corequisites: Annotated[list[Code], Meta(max_length=20)] = []
    meetings: Annotated[list[Meeting], Meta(max_length=20)] = []
    open_to: Groups = []
    early_access: Annotated[list[EarlyAccess], Meta(max_length=50)] = []
    counts_as: Annotated[list[Code], Meta(max_length=20)] = []


class RequiringCourse(msgspec.Struct, frozen=True, kw_only=True):
    """A course that requires a code."""

    course_id: Id
    label: Label
    term: Code | None


class CourseSeats(msgspec.Struct, frozen=True, kw_only=True):
    """The seats of a course, counted when it is read. `free` is null if the capacity has no
    limit."""

    capacity: Seats | None
    enrolled: Count
    waitlisted: Count
    free: Count | None


class Course(CourseInput, frozen=True, forbid_unknown_fields=False):
    """A course with its seats. `version` increases with every change of its fields, and
    `updated_at` is the time of the last. `label` is the code with the section, such as
    ENG101-02."""

    id: Id
    version: Count
    updated_at: TimestampText
    label: Label
    seats: CourseSeats


class StudentCourse(Enrollment, frozen=True, kw_only=True):
    """One course of a student: the enrollment, with what a schedule shows of the course."""

    code: Code
    section: Code | None
    label: Label
    title: Title
    term: Code | None
    credits: Credits
    instructor: Title | None
    meetings: Annotated[list[Meeting], Meta(max_length=20)]
