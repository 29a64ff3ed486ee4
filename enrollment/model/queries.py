"""What may stand in a query string: filters, pages, options."""

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
    StudentStatus,
)

# A page of so many items is read while others wait; a longer one on another thread.
QUICK = 100
Limit = Annotated[int, Meta(ge=1, le=1000, description="At most so many items")]


class Pagination(Input, frozen=True, kw_only=True):
    """Which part of a list: at most `limit` items, from the place that `cursor` names."""

    limit: Limit = 100
    cursor: Cursor = ""

    @property
    def is_slow(self) -> bool:
        """Whether to read it may hold up the requests that come after it."""
        return self.limit > QUICK


class StudentFilter(Pagination, frozen=True, kw_only=True):
    """A text matches what begins with it, whatever the case of A-Z."""

    family_name: Prefix = ""
    given_name: Prefix = ""
    email: Prefix = ""
    status: StudentStatus | None = None


class TermFilter(Pagination, frozen=True, kw_only=True):
    """A text matches what begins with it, whatever the case of A-Z."""

    code: Prefix = ""
    title: Prefix = ""


class CourseFilter(Pagination, frozen=True, kw_only=True):
    """A text matches what begins with it, whatever the case of A-Z; `term` is a whole code."""

    code: Prefix = ""
    title: Prefix = ""
    term: ExactCode | None = None
    status: CourseStatus | None = None


class WriteOptions(Input, frozen=True, kw_only=True):
    """What every write takes in its query: `dry_run` asks what would come of it."""

    dry_run: Annotated[bool, Meta(description="Run the request and roll it back")] = False


class RosterFilter(Pagination, frozen=True, kw_only=True):
    """Who is in what now; or what was true at `as_of`, by what was recorded until `recorded_by`."""

    status: EnrollmentStatus | None = None
    as_of: Annotated[AsOf, Meta(description="What was true then")] | None = None
    recorded_by: Annotated[AsOf, Meta(description="What was known then")] | None = None

    @property
    def is_slow(self) -> bool:
        return bool(self.as_of or self.recorded_by) or super().is_slow


class StudentCourseFilter(RosterFilter, frozen=True, kw_only=True):
    term: ExactCode | None = None


class EligibleCourseFilter(Pagination, frozen=True, kw_only=True):
    term: ExactCode | None = None

    @property
    def is_slow(self) -> bool:
        return True


class EventFilter(Input, frozen=True, kw_only=True):
    """The events that follow the one with the id `after`; if there is none yet, the answer may wait
    so many seconds for one."""

    after: Annotated[
        int, Meta(ge=0, le=2**53 - 1, description="The id of the last event that is known")
    ] = 0
    limit: Limit = 100
    wait: Annotated[
        int, Meta(ge=0, le=30, description="So many seconds, for an event to happen")
    ] = 0

    @property
    def is_slow(self) -> bool:
        return self.limit > QUICK
