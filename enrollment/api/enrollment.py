"""/v1/students/{id}/courses and /v1/courses/{id}/students: who is enrolled in which course."""

from enrollment.data import bulk, correction, course, eligibility, enrollment, roster
from enrollment.data.eligibility import EnrollmentRequest
from enrollment.data.ending import StatusChange
from enrollment.http.conditional import check_preconditions, check_record, not_modified
from enrollment.http.context import Context, change_context
from enrollment.http.operation import (
    READERS,
    READERS_AND_STUDENTS,
    REGISTRARS,
    REGISTRARS_AND_STUDENTS,
    Operation,
)
from enrollment.http.query import decode_cursor, page_response, paged
from enrollment.http.responses import Result, created, created_many, no_content, ok, unchanged
from enrollment.model.courses import StudentCourse
from enrollment.model.queries import EligibleCourseFilter, StudentCourseFilter, StudentRosterFilter
from enrollment.model.records import Enrollment, RosterEntry
from enrollment.model.requests import (
    BulkEnrollmentInput,
    CourseSetInput,
    EnrollmentInput,
    EnrollmentStatusInput,
)
from enrollment.model.results import BulkResults, Eligibility, EligibleCourse, Page
from enrollment.problems.registry import rules_for
from enrollment.storage.connection import Connection


def list_courses_of_student(
    context: Context, db: Connection, student_id: int, query: StudentCourseFilter
) -> Result:
    """List a student's courses."""
    after, tag = decode_cursor(context, query), roster.get_courses_tag(db, student_id)
    # The tag costs a fifth of the list.
    if context.reads and not_modified(context, tag):
        return unchanged(tag)
    listing = roster.list_courses_of_student(db, student_id, query, after)
    return page_response(context, listing, query, tag=tag)


def list_students_of_course(
    context: Context, db: Connection, course_id: int, query: StudentRosterFilter
) -> Result:
    """List a course's students."""
    return paged(context, query, roster.list_students_of_course, db, course_id)


def enroll_student(
    context: Context, db: Connection, student_id: int, body: EnrollmentInput
) -> Result:
    """Enroll a student in one course, or add the student to its waitlist."""
    check_preconditions(context, lambda: roster.get_courses_tag(db, student_id))
    request = EnrollmentRequest(
        student_id, body.course_id, body.waitlist, instead_of=body.instead_of
    )
    new = enrollment.insert_enrollment(
        db, request, change_context(context, body), pointer="/course_id"
    )
    return created(new, f"/v1/students/{student_id}/courses/{body.course_id}")


def set_student_courses(
    context: Context, db: Connection, student_id: int, body: CourseSetInput
) -> Result:
    """Set the courses of a student, all or nothing."""
    requests = [
        EnrollmentRequest(student_id, course.course_id, course.waitlist) for course in body.courses
    ]
    check_preconditions(context, lambda: roster.get_courses_tag(db, student_id))
    enrollment.replace_enrollments(db, student_id, requests, change_context(context, body))
    # All of them: a student has few, and the set may be among the last.
    return list_courses_of_student(context, db, student_id, StudentCourseFilter(limit=1000))


def change_roster(
    context: Context, db: Connection, course_id: int, body: BulkEnrollmentInput
) -> Result:
    """Enroll, complete or drop many students: all or nothing, or each."""
    check_preconditions(context, lambda: course.get_course_tag(db, course_id))
    change = change_context(context, body)
    results = bulk.change_roster(
        db, course_id, body.students, body.mode, change, pointer="/students/%d"
    )
    return created_many(context, BulkResults(results), body.mode)


def read_enrollment(context: Context, db: Connection, student_id: int, course_id: int) -> Result:
    """Read one enrollment."""
    return ok(enrollment.get_enrollment(db, student_id, course_id))


def read_eligibility(context: Context, db: Connection, student_id: int, course_id: int) -> Result:
    """Check whether the student can enroll now; if not, list every reason."""
    return ok(eligibility.get_eligibility(db, student_id, course_id, change_context(context)))


def list_eligible_courses(
    context: Context, db: Connection, student_id: int, query: EligibleCourseFilter
) -> Result:
    """List the courses that the student can enroll in now."""
    listing = eligibility.list_eligible_courses(
        db, student_id, query, change_context(context), decode_cursor(context, query)
    )
    return page_response(context, listing, query)


def set_enrollment_status(
    context: Context, db: Connection, student_id: int, course_id: int, body: EnrollmentStatusInput
) -> Result:
    """Set the status of an enrollment, or correct its latest change (safe to repeat)."""
    present = enrollment.find_enrollment(db, student_id, course_id)
    check_record(context, present)
    change = change_context(context, body)
    wanted = StatusChange.of(student_id, course_id, body)
    if body.correction:
        return ok(correction.correct_change(db, wanted, change))
    put = enrollment.put_enrollment(db, present, wanted, change)
    # The enrollment that is void was there, but is no longer shown.
    if present or put.status == "void":
        return ok(put)
    return created(put, f"/v1/students/{student_id}/courses/{course_id}")


def drop_course(context: Context, db: Connection, student_id: int, course_id: int) -> Result:
    """Drop a course or leave its waitlist (the history is kept)."""
    present = enrollment.get_enrollment(db, student_id, course_id)
    check_record(context, present)
    wanted = StatusChange(student_id, course_id, "dropped")
    enrollment.put_enrollment(db, present, wanted, change_context(context), pointer="")
    return no_content()


OPERATIONS = (
    Operation(
        "GET",
        "/v1/students/<student_id:id>/courses",
        READERS_AND_STUDENTS,
        list_courses_of_student,
        query=StudentCourseFilter,
        answer=Page[StudentCourse],
    ),
    Operation(
        "POST",
        "/v1/students/<student_id:id>/courses",
        REGISTRARS_AND_STUDENTS,
        enroll_student,
        body=EnrollmentInput,
        answer=Enrollment,
        status=201,
        conflicts=rules_for("enrollment", "swap"),
        conditional=True,
        only_enrolls=True,
    ),
    Operation(
        "PUT",
        "/v1/students/<student_id:id>/courses",
        REGISTRARS_AND_STUDENTS,
        set_student_courses,
        body=CourseSetInput,
        answer=Page[StudentCourse],
        conflicts=rules_for("enrollment", "drop"),
        only_enrolls=True,
    ),
    Operation(
        "GET",
        "/v1/students/<student_id:id>/courses/<course_id:id>",
        READERS_AND_STUDENTS,
        read_enrollment,
        answer=Enrollment,
    ),
    Operation(
        "PUT",
        "/v1/students/<student_id:id>/courses/<course_id:id>",
        REGISTRARS_AND_STUDENTS,
        set_enrollment_status,
        body=EnrollmentStatusInput,
        answer=Enrollment,
        conflicts=rules_for("enrollment", "status", "void", "correction"),
        only_enrolls=True,
    ),
    Operation(
        "DELETE",
        "/v1/students/<student_id:id>/courses/<course_id:id>",
        REGISTRARS_AND_STUDENTS,
        drop_course,
        status=204,
        conflicts=rules_for("drop"),
        only_enrolls=True,
    ),
    Operation(
        "GET",
        "/v1/students/<student_id:id>/courses/<course_id:id>/eligibility",
        READERS_AND_STUDENTS,
        read_eligibility,
        answer=Eligibility,
    ),
    Operation(
        "GET",
        "/v1/students/<student_id:id>/eligible-courses",
        READERS_AND_STUDENTS,
        list_eligible_courses,
        query=EligibleCourseFilter,
        answer=Page[EligibleCourse],
    ),
    Operation(
        "GET",
        "/v1/courses/<course_id:id>/students",
        READERS,
        list_students_of_course,
        query=StudentRosterFilter,
        answer=Page[RosterEntry],
    ),
    Operation(
        "POST",
        "/v1/courses/<course_id:id>/students",
        REGISTRARS,
        change_roster,
        body=BulkEnrollmentInput,
        answer=BulkResults,
        status=201,
        conflicts=rules_for("roster", "status"),
        conditional=True,
        only_enrolls=True,
    ),
)
