"""An example of each record in requests and responses: one small college."""

from typing import Any, get_args, get_origin

import msgspec
from msgspec import NODEFAULT
from msgspec.structs import asdict, fields

from enrollment.model.courses import Course, StudentCourse
from enrollment.model.history import Erasure, MergedStudent
from enrollment.model.imports import Import, ImportReport, Undo, UndoneItem
from enrollment.model.patches import CoursePatch, StudentPatch, TermPatch
from enrollment.model.records import (
    Hold,
    NewToken,
    ReplacedStudent,
    RosterEntry,
    Student,
    Term,
    Token,
)
from enrollment.model.release import RELEASE
from enrollment.model.requests import (
    BulkEnrollmentInput,
    BulkEnrollmentItem,
    CourseBatchInput,
    CourseCopyInput,
    CourseSetInput,
    CourseSetItem,
    EnrollmentInput,
    EnrollmentStatusInput,
    ErasureInput,
    MergeInput,
    PositionInput,
    PromotionInput,
    StudentBatchInput,
    TakeBackInput,
)
from enrollment.model.results import (
    AffectedEnrollment,
    BulkResult,
    BulkResults,
    CourseCopies,
    CourseResult,
    CourseResults,
    DryRun,
    Eligibility,
    EligibleCourse,
    EventFeed,
    Liveness,
    Merge,
    MergedCourse,
    Page,
    Readiness,
    ReplacedCourse,
    Service,
    StudentResult,
    StudentResults,
)
from enrollment.model.types import Code
from enrollment.openapi.college import (
    CENSUS,
    CHANGE,
    COURSE,
    ENROLLMENT,
    EVENT,
    HOLD,
    IMPORT,
    IMPORT_REPORT,
    NEW_STUDENT,
    NOW,
    OFFER,
    STORED_COURSE,
    STORED_TOKEN,
    STUDENT,
    TERM,
    TOKEN,
)
from enrollment.problems.body import example

SAMPLES: dict[Any, Any] = {
    type(record): record
    for record in (
        Service(release=RELEASE),
        Liveness(status="live"),
        Readiness(status="ready"),
        STUDENT,
        Student(**asdict(STUDENT), id=1, version=1, updated_at=NOW),
        NEW_STUDENT,
        TERM,
        Term(**asdict(TERM), id=1, version=1, updated_at=NOW),
        COURSE,
        STORED_COURSE,
        HOLD,
        Hold(
            **asdict(HOLD),
            id=1,
            version=1,
            student_id=1,
            placed_at=NOW,
            placed_by="Front desk #2",
            released_at=None,
            released_by=None,
        ),
        TOKEN,
        Token(**STORED_TOKEN),
        NewToken(**STORED_TOKEN, token=f"enr_{2:012x}_{2:048x}"),
        EnrollmentInput(course_id=2),
        CourseSetInput(courses=[CourseSetItem(course_id=1), CourseSetItem(course_id=2)]),
        EnrollmentStatusInput(status="completed", reason="passed"),
        TakeBackInput(take_back="latest_change", reason="wrong student"),
        BulkEnrollmentInput(
            students=[BulkEnrollmentItem(student_id=2), BulkEnrollmentItem(student_id=3)]
        ),
        PromotionInput(seats=2),
        PositionInput(position=1, reason="needs the course to graduate"),
        StudentBatchInput(items=[STUDENT]),
        CourseBatchInput(items=[COURSE], mode="each"),
        CourseCopyInput(copy_from=Code("2026-FALL")),
        ErasureInput(reason="asked in writing"),
        Erasure(student_id=1, erased_at=NOW, erased_by="First admin #1", reason="asked in writing"),
        MergeInput(into=2),
        MergedStudent(student_id=1, into=2, merged_at=NOW, merged_by="First admin #1"),
        Merge(student_id=1, into=2, items=[MergedCourse(course_id=2, outcome="moved")]),
        ENROLLMENT,
        StudentCourse(**asdict(ENROLLMENT), **OFFER),
        RosterEntry(
            **asdict(ENROLLMENT),
            number=STUDENT.number,
            given_name=STUDENT.given_name,
            family_name=STUDENT.family_name,
            email=STUDENT.email,
        ),
        BulkResults(
            [
                BulkResult(student_id=1, status=201, enrollment=ENROLLMENT),
                BulkResult(
                    student_id=3, status=409, errors=[*example("already_enrolled").violations]
                ),
            ]
        ),
        StudentResults([StudentResult(status=201, student=NEW_STUDENT)]),
        CourseResults(
            [
                CourseResult(status=201, course=STORED_COURSE),
                CourseResult(status=409, errors=[*example("course_code_taken").violations]),
            ]
        ),
        CourseCopies([STORED_COURSE]),
        EVENT,
        DryRun(dry_run=True, events=[EVENT]),
        EventFeed(items=[EVENT], next=None),
        EligibleCourse(course_id=2, **OFFER),
        CHANGE,
        CENSUS,
        Import(**IMPORT),
        ImportReport(**IMPORT, **IMPORT_REPORT),
        Undo(
            id=1,
            version=2,
            reversed=1,
            kept=0,
            conflicts=0,
            items=[UndoneItem(kind="student", record_id=1, outcome="reversed")],
        ),
        Eligibility(student_id=1, course_id=2, eligible=True, errors=[]),
    )
}

AFFECTED = AffectedEnrollment(
    student_id=1, status="enrolled", errors=[*example("time_conflict").violations]
)
SAMPLES |= {
    StudentPatch: StudentPatch(email="ada@example.org"),
    TermPatch: TermPatch(max_credits=25),
    CoursePatch: CoursePatch(capacity=40),
    ReplacedStudent: ReplacedStudent(**asdict(SAMPLES[Student]), dropped=[]),
    ReplacedCourse: ReplacedCourse(
        **asdict(SAMPLES[Course]), affected=[AFFECTED], required_by_old_code=[]
    ),
}


def request_sample(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """An example of a body, without the fields that it sets to their defaults."""
    defaults = {
        field.encode_name: field.default if field.default_factory is NODEFAULT else []
        for field in fields(kind)
    }
    return {name: value for name, value in sample(kind).items() if value != defaults[name]}


def sample(kind: Any) -> Any:
    """An example of this type in JSON. A page of a list has one item."""
    if get_origin(kind) is Page:
        (item,) = get_args(kind)
        return {"items": [sample(item)], "next": None}
    return msgspec.to_builtins(SAMPLES[kind], enc_hook=_plain)


def _plain(value: str | float) -> str | float:
    return float(value) if isinstance(value, float) else str(value)
