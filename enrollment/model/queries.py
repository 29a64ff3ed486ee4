"""The query parameters: filters, pages, options."""

from typing import Annotated, Literal

from msgspec import Meta

from enrollment.model.records import Input
from enrollment.model.types import (
    Actor,
    AsOf,
    CourseStatus,
    Cursor,
    EnrollmentStatus,
    ExactCode,
    Id,
    Prefix,
    RecordedStatus,
    RecordSubject,
    SearchWords,
    SeatsLeft,
    Since,
    StudentStatus,
    Until,
)

# The largest page, in items, that is read on the thread of the event loop. A larger page is read on
# another thread.
QUICK_LIMIT = 100
OnlySince = Annotated[Since, Meta(description="Show what was recorded from this time on")]
OnlyUntil = Annotated[Until, Meta(description="Show what was recorded before this time")]
AsOfTime = Annotated[AsOf, Meta(description="Show what was true at this time (not in the future)")]
KnownAt = Annotated[AsOf, Meta(description="Show what was known at this time (not in the future)")]
Limit = Annotated[int, Meta(ge=1, le=1000, description="The maximum number of items")]
UpdatedSince = Annotated[Since, Meta(description="Show what has changed at this time or later")]


class PageQuery(Input, frozen=True, kw_only=True):
    """One page of a list: at most `limit` items, starting at `cursor`."""

    limit: Limit = 100
    cursor: Cursor = ""

    @property
    def is_slow(self) -> bool:
        """Whether reading the page can delay other requests."""
        return self.limit > QUICK_LIMIT


class Pagination(PageQuery, frozen=True, kw_only=True):
    """One page of a list, and with `count` the number of items on all its pages."""

    count: Annotated[bool, Meta(description="Add the number of items on all pages")] = False

    @property
    def is_slow(self) -> bool:
        return self.count or super().is_slow


class StudentFilter(Pagination, frozen=True, kw_only=True):
    """Filters for students. Text matches the beginning; case is ignored, and so are accents in
    names. `q` finds students with all of its words: each begins a word of the names, the number or
    the email."""

    q: SearchWords = ""
    number: Prefix = ""
    family_name: Prefix = ""
    given_name: Prefix = ""
    email: Prefix = ""
    status: StudentStatus | None = None
    updated_since: UpdatedSince | None = None

    @property
    def is_slow(self) -> bool:
        return bool(self.q) or super().is_slow


class TermFilter(Pagination, frozen=True, kw_only=True):
    """Filters for terms. Text matches the beginning; case is ignored for A-Z only."""

    code: Prefix = ""
    title: Prefix = ""
    updated_since: UpdatedSince | None = None


class CourseFilter(Pagination, frozen=True, kw_only=True):
    """Filters for courses. Text matches the beginning; case is ignored for A-Z only. `term` and
    `section` are complete codes. `q` finds courses with all of its words: each begins a word of the
    code, the section, the title or the instructor."""

    q: SearchWords = ""
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
    updated_since: UpdatedSince | None = None

    @property
    def is_slow(self) -> bool:
        filtered = self.q or self.seats or self.waiting or self.updated_since
        return bool(filtered) or super().is_slow


class HoldFilter(Pagination, frozen=True, kw_only=True):
    """Filters for holds."""

    student_id: Id | None = None
    active: Annotated[bool, Meta(description="Show holds in force, or released ones")] | None = None


class CensusFilter(Input, frozen=True, kw_only=True):
    """The point in the history that a census shows. `as_of` selects what was true at that time, and
    `known_at` what was recorded by that time."""

    as_of: AsOfTime | None = None
    known_at: KnownAt | None = None


class WriteOptions(Input, frozen=True, kw_only=True):
    """The query parameters of every write."""

    dry_run: Annotated[bool, Meta(description="Run the request and roll it back")] = False


class RosterFilter(Pagination, frozen=True, kw_only=True):
    """Filters for enrollments, now or in the past. `as_of` selects what was true at that time, and
    `known_at` what was recorded by that time."""

    status: EnrollmentStatus | None = None
    as_of: AsOfTime | None = None
    known_at: KnownAt | None = None

    @property
    def is_slow(self) -> bool:
        return bool(self.as_of or self.known_at) or super().is_slow


class StudentRosterFilter(RosterFilter, frozen=True, kw_only=True):
    """Filters for the students of a course, and their order: by status and position on the
    waitlist, or by name."""

    order: Literal["status", "name"] = "status"


class StudentCourseFilter(RosterFilter, frozen=True, kw_only=True):
    """Filters for the courses of a student."""

    term: ExactCode | None = None


class EligibleCourseFilter(PageQuery, frozen=True, kw_only=True):
    """Filters for the courses in which a student can enroll."""

    term: ExactCode | None = None

    @property
    def is_slow(self) -> bool:
        return True


class HistoryFilter(Pagination, frozen=True, kw_only=True):
    """Filters for the changes of one record."""

    actor: Actor | None = None
    since: OnlySince | None = None
    until: OnlyUntil | None = None

    @property
    def is_slow(self) -> bool:
        return bool(self.since or self.until) or super().is_slow


class RecordChangeFilter(HistoryFilter, frozen=True, kw_only=True):
    """Filters for changes. Each kind of record has ids of its own: without `subject`, `subject_id`
    selects one of each kind."""

    subject: RecordSubject | None = None
    subject_id: Id | None = None


class EventFilter(Input, frozen=True, kw_only=True):
    """The events after the one with the id `after`. If there are none, the response can wait up to
    `wait` seconds for one. `kind` is the status that an enrollment got."""

    after: Annotated[
        int, Meta(ge=0, le=2**53 - 1, description="The id of the last event that the client has")
    ] = 0
    limit: Limit = 100
    wait: Annotated[int, Meta(ge=0, le=30, description="The seconds to wait for an event")] = 0
    student_id: Id | None = None
    course_id: Id | None = None
    actor: Actor | None = None
    kind: RecordedStatus | None = None
    since: OnlySince | None = None
    until: OnlyUntil | None = None

    @property
    def is_slow(self) -> bool:
        return bool(self.since or self.until) or self.limit > QUICK_LIMIT
