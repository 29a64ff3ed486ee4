"""An example of each record in requests and responses: one small college."""

from importlib.metadata import version
from typing import Any, get_args, get_origin

import msgspec
from msgspec import NODEFAULT
from msgspec.structs import asdict, fields

from enrollment.model.history import Census, CensusCounts, CourseCensus, Erasure, RecordChange
from enrollment.model.records import (
    Course,
    CourseInput,
    CourseSeats,
    Enrollment,
    Event,
    Hold,
    HoldInput,
    Meeting,
    NewStudent,
    NewToken,
    PossibleDuplicate,
    Prerequisite,
    RosterEntry,
    Student,
    StudentCourse,
    StudentInput,
    Term,
    TermInput,
    Token,
    TokenInput,
)
from enrollment.model.requests import (
    BulkEnrollmentInput,
    BulkEnrollmentItem,
    CourseSetInput,
    CourseSetItem,
    EnrollmentInput,
    EnrollmentStatusInput,
    ErasureInput,
    MergeInput,
    PromotionInput,
    TakeBackInput,
)
from enrollment.model.results import (
    BulkResult,
    BulkResults,
    DryRun,
    Eligibility,
    EligibleCourse,
    EventFeed,
    Liveness,
    Merge,
    MergedCourse,
    Page,
    Readiness,
    Service,
)
from enrollment.model.types import Date, Until
from enrollment.problems.examples import example

STARTED, NOW = "2026-08-20T09:00:00.000Z", "2026-09-01T09:00:00.000Z"

STUDENT = StudentInput(
    number="S-1041", given_name="Ada", family_name="Lovelace", email="ada@example.org"
)
TERM = TermInput(
    code="2027-SPRING",
    title="Spring 2027",
    start_on=Date("2027-02-01"),
    end_on=Date("2027-06-11"),
    max_credits=30,
)
COURSE = CourseInput(
    code="CS201",
    section="02",
    title="Databases",
    term="2026-FALL",
    instructor="Edgar Codd",
    credits=7.5,
    capacity=30,
    enroll_until=Until("2026-09-15T00:00:00.000Z"),
    prerequisites=[Prerequisite(code="CS101")],
    meetings=[Meeting(weekday=1, from_time="09:00", to_time="10:30", room="B 12")],
)
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
    passed=None,
    grade=None,
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
    corrects=None,
    restores=None,
    passed=None,
    grade=None,
)
CHANGE = RecordChange(
    id=1,
    subject="course",
    subject_id=2,
    part=None,
    version=2,
    actor="Front desk #2",
    recorded_at=NOW,
    before={"capacity": 30},
    after={"capacity": 40},
)
COUNTS = {"enrolled": 28, "waitlisted": 3, "completed": 0, "dropped": 2}
CENSUS = Census(
    term_id=1,
    as_of=NOW,
    known_at=None,
    items=[
        CourseCensus(
            **COUNTS, course_id=2, label="CS201-02", code="CS201", section="02", title="Databases"
        )
    ],
    totals=CensusCounts(**COUNTS),
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
        NewStudent(
            **asdict(STUDENT),
            id=1,
            version=1,
            updated_at=NOW,
            possible_duplicates=[PossibleDuplicate(student_id=1, same_email=True, same_name=False)],
        ),
        TERM,
        Term(**asdict(TERM), id=1, version=1, updated_at=NOW),
        COURSE,
        Course(
            **asdict(COURSE),
            id=2,
            version=1,
            updated_at=NOW,
            label="CS201-02",
            seats=CourseSeats(capacity=30, enrolled=12, waitlisted=0, free=18),
        ),
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
        ErasureInput(reason="asked in writing"),
        Erasure(
            student_id=1,
            erased_at=NOW,
            erased_by="First admin #1",
            reason="asked in writing",
        ),
        MergeInput(into=2),
        Merge(student_id=1, into=2, items=[MergedCourse(course_id=2, outcome="moved")]),
        ENROLLMENT,
        StudentCourse(**asdict(ENROLLMENT), code="CS201", title="Databases"),
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
        EVENT,
        DryRun(dry_run=True, events=[EVENT]),
        EventFeed(items=[EVENT], next=None),
        EligibleCourse(course_id=2, code="CS201", title="Databases", term="2026-FALL", credits=7.5),
        CHANGE,
        CENSUS,
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
    return msgspec.to_builtins(SAMPLES[kind], enc_hook=str)
