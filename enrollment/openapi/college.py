"""The records of one small college, of which the examples in the OpenAPI document are made."""

from typing import Any

from msgspec.structs import asdict

from enrollment.model import courses, history, imports, records
from enrollment.model.types import Code, Credits, Date, PersonName, Since, Until

STARTED, NOW = "2026-08-20T09:00:00.000Z", "2026-09-01T09:00:00.000Z"

STUDENT = records.StudentInput(
    number="S-1041",
    given_name=PersonName("Ada"),
    family_name=PersonName("Lovelace"),
    email="ada@example.org",
    groups=[Code("SENIOR"), Code("2027")],
)
TERM = records.TermInput(
    code=Code("2027-SPRING"),
    title="Spring 2027",
    start_on=Date("2027-02-01"),
    end_on=Date("2027-06-11"),
    max_credits=Credits(30),
)
COURSE = courses.CourseInput(
    code=Code("CS201"),
    section=Code("02"),
    title="Databases",
    term=Code("2026-FALL"),
    instructor="Edgar Codd",
    credits=Credits(7.5),
    capacity=30,
    enroll_from=Since("2026-08-08T08:00:00.000Z"),
    enroll_until=Until("2026-09-15T00:00:00.000Z"),
    prerequisites=[
        courses.Prerequisite(code=Code("CS101")),
        courses.Prerequisite(any_of=[Code("MATH101"), Code("MATH105")], concurrent=True),
    ],
    meetings=[courses.Meeting(weekday=1, from_time="09:00", to_time="10:30", room="B 12")],
    open_to=[Code("SENIOR"), Code("JUNIOR")],
    counts_as=[Code("INF201")],
    early_access=[
        courses.EarlyAccess(group=Code("SENIOR"), enroll_from=Since("2026-08-01T08:00:00.000Z"))
    ],
)
NEW_STUDENT = records.NewStudent(
    **asdict(STUDENT),
    id=1,
    version=1,
    updated_at=NOW,
    possible_duplicates=[records.PossibleDuplicate(student_id=1, same_email=True, same_name=False)],
)
STORED_COURSE = courses.Course(
    **asdict(COURSE),
    id=2,
    version=1,
    updated_at=NOW,
    label="CS201-02",
    seats=courses.CourseSeats(capacity=30, enrolled=12, waitlisted=0, free=18),
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
HOLD = records.HoldInput(reason="library fees")
TOKEN = records.TokenInput(name="Front desk", role="registrar")
ENROLLMENT = records.Enrollment(
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
    instead_of=None,
    version=1,
)
EVENT = records.Event(
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
    position=None,
    instead_of=None,
)
CHANGE = history.RecordChange(
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
CENSUS = history.Census(
    term_id=1,
    as_of=NOW,
    known_at=None,
    items=[
        history.CourseCensus(
            **COUNTS,
            course_id=2,
            label="CS201-02",
            code=COURSE.code,
            section=COURSE.section,
            title=COURSE.title,
        )
    ],
    totals=history.CensusCounts(**COUNTS),
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
# A list of students to bring in, as a spreadsheet saves it.
LIST = "Student ID,Last name,First name,Email\n00412,Diallo,Amara,amara@example.org\n"
NONE = imports.RecordCounts(created=0, changed=0, ended=0, unchanged=0)
IMPORT: dict[str, Any] = {
    "id": 1,
    "version": 1,
    "source": "linden",
    "format": "list",
    "file_name": "students.csv",
    "digest": 64 * "0",
    "made_at": NOW,
    "made_by": "Front desk #2",
    "reason": None,
    "undone_at": None,
    "undone_by": None,
    "counts": imports.ImportCounts(
        terms=NONE,
        courses=NONE,
        students=imports.RecordCounts(created=1, changed=0, ended=0, unchanged=0),
        enrollments=imports.EnrollmentCounts(
            enrolled=0, completed=0, dropped=0, unchanged=0, promoted=0
        ),
    ),
}
NOTHING_REMOVED = imports.Removal(removed=0, of=0, limit=3)
IMPORT_REPORT: dict[str, Any] = {
    "course_id": None,
    "refused_by": None,
    "files": [
        imports.ImportedFile(
            file="students.csv",
            kind="list",
            mode=None,
            encoding="utf-8",
            rows=1,
            columns={"Student ID": "number", "Last name": "family_name"},
        )
    ],
    "removals": imports.Removals(
        students=NOTHING_REMOVED, courses=NOTHING_REMOVED, enrollments=NOTHING_REMOVED
    ),
    "set_aside": {},
    "summary": [
        imports.ImportFaultCount(
            code="unknown_column", severity="warning", file="students.csv", column="Room", count=1
        )
    ],
    "faults": [
        imports.ImportFault(
            file="students.csv",
            row=1,
            column="Room",
            code="unknown_column",
            severity="warning",
            detail="The column Room is not known, and is left out.",
        )
    ],
    "changes": [
        imports.ImportChange(
            kind="student",
            record_id=1,
            course_id=None,
            before=None,
            after={"number": "S-1041", "family_name": "Lovelace", "status": "active"},
        )
    ],
}
