"""The list of all pages."""

from enrollment.http.operation import Operation
from enrollment.web import (
    adding,
    census,
    changes,
    course,
    course_copy,
    course_form,
    courses,
    desk,
    downloads,
    enrollment,
    holds,
    roster,
    sign_in,
    start,
    student,
    students,
    terms,
    tokens,
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
    *course_form.PAGES,
    *roster.PAGES,
    *holds.PAGES,
    *terms.PAGES,
    *tokens.PAGES,
    *downloads.PAGES,
    *changes.PAGES,
    *census.PAGES,
    *course_copy.PAGES,
    *enrollment.PAGES,
)
