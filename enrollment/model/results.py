"""What is answered besides the records: pages, results of many, reasons for a refusal."""

from typing import Annotated, Any, Generic, Literal, TypeVar

import msgspec
from msgspec import Meta

from enrollment.model.records import Enrollment, Event
from enrollment.model.types import (
    UNBOUNDED,
    Code,
    Credits,
    Cursor,
    Id,
    Status,
    Text,
    Title,
    UriReference,
)

ErrorCode = Annotated[str, Meta(max_length=64, pattern="^[a-z_]+$")]


Pointer = Annotated[str, Meta(max_length=UNBOUNDED, extra_json_schema={"format": "json-pointer"})]


ParameterName = Annotated[str, Meta(max_length=200, pattern="^(?:[^~/]|~[01])*$")]


class Violation(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One reason for a refusal: where (a JSON pointer into the body, RFC 6901, or the name of a
    query parameter), which rule, a sentence for people, and the figures that the sentence tells."""

    pointer: Pointer | None = None
    parameter: ParameterName | None = None
    code: ErrorCode
    detail: Text
    details: dict[str, Any] = {}


R = TypeVar("R")


class Page(msgspec.Struct, Generic[R], frozen=True):
    """One page of a list, and the cursor of the next one, or null on the last."""

    items: Annotated[list[R], Meta(max_length=1000)]
    next: Cursor | None


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """The release, and where everything is."""

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

    status: Literal["live"] = "live"


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """The database schema is current, and a write can begin."""

    status: Literal["ready"] = "ready"


class BulkResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one of many: the HTTP status that it would have had alone, and the enrolment
    or every reason against it."""

    student_id: Id
    status: Status
    enrollment: Enrollment | None = None
    errors: Annotated[list[Violation], Meta(max_length=UNBOUNDED)] = []


class BulkResults(msgspec.Struct, frozen=True):
    items: Annotated[list[BulkResult], Meta(max_length=UNBOUNDED)]


class DryRun(msgspec.Struct, frozen=True, kw_only=True):
    """What the answer to a rehearsed write says besides: it was one, and would leave these."""

    dry_run: Literal[True] = True
    events: Annotated[list[Event], Meta(max_length=UNBOUNDED)]


class EligibleCourse(msgspec.Struct, frozen=True, kw_only=True):
    """A course that a student could be enrolled in now."""

    course_id: Id
    code: Code
    title: Title
    term: Code | None
    credits: Credits


class Eligibility(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a student could be enrolled in a course now, and every rule that is against it."""

    student_id: Id
    course_id: Id
    eligible: bool
    errors: Annotated[list[Violation], Meta(max_length=UNBOUNDED)]
