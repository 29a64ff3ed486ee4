"""A registration through the Python client that openapi-python-client generates.

URL and TOKEN in the environment say which service, with a fresh database, and whose token.
"""

import os
from datetime import date
from http import HTTPStatus

from enrollment_client import AuthenticatedClient
from enrollment_client.api.course import create_course
from enrollment_client.api.enrollment import (
    drop_course,
    enroll_student,
    list_students_of_course,
)
from enrollment_client.api.event import list_events
from enrollment_client.api.student import create_student, list_students
from enrollment_client.api.term import create_term
from enrollment_client.models import (
    CourseInput,
    EnrollmentInput,
    EventFeed,
    ProblemBody,
    ProblemCode,
    RecordedStatus,
    RosterEntryPage,
    StudentInput,
    StudentPage,
    TermInput,
    ViolationCode,
    WrittenCourse,
    WrittenEnrollment,
    WrittenNewStudent,
    WrittenTerm,
)
from enrollment_client.types import Unset

client = AuthenticatedClient(base_url=os.environ["URL"], token=os.environ["TOKEN"])


def new_student(given_name: str, family_name: str) -> int:
    body = StudentInput(given_name=given_name, family_name=family_name)
    student = create_student.sync(client=client, body=body)
    assert isinstance(student, WrittenNewStudent)
    assert (student.given_name, student.version) == (given_name, 1)
    return student.id


ada, grace = new_student("Ada", "Lovelace"), new_student("Grace", "Hopper")

fall = TermInput(
    code="2026-FALL", title="Fall", start_on=date(2026, 8, 31), end_on=date(2026, 12, 18)
)
term = create_term.sync(client=client, body=fall)
assert isinstance(term, WrittenTerm)
assert term.start_on == fall.start_on

databases = CourseInput(code="CS101", title="Databases", term=term.code, capacity=1)
course = create_course.sync(client=client, body=databases)
assert isinstance(course, WrittenCourse)
assert course.seats.free == 1

place = EnrollmentInput(course_id=course.id)

tried = enroll_student.sync(ada, client=client, body=place, dry_run=True)
assert isinstance(tried, WrittenEnrollment)
assert tried.dry_run is True
assert not isinstance(tried.events, Unset)
assert [event.student_id for event in tried.events] == [ada]

enrolled = enroll_student.sync(ada, client=client, body=place)
assert isinstance(enrolled, WrittenEnrollment)
assert enrolled.status is RecordedStatus.ENROLLED
assert isinstance(enrolled.dry_run, Unset)

refused = enroll_student.sync_detailed(grace, client=client, body=place)
assert refused.status_code == HTTPStatus.CONFLICT
assert isinstance(refused.parsed, ProblemBody)
assert refused.parsed.code is ProblemCode.COURSE_FULL
(reason,) = refused.parsed.errors
assert (reason.code, reason.pointer) == (ViolationCode.COURSE_FULL, "/course_id")

students = list_students.sync(client=client, family_name="love")
assert isinstance(students, StudentPage)
assert [student.id for student in students.items] == [ada]
assert students.next_ is None

roster = list_students_of_course.sync(course.id, client=client)
assert isinstance(roster, RosterEntryPage)
assert [entry.family_name for entry in roster.items] == ["Lovelace"]

assert drop_course.sync_detailed(ada, course.id, client=client).status_code == HTTPStatus.NO_CONTENT

first = list_events.sync(client=client, limit=1)
assert isinstance(first, EventFeed)
assert first.next_ is not None
rest = list_events.sync(client=client, after=first.next_)
assert isinstance(rest, EventFeed)
events = [*first.items, *rest.items]
assert [event.to_status for event in events] == [
    RecordedStatus.ENROLLED,
    RecordedStatus.DROPPED,
]
assert events[0].from_status is None
