"""The list of all pages."""

from enrollment.http.operation import Operation
from enrollment.web import (
    adding,
    course,
    courses,
    desk,
    roster,
    sign_in,
    start,
    student,
    students,
)

PAGES: tuple[Operation, ...] = (
    *sign_in.PAGES,
    *start.PAGES,
    *students.PAGES,
    *student.PAGES,
    *desk.PAGES,
    *adding.PAGES,
    *courses.PAGES,
    *course.PAGES,
    *roster.PAGES,
)
