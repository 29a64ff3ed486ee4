"""Imports: their reports, and what an undo reverses."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from enrollment.model.types import UNBOUNDED, Count, Id, Reason, Text, TimestampText, Title

Severity = Literal["refusal", "error", "warning"]
# What may stand in the way of an import as a whole.
Refusal = Literal["unreadable_import", "import_has_errors", "too_many_removals"]
MOST_CHANGES = 1000
# What a file says, whatever it is.
FileText = Annotated[str, Meta(max_length=UNBOUNDED, pattern=r"^[\s\S]*(?![\s\S])")]


class ImportedFile(msgspec.Struct, frozen=True, kw_only=True):
    """What a file was taken for, and each of its columns by its header."""

    file: Text
    kind: Text
    mode: Text | None
    encoding: Text | None
    rows: Count
    columns: dict[str, FileText]


class ImportFault(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with a row, or without a row, with a file. What a warning is about is corrected
    or left out; an error concerns a row; a refusal the whole import."""

    file: FileText
    row: Count | None = None
    column: FileText | None = None
    value: FileText | None = None
    code: Text
    severity: Severity
    detail: Text


class ImportFaultCount(msgspec.Struct, frozen=True, kw_only=True):
    """How often a fault occurs in a column of a file."""

    code: Text
    severity: Severity
    file: FileText
    column: FileText | None
    count: Count


class RecordCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How many records are new, changed, ended (inactive, cancelled) or as they were."""

    created: Count
    changed: Count
    ended: Count
    unchanged: Count


class EnrollmentCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How many enrollments began, were completed or dropped, or are as they were; and how many
    students got a seat from a waitlist."""

    enrolled: Count
    completed: Count
    dropped: Count
    unchanged: Count
    promoted: Count


class ImportCounts(msgspec.Struct, frozen=True, kw_only=True):
    """What an import has done, in numbers."""

    terms: RecordCounts
    courses: RecordCounts
    students: RecordCounts
    enrollments: EnrollmentCounts


# What becomes of the records that the files no longer have.
REMOVED_AS = {"students": "inactive", "courses": "cancelled", "enrollments": "dropped"}


class Removal(msgspec.Struct, frozen=True, kw_only=True):
    """How many records become inactive, cancelled or dropped, since the files no longer have them,
    of how many that the source has here. More than `limit` must be confirmed."""

    removed: Count
    of: Count
    limit: Count


class Removals(msgspec.Struct, frozen=True, kw_only=True):
    """Which students become inactive, courses cancelled and enrollments dropped, since the files no
    longer have them."""

    students: Removal
    courses: Removal
    enrollments: Removal


class Import(msgspec.Struct, frozen=True, kw_only=True):
    """An import: what was brought in, by whom, and what it did in numbers. `digest` is the SHA-256
    of the file."""

    id: Id
    version: Count
    source: Title
    format: Text
    file_name: Title | None
    digest: Text
    made_at: TimestampText
    made_by: Text
    reason: Reason | None
    undone_at: TimestampText | None
    undone_by: Text | None
    counts: ImportCounts


class ImportChange(msgspec.Struct, frozen=True, kw_only=True):
    """One record that an import changed, as in the history. Of an enrollment, `record_id` is the
    student."""

    kind: Literal["student", "term", "course", "hold", "token", "enrollment"]
    record_id: Id
    course_id: Id | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class ImportReport(Import, frozen=True, kw_only=True):
    """An import with all that was found. `course_id` is the course of which a list is the roster.
    `refused_by` is null, but in a dry run it says what would keep the import from being made.
    `set_aside` counts the rules that were set aside. `summary` counts all faults; `faults` are the
    first 1,000 of each severity, and `changes` the first 1,000."""

    course_id: Id | None
    refused_by: Refusal | None
    files: Annotated[list[ImportedFile], Meta(max_length=1000)]
    removals: Removals
    set_aside: dict[str, Count]
    summary: Annotated[list[ImportFaultCount], Meta(max_length=1000)]
    faults: Annotated[list[ImportFault], Meta(max_length=3000)]
    changes: Annotated[list[ImportChange], Meta(max_length=MOST_CHANGES)]


class UnreadableImport(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in files that cannot be brought in, whatever is left out. The fields are those
    of an import's report."""

    refused_by: Refusal
    files: list[ImportedFile]
    summary: list[ImportFaultCount]
    faults: list[ImportFault]


class UndoneItem(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of one record that an import changed. "reversed": it is as before; `detail` says
    if it was new. "kept": it was changed since, or others need it. "conflict": a rule forbids it;
    `detail` says which."""

    kind: Literal["student", "term", "course", "enrollment"]
    record_id: Id
    course_id: Id | None = None
    outcome: Literal["reversed", "kept", "conflict"]
    detail: Text | None = None


class Undo(msgspec.Struct, frozen=True, kw_only=True):
    """An import that is undone: how many records were reversed, kept or in conflict, and the first
    1,000 that were kept or in conflict, or else reversed."""

    id: Id
    version: Count
    reversed: Count
    kept: Count
    conflicts: Count
    items: Annotated[list[UndoneItem], Meta(max_length=MOST_CHANGES)]
