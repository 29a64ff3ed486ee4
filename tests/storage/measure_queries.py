"""Measure the hot queries: CPU time per call on a demo college.

python -m tests.storage.measure_queries [rounds]
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from enrollment.data import eligibility, enrollment, roster, waitlist
from enrollment.data.course import get_course, insert_course
from enrollment.data.eligibility import EnrollmentRequest
from enrollment.data.metrics import get_seats
from enrollment.maintenance.demo import fill
from enrollment.maintenance.migrations import migrate
from enrollment.model.courses import CourseInput
from enrollment.model.queries import EligibleCourseFilter, StudentCourseFilter, StudentRosterFilter
from enrollment.model.records import Change
from enrollment.model.types import AsOf, Timestamp
from enrollment.storage.connection import Connection
from enrollment.storage.engine import open_database

NOW = Timestamp("2026-09-15T08:00:00.000Z")
STUDENTS = 2000
# In seconds: how long one figure of one round is measured.
SLICE = 0.2


def calls(db: Connection) -> Iterator[tuple[str, Callable[[], object]]]:
    """Each call to measure, and its name."""
    change = Change(at=NOW, actor="measure")
    full = insert_course(db, CourseInput(code="FULL", title="Full", capacity=10), NOW).id
    roomy = insert_course(db, CourseInput(code="ROOMY", title="Roomy", capacity=5000), NOW).id
    # Some students of the demo have a hold.
    override = Change(
        at=NOW, actor="measure", overridden='["student_on_hold"]', override_reason="to measure"
    )
    for student in range(1, 101):
        request = EnrollmentRequest(student, full, waitlist=True)
        enrollment.insert_enrollment(db, request, override, pointer="")
    student = 50
    own = roster.list_courses_of_student(db, student, StudentCourseFilter()).items
    other = next(item.course_id for item in own if item.course_id != full)
    many = [EnrollmentRequest(number, roomy) for number in range(101, 601)]
    past = {"as_of": AsOf(NOW)}
    yield "get_enrollment", lambda: enrollment.get_enrollment(db, student, other)
    yield "get_enrollment, waitlisted", lambda: enrollment.get_enrollment(db, student, full)
    yield (
        "list_courses_of_student",
        lambda: roster.list_courses_of_student(db, student, StudentCourseFilter()),
    )
    yield "get_courses_tag", lambda: roster.get_courses_tag(db, student)
    yield (
        "list_courses_of_student, as of",
        lambda: roster.list_courses_of_student(db, student, StudentCourseFilter(**past)),
    )
    yield (
        "list_students_of_course",
        lambda: roster.list_students_of_course(db, other, StudentRosterFilter()),
    )
    yield (
        "list_students_of_course, as of",
        lambda: roster.list_students_of_course(db, other, StudentRosterFilter(**past)),
    )
    yield (
        "list_decisions, 1 request",
        lambda: eligibility.get_eligibility(db, student, roomy, change),
    )
    yield (
        "list_decisions, 1 refused",
        lambda: eligibility.get_eligibility(db, student, full, change),
    )
    yield (
        "list_decisions, 500 students",
        lambda: enrollment.decide_after_promotion(db, many, change, "", lists_students=True),
    )
    yield (
        "list_decisions, a page of courses",
        lambda: eligibility.list_eligible_courses(
            db, student, EligibleCourseFilter(limit=20), change
        ),
    )
    yield "get_course", lambda: get_course(db, other)
    yield "promote_eligible", lambda: waitlist.promote_eligible(db, change, course_ids=[full])
    yield "get_seats", lambda: get_seats(db, NOW)


def measure(call: Callable[[], object]) -> float:
    """CPU time of one call, in microseconds."""
    count, start, end = 0, time.process_time(), 0.0
    while (end := time.process_time()) < start + SLICE:
        call()
        count += 1
    return (end - start) / count * 1e6


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "enrollment.db"
        migrate(file)
        database = open_database(file, 5)
        fill(database, STUDENTS, seed=1)
        with database.write() as db:
            for name, call in calls(db):
                call()
                figures = [measure(call) for _ in range(rounds)]
                print(f"{name:36}{min(figures):10.1f} us at best {median(figures):10.1f} median")
        database.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
