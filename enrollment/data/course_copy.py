"""Copies of the courses of a term in another term."""

from collections.abc import Sequence
from datetime import date, timedelta, tzinfo

from msgspec.structs import replace

from enrollment.data.batch import insert_batch
from enrollment.data.course import get_courses, insert_course
from enrollment.data.term import get_start, get_term
from enrollment.data.violations import raise_broken_rules
from enrollment.model.courses import Course, CourseInput, Meeting
from enrollment.model.days import local
from enrollment.model.results import Violation
from enrollment.model.types import Date, Timestamp
from enrollment.problems.errors import Problem
from enrollment.storage.connection import Connection
from enrollment.storage.queries import queries, to_json

COURSE = queries("course")


def copy_courses(
    db: Connection,
    term_id: int,
    source: str,
    codes: Sequence[str] | None,
    now: Timestamp,
    zone: tzinfo,
) -> list[Course]:
    """Copy the courses of the term `source` with these codes, or all, into another term.

    The copies are open, and their windows move by the distance of the starts of the terms: at the
    same time of the day in this time zone. Dates of meetings move by whole weeks. Cancelled courses
    are left out. Raises term_not_found, unknown_term, nothing_to_copy, window_out_of_range,
    course_code_taken.
    """
    target = get_term(db, term_id)
    wanted = {"term": source, "codes": None if codes is None else to_json(codes)}
    raise_broken_rules(COURSE.list_broken_copy_rules(db, **wanted))
    distance = date.fromisoformat(target.start_on) - date.fromisoformat(get_start(db, source))
    courses = get_courses(db, COURSE.list_courses_to_copy(db, **wanted))
    places = {code.lower(): f"/codes/{index}" for index, code in enumerate(codes or ())}

    def locate(index: int, _: Violation) -> str:
        return places.get(courses[index].code.lower(), "/copy_from")

    def insert(course: Course) -> Course:
        fields = {name: getattr(course, name) for name in CourseInput.__struct_fields__}
        fields |= {
            "term": target.code,
            "status": "open",
            "enroll_from": _move(course.enroll_from, distance, zone),
            "enroll_until": _move(course.enroll_until, distance, zone),
            "drop_until": _move(course.drop_until, distance, zone),
            "early_access": [
                replace(item, enroll_from=_move(item.enroll_from, distance, zone))
                for item in course.early_access
            ],
            "meetings": [_move_meeting(meeting, distance) for meeting in course.meetings],
        }
        return insert_course(db, CourseInput(**fields), now)

    results = insert_batch(courses, insert, "all", key="course_id", locate=locate)
    return [result.record for result in results if result.record]


def _move(at: str | None, distance: timedelta, zone: tzinfo) -> Timestamp | None:
    """Move a time by so many days. Raises window_out_of_range."""
    if at is None:
        return None
    here = local(at, zone)
    try:
        return Timestamp.of((here.replace(tzinfo=None) + distance).replace(tzinfo=here.tzinfo))
    except OverflowError:
        raise _out_of_range(at) from None


def _move_meeting(meeting: Meeting, distance: timedelta) -> Meeting:
    """Move the dates of a meeting by so many days, to the nearest same day of the week."""
    weeks = timedelta(weeks=round(distance / timedelta(weeks=1)))
    return replace(
        meeting,
        start_on=meeting.start_on and _move_date(meeting.start_on, weeks),
        end_on=meeting.end_on and _move_date(meeting.end_on, weeks),
    )


def _move_date(day: str, distance: timedelta) -> Date:
    try:
        return Date((date.fromisoformat(day) + distance).isoformat())
    except OverflowError:
        raise _out_of_range(day) from None


def _out_of_range(at: str) -> Problem:
    violation = Violation(
        code="window_out_of_range",
        detail=f"What is at {at} would move out of the years 1 to 9999.",
        details={"at": at},
    )
    return Problem.from_violations([violation])
