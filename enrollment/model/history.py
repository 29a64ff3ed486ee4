"""What the history shows: the changes of records, erasures, and how many students a term had."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from enrollment.model.types import (
    UNBOUNDED,
    Code,
    Count,
    CoursePart,
    Id,
    Label,
    Reason,
    RecordSubject,
    Text,
    TimestampText,
    Title,
)


class RecordChange(msgspec.Struct, frozen=True, kw_only=True):
    """One change of a student, term, course, hold or token. `id` increases in the order in which
    changes were committed. `before` and `after` have the columns that differ; `before` is null for
    a new record, and `after` for a deleted one. If `part` is not null, a requirement or a meeting
    of a course was added or removed. Only raw SQL leaves no `actor`."""

    id: Id
    subject: RecordSubject
    subject_id: Id
    part: CoursePart | None
    version: Count
    actor: Text | None
    recorded_at: TimestampText
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class Erasure(msgspec.Struct, frozen=True, kw_only=True):
    """That the data of a student was erased: when, by whom, and why."""

    student_id: Id
    erased_at: TimestampText
    erased_by: Text
    reason: Reason


class MergedStudent(msgspec.Struct, frozen=True, kw_only=True):
    """That a student was merged `into` another record of the same person: when, and by whom."""

    student_id: Id
    into: Id
    merged_at: TimestampText
    merged_by: Text


class CensusCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How many students have each status."""

    enrolled: Count
    waitlisted: Count
    completed: Count
    dropped: Count


class CourseCensus(CensusCounts, frozen=True):
    """How many students of one course have each status."""

    course_id: Id
    label: Label
    code: Code
    section: Code | None
    title: Title


class Census(msgspec.Struct, frozen=True, kw_only=True):
    """How many students had each status in each course of a term, and in all of them: now, or as
    of a time and as known at a time."""

    term_id: Id
    as_of: TimestampText | None
    known_at: TimestampText | None
    items: Annotated[list[CourseCensus], Meta(max_length=UNBOUNDED)]
    totals: CensusCounts
