"""What the service returns apart from records: pages, bulk results, reasons for a refusal."""

from typing import Annotated, Any, Generic, Literal, TypeVar

import msgspec
from msgspec import Meta

from enrollment.model.courses import Course, Meeting, RequiringCourse
from enrollment.model.records import Enrollment, Event, NewStudent
from enrollment.model.types import (
    UNBOUNDED,
    Code,
    Count,
    Credits,
    Cursor,
    EnrollmentStatus,
    Id,
    Label,
    Status,
    Text,
    Title,
    UriReference,
)

ErrorCode = Annotated[str, Meta(max_length=64, pattern="^[a-z_]+$")]
Pointer = Annotated[str, Meta(max_length=UNBOUNDED, extra_json_schema={"format": "json-pointer"})]
ParameterName = Annotated[str, Meta(max_length=200, pattern="^(?:[^~/]|~[01])*$")]


class Violation(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One reason for a refusal. The cause is at `pointer` in the body (RFC 6901), or in the query
    parameter `parameter`. `code` names the rule, `detail` explains it to people, and `details` has
    the values in that sentence."""

    pointer: Pointer | None = None
    parameter: ParameterName | None = None
    code: ErrorCode
    detail: Text
    details: dict[str, Any] = {}


R = TypeVar("R")  # the type of the items


class Page(msgspec.Struct, Generic[R], frozen=True):
    """One page of a list. `next` is the cursor of the next page, or null on the last page. `total`
    is the number of items on all pages, if the request has `count`."""

    items: Annotated[list[R], Meta(max_length=1000)]
    next: Cursor | None
    total: Count | msgspec.UnsetType = msgspec.UNSET


class EventFeed(msgspec.Struct, frozen=True, kw_only=True):
    """The events after an id. `next` is the `after` of the next request, or null if these are all
    that there are."""

    items: Annotated[list[Event], Meta(max_length=1000)]
    next: Id | None


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """The release of the service, and the paths of its resources."""

    release: Text
    service: Literal["enrollment"] = "enrollment"
    students: UriReference = "/v1/students"
    terms: UriReference = "/v1/terms"
    courses: UriReference = "/v1/courses"
    events: UriReference = "/v1/events"
    problems: UriReference = "/problems"
    docs: UriReference = "/docs"
    openapi: UriReference = "/v1/openapi.json"


class Liveness(msgspec.Struct, frozen=True, kw_only=True):
    """The service answers requests."""

    status: Literal["live"]


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """The database schema is current, and a write can begin."""

    status: Literal["ready"]


class BulkResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The result for one student of a bulk request: the HTTP status that a request for this student
    alone would have, and the enrollment or every reason for the refusal."""

    student_id: Id
    status: Status
    enrollment: Enrollment | None = None
    errors: Annotated[list[Violation], Meta(max_length=UNBOUNDED)] = []


class AffectedEnrollment(msgspec.Struct, frozen=True, kw_only=True):
    """A student of a course that was changed, whose enrollment or place on the waitlist breaks
    rules since, or whose enrollment in another course that requires this one. It stays as it is;
    `errors` lists the rules."""

    student_id: Id
    status: EnrollmentStatus
    errors: Annotated[list[Violation], Meta(max_length=UNBOUNDED)]


class ReplacedCourse(Course, frozen=True, kw_only=True):
    """A course after a change, with the students whom the change affects. If its code is another
    one now, `required_by_old_code` lists the courses that still require the old code."""

    affected: Annotated[list[AffectedEnrollment], Meta(max_length=UNBOUNDED)]
    required_by_old_code: Annotated[list[RequiringCourse], Meta(max_length=UNBOUNDED)]


class StudentResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The result for one student to create: the HTTP status that a request for this student alone
    would have, and the student or every reason for the refusal."""

    status: Status
    student: NewStudent | None = None
    errors: Annotated[list[Violation], Meta(max_length=UNBOUNDED)] = []


class CourseResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The result for one course to create: the HTTP status that a request for this course alone
    would have, and the course or every reason for the refusal."""

    status: Status
    course: Course | None = None
    errors: Annotated[list[Violation], Meta(max_length=UNBOUNDED)] = []


class Results(msgspec.Struct, frozen=True):
    """The base of the results of a request for many."""


class BulkResults(Results, frozen=True):
    """The results of a bulk request, in the order of the request."""

    items: Annotated[list[BulkResult], Meta(max_length=UNBOUNDED)]


class StudentResults(Results, frozen=True):
    """The results for many students to create, in the order of the request."""

    items: Annotated[list[StudentResult], Meta(max_length=1000)]


class CourseResults(Results, frozen=True):
    """The results for many courses to create, in the order of the request."""

    items: Annotated[list[CourseResult], Meta(max_length=1000)]


class CourseCopies(Results, frozen=True):
    """The courses that a copy of a term has made."""

    items: Annotated[list[Course], Meta(max_length=UNBOUNDED)]


MergeOutcome = Literal["moved", "replaced", "kept"]


class MergedCourse(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one enrollment in a merge. "moved": the other record has it now. Where both
    records had one: "replaced", the other record has this one instead of its own; or "kept", it has
    its own. An enrollment that neither record keeps becomes void. `status` is that of the
    enrollment that the other record has now. `errors` are the rules that it breaks beside other
    courses of the student: as a second section, at the same time, or beyond the limit of credits.
    """

    course_id: Id
    outcome: MergeOutcome
    status: EnrollmentStatus
    errors: Annotated[list[Violation], Meta(max_length=UNBOUNDED)] = []


class Merge(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a merge: each course of the student who was merged `into` the other."""

    student_id: Id
    into: Id
    items: Annotated[list[MergedCourse], Meta(max_length=UNBOUNDED)]


class DryRun(msgspec.Struct, frozen=True, kw_only=True):
    """What the response to a dry run has in addition: `dry_run`, which is then true, and the events
    that the write would record. Other responses have neither."""

    dry_run: bool | msgspec.UnsetType = msgspec.UNSET
    events: Annotated[list[Event], Meta(max_length=UNBOUNDED)] | msgspec.UnsetType = msgspec.UNSET


class EligibleCourse(msgspec.Struct, frozen=True, kw_only=True):
    """A course in which a student can enroll now."""

    course_id: Id
    code: Code
    section: Code | None
    label: Label
    title: Title
    term: Code | None
    credits: Credits
    instructor: Title | None
    meetings: Annotated[list[Meeting], Meta(max_length=20)]


class Eligibility(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a student can enroll in a course now. If not, `errors` lists every reason."""

    student_id: Id
    course_id: Id
    eligible: bool
    errors: Annotated[list[Violation], Meta(max_length=UNBOUNDED)]
