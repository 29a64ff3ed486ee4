"""An example of each record in requests and responses: one small college."""

from typing import Any, get_args, get_origin

import msgspec
from msgspec.structs import asdict, fields

from enrollment.model import courses, history, imports, patches, records, requests, results
from enrollment.model.release import RELEASE
from enrollment.model.types import Code
from enrollment.openapi import college
from enrollment.problems.body import example

SAMPLES: dict[Any, Any] = {
    type(record): record
    for record in (
        results.Service(release=RELEASE),
        results.Liveness(status="live"),
        results.Readiness(status="ready"),
        college.STUDENT,
        records.Student(**asdict(college.STUDENT), id=1, version=1, updated_at=college.NOW),
        college.NEW_STUDENT,
        college.TERM,
        records.Term(**asdict(college.TERM), id=1, version=1, updated_at=college.NOW),
        college.COURSE,
        college.STORED_COURSE,
        college.HOLD,
        records.Hold(
            **asdict(college.HOLD),
            id=1,
            version=1,
            student_id=1,
            placed_at=college.NOW,
            placed_by="Front desk #2",
            released_at=None,
            released_by=None,
        ),
        college.TOKEN,
        records.Token(**college.STORED_TOKEN),
        records.NewToken(**college.STORED_TOKEN, token=f"enr_{2:012x}_{2:048x}"),
        requests.EnrollmentInput(course_id=2),
        requests.CourseSetInput(
            courses=[requests.CourseSetItem(course_id=1), requests.CourseSetItem(course_id=2)]
        ),
        requests.EnrollmentStatusInput(status="completed", reason="passed"),
        requests.TakeBackInput(take_back="latest_change", reason="wrong student"),
        requests.BulkEnrollmentInput(
            students=[
                requests.BulkEnrollmentItem(student_id=2),
                requests.BulkEnrollmentItem(student_id=3),
            ]
        ),
        requests.PromotionInput(seats=2),
        requests.PositionInput(position=1, reason="needs the course to graduate"),
        requests.StudentBatchInput(items=[college.STUDENT]),
        requests.CourseBatchInput(items=[college.COURSE], mode="each"),
        requests.CourseCopyInput(copy_from=Code("2026-FALL")),
        requests.ErasureInput(reason="asked in writing"),
        history.Erasure(
            student_id=1,
            erased_at=college.NOW,
            erased_by="First admin #1",
            reason="asked in writing",
        ),
        requests.MergeInput(into=2),
        history.MergedStudent(
            student_id=1, into=2, merged_at=college.NOW, merged_by="First admin #1"
        ),
        results.Merge(
            student_id=1,
            into=2,
            items=[results.MergedCourse(course_id=2, outcome="moved", status="enrolled")],
        ),
        college.ENROLLMENT,
        courses.StudentCourse(**asdict(college.ENROLLMENT), **college.OFFER),
        records.RosterEntry(
            **asdict(college.ENROLLMENT),
            number=college.STUDENT.number,
            given_name=college.STUDENT.given_name,
            family_name=college.STUDENT.family_name,
            email=college.STUDENT.email,
        ),
        results.BulkResults(
            [
                results.BulkResult(student_id=1, status=201, enrollment=college.ENROLLMENT),
                results.BulkResult(
                    student_id=3, status=409, errors=[*example("already_enrolled").violations]
                ),
            ]
        ),
        results.StudentResults([results.StudentResult(status=201, student=college.NEW_STUDENT)]),
        results.CourseResults(
            [
                results.CourseResult(status=201, course=college.STORED_COURSE),
                results.CourseResult(status=409, errors=[*example("course_code_taken").violations]),
            ]
        ),
        results.CourseCopies([college.STORED_COURSE]),
        college.EVENT,
        results.DryRun(dry_run=True, events=[college.EVENT]),
        results.EventFeed(items=[college.EVENT], next=None),
        results.EligibleCourse(course_id=2, **college.OFFER),
        college.CHANGE,
        college.CENSUS,
        imports.Import(**college.IMPORT),
        imports.ImportReport(**college.IMPORT, **college.IMPORT_REPORT),
        imports.Undo(
            id=1,
            version=2,
            reversed=1,
            kept=0,
            conflicts=0,
            items=[imports.UndoneItem(kind="student", record_id=1, outcome="reversed")],
        ),
        results.Eligibility(student_id=1, course_id=2, eligible=True, errors=[]),
    )
}

AFFECTED = results.AffectedEnrollment(
    student_id=1, status="enrolled", errors=[*example("time_conflict").violations]
)
SAMPLES |= {
    patches.StudentPatch: patches.StudentPatch(email="ada@example.org"),
    patches.TermPatch: patches.TermPatch(max_credits=25),
    patches.CoursePatch: patches.CoursePatch(capacity=40),
    records.ReplacedStudent: records.ReplacedStudent(
        **asdict(SAMPLES[records.Student]), dropped=[]
    ),
    results.ReplacedCourse: results.ReplacedCourse(
        **asdict(SAMPLES[courses.Course]), affected=[AFFECTED], required_by_old_code=[]
    ),
}


def request_sample(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """An example of a body, without the fields that it sets to their defaults."""
    defaults = {field.encode_name: patches.default_of(field) for field in fields(kind)}
    return {name: value for name, value in sample(kind).items() if value != defaults[name]}


def sample(kind: Any) -> Any:
    """An example of this type in JSON. A page of a list has one item."""
    if get_origin(kind) is results.Page:
        (item,) = get_args(kind)
        return {"items": [sample(item)], "next": None}
    return msgspec.to_builtins(SAMPLES[kind], enc_hook=_plain)


def _plain(value: str | float) -> str | float:
    return float(value) if isinstance(value, float) else str(value)
