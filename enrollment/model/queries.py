"""The query parameters: filters, pages, options."""

from typing import Annotated

from msgspec import Meta

from enrollment.model.records import Input
from enrollment.model.types import (
    AsOf,
    CourseStatus,
    Cursor,
    EnrollmentStatus,
    ExactCode,
    Prefix,
    SeatsLeft,
    StudentStatus,
)

# The largest page, in items, that is read on the thread of the event loop. A larger page is read on
# another thread.
QUICK_LIMIT = 100
Limit = Annotated[int, Meta(ge=1, le=1000, description="The maximum number of items")]


class Pagination(Input, frozen=True, kw_only=True):
    """One page of a list: at most `limit` items, starting at `cursor`."""

    limit: Limit = 100
    cursor: Cursor = ""

    @property
    def is_slow(self) -> bool:
        """Whether reading the page can delay other requests."""
        return self.limit > QUICK_LIMIT


class StudentFilter(Pagination, frozen=True, kw_only=True):
    """Filters for students. Text matches the beginning; case is ignored for A-Z only."""

    family_name: Prefix = ""
    given_name: Prefix = ""
    email: Prefix = ""
    status: StudentStatus | None = None


class TermFilter(Pagination, frozen=True, kw_only=True):
    """Filters for terms. Text matches the beginning; case is ignored for A-Z only."""

    code: Prefix = ""
    title: Prefix = ""


class CourseFilter(Pagination, frozen=True, kw_only=True):
    """Filters for courses. Text matches the beginning; case is ignored for A-Z only. `term` and
    `section` are complete codes."""

    code: Prefix = ""
    section: ExactCode | None = None
    title: Prefix = ""
    instructor: Prefix = ""
    term: ExactCode | None = None
    status: CourseStatus | None = None
    seats: Annotated[SeatsLeft, Meta(description="Courses with free seats, or without")] | None = (
        None
    )
    waiting: Annotated[bool, Meta(description="Only courses with waitlisted students")] = False

    @property
    def is_slow(self) -> bool:
        return bool(self.seats or self.waiting) or super().is_slow


class WriteOptions(Input, frozen=True, kw_only=True):
    """The query parameters of every write."""

    dry_run: Annotated[bool, Meta(description="Run the request and roll it back")] = False


class RosterFilter(Pagination, frozen=True, kw_only=True):
    """Filters for enrollments, now or in the past. `as_of` selects what was true at that time, and
    `known_at` what was recorded by that time."""

    status: EnrollmentStatus | None = None
    as_of: Annotated[AsOf, Meta(description="Show what was true at this time")] | None = None
    known_at: Annotated[AsOf, Meta(description="Show what was known at this time")] | None = None

    @property
    def is_slow(self) -> bool:
        return bool(self.as_of or self.known_at) or super().is_slow


class StudentCourseFilter(RosterFilter, frozen=True, kw_only=True):
    """Filters for the courses of a student."""

    term: ExactCode | None = None


class EligibleCourseFilter(Pagination, frozen=True, kw_only=True):
    """Filters for the courses in which a student can enroll."""

    term: ExactCode | None = None

    @property
    def is_slow(self) -> bool:
        return True


class EventFilter(Input, frozen=True, kw_only=True):
    """The events after the one with the id `after`. If there are none, the response can wait up to
    `wait` seconds for one."""

    after: Annotated[
        int, Meta(ge=0, le=2**53 - 1, description="The id of the last event that the client has")
    ] = 0
    limit: Limit = 100
    wait: Annotated[int, Meta(ge=0, le=30, description="The seconds to wait for an event")] = 0

    @property
    def is_slow(self) -> bool:
        return self.limit > QUICK_LIMIT
