"""Eligibility: the decisions that the rules of sql/eligibility.sql lead to."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any, NamedTuple

from msgspec.structs import asdict

from enrollment.data.course import decode_meetings, get_course
from enrollment.data.keyset import KeysetPage, KeysetPosition, list_page
from enrollment.data.student import get_student
from enrollment.data.violations import violation
from enrollment.model.queries import EligibleCourseFilter
from enrollment.model.records import Change
from enrollment.model.results import Eligibility, EligibleCourse, Violation
from enrollment.model.types import Date, Timestamp
from enrollment.problems.registry import rules_for
from enrollment.storage.connection import Connection, Row
from enrollment.storage.queries import queries, to_json

SQL = queries("eligibility")
COURSE = queries("course")
DEFAULTS = {
    "lists_students": False,
    "eligible_only": False,
    "recheck": False,
    "reserves_seats": True,
    "promoted": "[]",
    "dropped": "[]",
    "overridden": "[]",
    "rules": to_json(rules_for("enrollment", "roster")),
    "effective_at": None,
}


class EnrollmentRequest(NamedTuple):
    """The enrollment of a student in a course, as it is requested."""

    student_id: int
    course_id: int
    # Whether to join the waitlist if the course is full.
    waitlist: bool = False
    # Whether an enrollment that already exists is no violation.
    allow_existing: bool = False
    # The course that the student gives up for the seat.
    instead_of: int | None = None
    # Whether the other requests are decided as if this one were not among them.
    alone: bool = False


class Decision(NamedTuple):
    """What a request leads to."""

    student_id: int
    course_id: int
    # "enrolled" or "waitlisted"; None if there are violations.
    outcome: str | None
    violations: list[Violation]
    # The course that the student gives up, now or for a seat later.
    instead_of: int | None = None
    # The rules that the outcome breaks, and that are overridden.
    overridden: tuple[str, ...] = ()

    @property
    def dropped(self) -> int | None:
        """The course that the student gives up now."""
        return self.instead_of if self.outcome == "enrolled" else None


def rules_to_json(codes: Sequence[str]) -> str | None:
    """Return overridden rules as the history has them: a JSON array, or None if there are none."""
    return to_json(codes) if codes else None


def decide(
    db: Connection,
    requests: Sequence[EnrollmentRequest],
    change: Change,
    *,
    pointer: str | None = None,
    lists_students: bool = False,
    reserves_seats: bool = True,
    promoted: Sequence[int] = (),
    dropped: Sequence[int] = (),
    recheck: bool = False,
) -> list[Decision]:
    """Return one decision for each request, in their order. Nothing is changed.

    `pointer` is the JSON pointer of a request, with %d for its index. The other parameters are
    explained in sql/eligibility.sql.
    """
    parameters = DEFAULTS | {
        "requests": to_json(requests),
        "lists_students": lists_students,
        "reserves_seats": reserves_seats,
        "recheck": recheck,
        "promoted": to_json(promoted),
        "dropped": to_json(dropped),
        "overridden": change.overridden or "[]",
        "effective_at": change.effective_at,
        "now": change.at,
        "today": change.today,
    }
    decisions = []
    for item, group in groupby(SQL.list_decisions(db, **parameters), key=lambda row: row["item"]):
        rows = list(group)
        item_pointer = pointer and pointer.replace("%d", str(item))
        violations = [
            violation(row, item_pointer) for row in rows if row["code"] and not row["is_overridden"]
        ]
        overridden = tuple(dict.fromkeys(row["code"] for row in rows if row["is_overridden"]))
        student_id, course_id, _, _, instead_of, _ = requests[item]
        outcome = rows[0]["outcome"]
        decisions.append(
            Decision(student_id, course_id, outcome, violations, instead_of, overridden)
        )
    return decisions


def decide_drops(
    db: Connection, student_ids: Sequence[int], course_id: int, change: Change
) -> dict[int, Decision]:
    """Decide whether these students can drop a course, by the id of the student: those who take
    other courses with it, which break rules without it."""
    rows = SQL.list_dependent_enrollments(db, student_ids=to_json(student_ids), course_id=course_id)
    requests = [
        EnrollmentRequest(row["student_id"], row["course_id"], allow_existing=True) for row in rows
    ]
    kept = decide(db, requests, change, pointer="/status", dropped=[course_id])
    drops = {}
    for student_id, group in groupby(kept, key=lambda decision: decision.student_id):
        others = list(group)
        violations = [found for other in others for found in other.violations]
        overridden = dict.fromkeys(code for other in others for code in other.overridden)
        drops[student_id] = Decision(
            student_id, course_id, "dropped", violations, overridden=tuple(overridden)
        )
    return drops


def get_eligibility(db: Connection, student_id: int, course_id: int, change: Change) -> Eligibility:
    """Check whether a student can enroll in a course now; if not, return every broken rule.

    Raises student_not_found, course_not_found.
    """
    get_student(db, student_id)
    get_course(db, course_id)
    (decision,) = decide(db, [EnrollmentRequest(student_id, course_id)], change)
    broken = decision.violations
    return Eligibility(
        student_id=student_id, course_id=course_id, eligible=not broken, errors=broken
    )


def list_eligible_courses(
    db: Connection,
    student_id: int,
    wanted: EligibleCourseFilter,
    change: Change,
    after: KeysetPosition | None = None,
) -> KeysetPage[EligibleCourse]:
    """List the courses that the student can enroll in now, by id. Each is decided alone.

    The cost of a page is that of all courses checked until it is full. Raises student_not_found.
    """
    get_student(db, student_id)
    clock = {"now": change.at, "today": change.today}
    parameters = asdict(wanted) | clock | {"student_id": student_id}
    start = {"course_id": 0}
    return list_page(db, _list_eligible, _eligible_course, parameters, start=start, after=after)


def _list_eligible(
    db: Connection,
    *,
    student_id: int,
    term: str | None,
    now: Timestamp,
    today: Date,
    after_course_id: int,
    limit: int,
    **_: Any,
) -> list[Row]:
    """Return the first eligible courses.

    Twice as many courses as are needed are checked first, and twice as many again each time that
    was not enough.
    """
    found: list[int] = []
    batch = 2 * limit
    while len(found) < limit:
        page = {"term": term, "after_course_id": after_course_id, "limit": batch}
        courses = [row["id"] for row in COURSE.list_course_ids(db, **page)]
        requests = [EnrollmentRequest(student_id, course, alone=True) for course in courses]
        catalog = DEFAULTS | {"eligible_only": True, "requests": to_json(requests)}
        decisions = SQL.list_decisions(db, **catalog, now=now, today=today)
        found += [row["course_id"] for row in decisions]
        if len(courses) < batch:
            break
        after_course_id, batch = courses[-1], 2 * batch
    offers: list[Row] = COURSE.list_offers(db, ids=to_json(found[:limit]))
    return offers


def _eligible_course(*, meetings: str, **row: Any) -> EligibleCourse:
    return EligibleCourse(**row, meetings=decode_meetings(meetings))
