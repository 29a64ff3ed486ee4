"""/v1/courses: the courses, with their seats, requirements and meetings."""

from collections.abc import Sequence
from functools import partial
from http import HTTPStatus

from enrollment.data import course, course_copy
from enrollment.data.batch import insert_batch
from enrollment.data.recheck import change_course
from enrollment.http.conditional import check_preconditions
from enrollment.http.context import Context, change_context
from enrollment.http.operation import READERS_AND_STUDENTS, REGISTRARS, Operation
from enrollment.http.query import paged
from enrollment.http.responses import Result, created, created_many, no_content, ok, status_of
from enrollment.model.courses import Course, CourseInput
from enrollment.model.patches import CoursePatch, merge
from enrollment.model.queries import CourseFilter
from enrollment.model.records import Input
from enrollment.model.requests import CourseBatchInput, CourseCopyInput
from enrollment.model.results import CourseCopies, CourseResult, CourseResults, Page, ReplacedCourse
from enrollment.model.types import Timestamp
from enrollment.problems.registry import rules_for
from enrollment.storage.connection import Connection


def list_courses(context: Context, db: Connection, query: CourseFilter) -> Result:
    """List courses with their seats."""
    return paged(context, query, course.list_courses, db)


def create_course(context: Context, db: Connection, body: CourseInput) -> Result:
    """Create a course."""
    new = course.insert_course(db, body, Timestamp.now())
    tag = course.get_course_tag(db, new.id)
    return created(new, f"/v1/courses/{new.id}", tag)


def create_courses(context: Context, db: Connection, body: CourseBatchInput) -> Result:
    """Create many courses: all or none, or each that breaks no rule."""
    insert = partial(course.insert_course, db, now=Timestamp.now())
    outcomes = insert_batch(body.items, insert, body.mode, key="course_id")
    results = [
        CourseResult(status=status_of(found), course=record, errors=found)
        for record, found in outcomes
    ]
    return created_many(context, CourseResults(results), body.mode)


def copy_courses(context: Context, db: Connection, term_id: int, body: CourseCopyInput) -> Result:
    """Copy the courses of another term into this one, all or none."""
    copies = course_copy.copy_courses(
        db, term_id, body.copy_from, body.codes, Timestamp.now(), context.zone
    )
    return Result(HTTPStatus.CREATED, CourseCopies(copies))


def read_course(context: Context, db: Connection, course_id: int) -> Result:
    """Read a course and its seats."""
    return ok(course.get_course(db, course_id), course.get_course_tag(db, course_id))


def replace_course(context: Context, db: Connection, course_id: int, body: CourseInput) -> Result:
    """Replace a course; its students stay in it, and the response lists those who are affected."""
    left_out = [name for name in CourseInput.__struct_fields__ if name not in context.named]
    return _change_course(context, db, course_id, body, left_out)


def patch_course(context: Context, db: Connection, course_id: int, body: Input) -> Result:
    """Change some fields of a course (a merge patch, RFC 7396); otherwise as `PUT`."""
    present = course.get_course(db, course_id)
    return _change_course(context, db, course_id, merge(CourseInput, present, body))


def _change_course(
    context: Context,
    db: Connection,
    course_id: int,
    fields: CourseInput,
    left_out: Sequence[str] = (),
) -> Result:
    present = check_course(context, db, course_id)
    changed = change_course(db, present, fields, change_context(context), left_out)
    return ok(changed, course.get_course_tag(db, course_id))


def delete_course(context: Context, db: Connection, course_id: int) -> Result:
    """Delete a course that has no enrollments (void ones do not count)."""
    check_course(context, db, course_id)
    course.delete_course(db, course_id)
    return no_content()


def check_course(context: Context, db: Connection, course_id: int) -> Course:
    """Check the preconditions of a write, and return the course. Raises course_not_found,
    precondition_failed."""
    # The version alone is enough: new enrollments change the tag, and a caller who changes a course
    # need not care about them.
    present = course.get_course(db, course_id)
    check_preconditions(context, lambda: course.get_course_tag(db, course_id), str(present.version))
    return present


OPERATIONS = (
    Operation(
        "GET",
        "/v1/courses",
        READERS_AND_STUDENTS,
        list_courses,
        query=CourseFilter,
        answer=Page[Course],
    ),
    Operation(
        "POST",
        "/v1/courses",
        REGISTRARS,
        create_course,
        body=CourseInput,
        answer=Course,
        status=201,
        conflicts=rules_for("course"),
    ),
    Operation(
        "POST",
        "/v1/courses/batch",
        REGISTRARS,
        create_courses,
        body=CourseBatchInput,
        answer=CourseResults,
        status=201,
        conflicts=rules_for("course", "batch"),
    ),
    Operation(
        "POST",
        "/v1/terms/<term_id:id>/courses",
        REGISTRARS,
        copy_courses,
        body=CourseCopyInput,
        answer=CourseCopies,
        status=201,
        conflicts=rules_for("course", "course_copy"),
    ),
    Operation(
        "GET", "/v1/courses/<course_id:id>", READERS_AND_STUDENTS, read_course, answer=Course
    ),
    Operation(
        "PUT",
        "/v1/courses/<course_id:id>",
        REGISTRARS,
        replace_course,
        body=CourseInput,
        answer=ReplacedCourse,
        conflicts=rules_for("course", "course_replacement"),
    ),
    Operation(
        "PATCH",
        "/v1/courses/<course_id:id>",
        REGISTRARS,
        patch_course,
        body=CoursePatch,
        answer=ReplacedCourse,
        conflicts=rules_for("course"),
    ),
    Operation(
        "DELETE",
        "/v1/courses/<course_id:id>",
        REGISTRARS,
        delete_course,
        status=204,
        conflicts=rules_for("course_deletion"),
    ),
)
