"""Courses, with their requirements, meetings and seats."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import count, groupby
from operator import itemgetter
from typing import Any

import msgspec
from msgspec import UNSET
from msgspec.json import decode
from msgspec.structs import asdict

from enrollment.data.keyset import KeysetPage, KeysetPosition, list_page, prefix_ends
from enrollment.data.search import search_parameters, split_words
from enrollment.data.violations import raise_broken_rules
from enrollment.model.courses import (
    Course,
    CourseInput,
    CourseSeats,
    EarlyAccess,
    Meeting,
    Prerequisite,
    RequiringCourse,
)
from enrollment.model.queries import CourseFilter
from enrollment.model.results import Violation
from enrollment.model.types import Timestamp
from enrollment.problems.errors import Problem
from enrollment.storage.connection import Connection, Row
from enrollment.storage.queries import queries, to_json

SQL = queries("course")


def decode_meetings(meetings: str) -> list[Meeting]:
    """Return the meetings of a course that a query returned as JSON."""
    return [Meeting(**row) for row in decode(meetings)] if meetings != "[]" else []


def decode_prerequisites(rows: str) -> list[Prerequisite]:
    """Return the prerequisites of a course that a query returned as JSON: a row for each code, in
    the order of the choices. Those with one choice, but 0, are alternatives."""
    found = []
    for (choice, kind), group in groupby(decode(rows), key=itemgetter("choice", "kind")):
        codes, concurrent = [row["code"] for row in group], kind == "concurrent"
        if choice:
            found.append(Prerequisite(any_of=codes, concurrent=concurrent))
        else:
            found += [Prerequisite(code=code, concurrent=concurrent) for code in codes]
    return found


def _not_found(course_id: int) -> Problem:
    return Problem("course_not_found", f"There is no course {course_id}.")


def get_course(db: Connection, course_id: int) -> Course:
    """Return a course. Raises course_not_found."""
    found = find_course(db, course_id)
    if found is None:
        raise _not_found(course_id)
    return found


def find_course(db: Connection, course_id: int) -> Course | None:
    """Return a course, or None if there is none with this id."""
    row = SQL.get_course(db, id=course_id)
    return None if row is None else get_courses(db, [row])[0]


def get_courses(db: Connection, rows: Sequence[Any]) -> list[Course]:
    """Return the courses of these rows, in their order, with requirements, meetings and seats."""
    ids = to_json([row["id"] for row in rows])
    details = {detail["id"]: detail for detail in SQL.list_course_details(db, ids=ids)}
    return [_course(dict(row), details[row["id"]]) for row in rows]


def get_course_tag(db: Connection, course_id: int) -> str:
    """Return a text that changes whenever the course or its seats change.

    Raises course_not_found.
    """
    row = SQL.get_course_tag(db, id=course_id)
    if row is None:
        raise _not_found(course_id)
    tag: str = row["tag"]
    return tag


def list_courses(
    db: Connection, wanted: CourseFilter, after: KeysetPosition | None = None
) -> KeysetPage[Course]:
    """List courses by code, section and id, of all terms or of one."""
    start = {"code": wanted.code, "label": "", "id": 0}
    rows: KeysetPage[dict[str, Any]]
    parameters = asdict(wanted) | prefix_ends(wanted, "code", "title", "instructor")
    parameters |= search_parameters(split_words(db, wanted.q))
    rows = list_page(db, SQL.list_courses, dict, parameters, start=start, after=after)
    return KeysetPage(get_courses(db, rows.items), rows.next, rows.total)


def insert_course(db: Connection, fields: CourseInput, now: Timestamp) -> Course:
    """Add a course.

    Raises course_code_taken, unknown_term, ends_before_start, duplicate_requirement,
    requires_itself, code_or_any_of, duplicate_code, meetings_overlap, duplicate_group, not_earlier.
    """
    parameters = _parameters(fields)
    raise_broken_rules(SQL.list_broken_course_rules(db, id=None, **parameters))
    course_id = SQL.insert_course(db, now=now, **parameters)["id"]
    return _insert_details(db, course_id, parameters)


def update_course(
    db: Connection,
    course_id: int,
    fields: CourseInput,
    now: Timestamp,
    left_out: Sequence[str] = (),
) -> Course:
    """Replace all fields of a course that exists. Enrolled students keep their seats. If no field
    differs, nothing changes.

    `left_out` are the fields that the request does not name. Raises limit_not_named, and what
    insert_course does.
    """
    parameters = _parameters(fields)
    broken = SQL.list_broken_course_rules(db, id=course_id, **parameters)
    lifted = SQL.list_broken_replacement_rules(db, id=course_id, left_out=to_json(left_out))
    raise_broken_rules([*broken, *lifted])
    SQL.update_course(db, id=course_id, now=now, **parameters)
    requirements, meetings = parameters["requirements"], parameters["meetings"]
    SQL.delete_other_requirements(db, course_id=course_id, requirements=requirements)
    SQL.delete_other_meetings(db, course_id=course_id, meetings=meetings)
    return _insert_details(db, course_id, parameters)


def list_requiring_courses(db: Connection, code: str, new_code: str) -> list[RequiringCourse]:
    """List the courses that require a code, if the new code is another one."""
    rows = SQL.list_requiring_courses(db, code=code, new_code=new_code)
    return [RequiringCourse(**row) for row in rows]


def list_possible_corequisites(
    db: Connection, against: Mapping[int, Iterable[Violation]]
) -> dict[tuple[int, str], dict[int, str]]:
    """Return the open courses of the same term that meet each missing corequisite: their labels by
    id. `against` has the reasons against each course, by its id. The key of what is found is the id
    of a course with the code that it requires; what nothing meets has no key."""
    missing = dict.fromkeys(
        (course_id, reason.details["requires"])
        for course_id, reasons in against.items()
        for reason in reasons
        if reason.code == "corequisite_missing"
    )
    found: dict[tuple[int, str], dict[int, str]] = {}
    for row in SQL.list_possible_corequisites(db, missing=to_json([*missing])):
        found.setdefault((row["course_id"], row["code"]), {})[row["id"]] = row["label"]
    return found


def delete_course(db: Connection, course_id: int) -> None:
    """Delete a course that exists. Raises course_has_enrollments."""
    raise_broken_rules(SQL.list_broken_course_deletion_rules(db, id=course_id))
    SQL.delete_course(db, id=course_id)


def _course(row: dict[str, Any], details: Row) -> Course:
    capacity, enrolled = row["capacity"], details["enrolled"]
    return Course(
        **row
        | {
            "repeatable": bool(row["repeatable"]),
            "prerequisites": decode_prerequisites(details["prerequisites"]),
            "corequisites": decode(details["corequisites"]),
            "meetings": decode_meetings(details["meetings"]),
            "open_to": decode(row["open_to"]),
            "counts_as": decode(row["counts_as"]),
            "early_access": [
                EarlyAccess(group=group, enroll_from=at)
                for group, at in decode(row["early_access"]).items()
            ],
            "seats": CourseSeats(
                capacity=capacity,
                enrolled=enrolled,
                waitlisted=details["waitlisted"],
                free=None if capacity is None else max(capacity - enrolled, 0),
            ),
        }
    )


def _parameters(fields: CourseInput) -> dict[str, Any]:
    """Return the parameters of the queries. Lists are JSON; a requirement has its pointer."""
    choices = count(1)
    requirements = []
    for index, item in enumerate(fields.prerequisites):
        place, kind = f"/prerequisites/{index}", "concurrent" if item.concurrent else "prerequisite"
        if item.code is not UNSET:
            requirements.append({"pointer": place, "choice": 0, "code": item.code, "kind": kind})
        if item.any_of is not UNSET:
            choice = next(choices)
            requirements += [
                {"pointer": f"{place}/any_of/{at}", "choice": choice, "code": code, "kind": kind}
                for at, code in enumerate(item.any_of)
            ]
    requirements += [
        {"pointer": f"/corequisites/{index}", "choice": 0, "code": code, "kind": "corequisite"}
        for index, code in enumerate(fields.corequisites)
    ]
    return asdict(fields) | {
        "requirements": to_json(requirements),
        "prerequisites": to_json(fields.prerequisites),
        "meetings": to_json([_meeting_row(meeting) for meeting in fields.meetings]),
        "open_to": to_json(fields.open_to),
        "counts_as": to_json(fields.counts_as),
        "early_access": to_json(
            {str(item.group): item.enroll_from for item in fields.early_access}
        ),
        "early_access_items": to_json(fields.early_access),
    }


def _meeting_row(meeting: Meeting) -> dict[str, Any]:
    """Return a meeting with its days as numbers: the first one on its weekday, and the last one on
    which it can be."""
    first, last = (
        day and date.fromisoformat(day).toordinal() for day in (meeting.start_on, meeting.end_on)
    )
    if first:
        # Day 1 is a Monday.
        first += (meeting.weekday - first) % 7
    fields = msgspec.to_builtins(meeting, enc_hook=str)
    return {**fields, "first_day": first, "last_day": last}


def _insert_details(db: Connection, course_id: int, parameters: dict[str, Any]) -> Course:
    """Add the requirements and meetings of a course, and return it."""
    SQL.insert_requirements(db, course_id=course_id, requirements=parameters["requirements"])
    SQL.insert_meetings(db, course_id=course_id, meetings=parameters["meetings"])
    return get_course(db, course_id)
