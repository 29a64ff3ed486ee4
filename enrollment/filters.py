"""What may stand in a query string: filters, pages, options."""

from typing import Annotated

from msgspec import Meta

from enrollment.records import Fields
from enrollment.values import CourseStatus, EnrollmentStatus, Prefix, StudentStatus


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


class TermFilter(Page, frozen=True, kw_only=True):
    """A text matches what begins with it, whatever the case of A-Z."""

    code: Prefix = ""
    title: Prefix = ""


class CourseFilter(Page, frozen=True, kw_only=True):
    """A text matches what begins with it, whatever the case of A-Z; `term` is a whole code."""

    code: Prefix = ""
    title: Prefix = ""
    term: Prefix | None = None
    status: CourseStatus | None = None


class WriteOptions(Fields, frozen=True, kw_only=True):
    """What every write takes in its query: `dry_run` asks what would come of it."""

    dry_run: bool = False


class CoursesOfStudentFilter(Page, frozen=True, kw_only=True):
    term: Prefix | None = None
    status: EnrollmentStatus | None = None


class StudentsOfCourseFilter(Page, frozen=True, kw_only=True):
    status: EnrollmentStatus | None = None


class EligibleCourseFilter(Page, frozen=True, kw_only=True):
    term: Prefix | None = None


class EventFilter(Fields, frozen=True, kw_only=True):
    """The events that follow the one with the id `after`."""

    after: Annotated[int, Meta(ge=0, le=2**53 - 1)] = 0
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100
