"""An example of each record in requests and responses: one small college."""

from importlib.metadata import version
from typing import Any, get_args, get_origin

import msgspec
from msgspec import NODEFAULT
from msgspec.structs import asdict, fields

from enrollment.model.courses import (
    Course,
    CourseInput,
    CourseSeats,
    Meeting,
    Prerequisite,
    StudentCourse,
)
from enrollment.model.records import (
    Enrollment,
    Event,
    Hold,
    HoldInput,
    NewStudent,
    NewToken,
    PossibleDuplicate,
    RosterEntry,
    Student,
    StudentInput,
    Term,
    TermInput,
    Token,
    TokenInput,
)
from enrollment.model.requests import (
    BulkEnrollmentInput,
    BulkEnrollmentItem,
    CourseBatchInput,
    CourseCopyInput,
    CourseSetInput,
    CourseSetItem,
    EnrollmentInput,
    EnrollmentStatusInput,
    PromotionInput,
    StudentBatchInput,
)
from enrollment.model.results import (
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
    Page,
    Readiness,
    Service,
    StudentResult,
    StudentResults,
)
from enrollment.model.types import Code, Credits, Date, PersonName, Timestamp
from enrollment.problems.examples import example

STARTED, NOW = "2026-08-20T09:00:00.000Z", "2026-09-01T09:00:00.000Z"

STUDENT = StudentInput(
    number="S-1041",
    given_name=PersonName("Ada"),
    family_name=PersonName("Lovelace"),
    email="ada@example.org",
)
TERM = TermInput(
    code=Code("2027-SPRING"),
    title="Spring 2027",
    start_on=Date("2027-02-01"),
    end_on=Date("2027-06-11"),
    max_credits=Credits(30),
)
COURSE = CourseInput(
    code=Code("CS201"),
    section=Code("02"),
    title="Databases",
    term=Code("2026-FALL"),
    instructor="Edgar Codd",
    credits=Credits(7.5),
    capacity=30,
    enroll_until=Timestamp("2026-09-15T00:00:00.000Z"),
    prerequisites=[Prerequisite(code=Code("CS101"))],
    meetings=[Meeting(weekday=1, from_time="09:00", to_time="10:30", room="B 12")],
)
NEW_STUDENT = NewStudent(
    **asdict(STUDENT),
    id=1,
    version=1,
    updated_at=NOW,
    possible_duplicates=[PossibleDuplicate(student_id=1, same_email=True, same_name=False)],
)
STORED_COURSE = Course(
    **asdict(COURSE),
    id=2,
    version=1,
    updated_at=NOW,
    label="CS201-02",
    seats=CourseSeats(capacity=30, enrolled=12, waitlisted=0, free=18),
)
# What is shown of a course in the lists of a student.
OFFER: dict[str, Any] = {
    "code": COURSE.code,
    "section": COURSE.section,
    "label": "CS201-02",
    "title": COURSE.title,
    "term": COURSE.term,
    "credits": COURSE.credits,
    "instructor": COURSE.instructor,
    "meetings": COURSE.meetings,
}
HOLD = HoldInput(reason="library fees")
TOKEN = TokenInput(name="Front desk", role="registrar")
ENROLLMENT = Enrollment(
    student_id=1,
    course_id=2,
    status="enrolled",
    position=None,
    enrolled_at=NOW,
    waitlisted_at=None,
    completed_at=None,
    dropped_at=None,
    version=1,
)
EVENT = Event(
    id=7,
    student_id=1,
    course_id=2,
    from_status=None,
    to_status="enrolled",
    effective_at=NOW,
    recorded_at=NOW,
    actor="Front desk #2",
    reason=None,
    overridden=[],
)
STORED_TOKEN = asdict(TOKEN) | {
    "id": 2,
    "version": 1,
    "created_at": STARTED,
    "created_by": "first admin #1",
    "last_used_at": None,
    "revoked_at": None,
    "revoked_by": None,
}

SAMPLES: dict[Any, Any] = {
    type(record): record
    for record in (
        Service(release=version("enrollment")),
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
        BulkEnrollmentInput(
            students=[BulkEnrollmentItem(student_id=2), BulkEnrollmentItem(student_id=3)]
        ),
        PromotionInput(seats=2),
        StudentBatchInput(items=[STUDENT]),
        CourseBatchInput(items=[COURSE], mode="each"),
        CourseCopyInput(copy_from=Code("2026-FALL")),
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
        Eligibility(student_id=1, course_id=2, eligible=True, errors=[]),
    )
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
