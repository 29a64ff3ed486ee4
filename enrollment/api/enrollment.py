"""/v1/students/{id}/courses and /v1/courses/{id}/students: who is in what."""

from http import HTTPStatus

from enrollment.data import course, eligibility, enrollment, roster
from enrollment.data.eligibility import Wish
from enrollment.http.authentication import (
    READERS,
    READERS_AND_STUDENTS,
    REGISTRARS,
    REGISTRARS_AND_STUDENTS,
)
from enrollment.http.conditional import require_match, tag_of
from enrollment.http.context import Context
from enrollment.http.endpoint import change_context
from enrollment.http.operation import Operation
from enrollment.http.pagination import decode_cursor, page_response
from enrollment.http.responses import Answer, created, no_content, ok
from enrollment.model.queries import CoursesOfStudentFilter, EligibleCourseFilter, RosterFilter
from enrollment.model.records import CourseOfStudent, Enrollment, StudentOfCourse
from enrollment.model.requests import NewEnrollment, WantedCourses, WantedStatus, WantedStudents
from enrollment.model.results import Eligibility, EligibleCourse, ListPage, Results
from enrollment.model.types import Moment
from enrollment.problems.registry import ENROLLMENT_RULES
from enrollment.storage.sqlite import Connection


def list_courses_of_student(
    context: Context, db: Connection, student_id: int, query: CoursesOfStudentFilter
) -> Answer:
    """List a student's courses."""
    listing = roster.list_courses_of_student(db, student_id, query, decode_cursor(context, query))
    return page_response(context, listing, query, tag=roster.get_courses_tag(db, student_id))


def list_students_of_course(
    context: Context, db: Connection, course_id: int, query: RosterFilter
) -> Answer:
    """List a course's students."""
    listing = roster.list_students_of_course(db, course_id, query, decode_cursor(context, query))
    return page_response(context, listing, query)


def enroll(context: Context, db: Connection, student_id: int, body: NewEnrollment) -> Answer:
    """Enrol in one course, or wait for it."""
    require_match(context, lambda: roster.get_courses_tag(db, student_id))
    wish = Wish(student_id, body.course_id, body.waitlist)
    new = enrollment.insert_enrollment(
        db, wish, change_context(context, body), pointer="/course_id"
    )
    return created(new, f"/v1/students/{student_id}/courses/{body.course_id}")


def replace_courses(
    context: Context, db: Connection, student_id: int, body: WantedCourses
) -> Answer:
    """Enrol in exactly these courses: all of it, or nothing."""
    wishes = [Wish(student_id, course.course_id, course.waitlist) for course in body.courses]
    require_match(context, lambda: roster.get_courses_tag(db, student_id))
    enrollment.replace_enrollments(
        db, student_id, wishes, change_context(context, body), pointer="/courses/%d/course_id"
    )
    return list_courses_of_student(context, db, student_id, CoursesOfStudentFilter())


def enroll_students(
    context: Context, db: Connection, course_id: int, body: WantedStudents
) -> Answer:
    """Enrol many students: all of them, or each who may."""
    wishes = [Wish(student.student_id, course_id, student.waitlist) for student in body.students]
    require_match(context, lambda: course.get_course_tag(db, course_id))
    results = enrollment.insert_students(
        db,
        course_id,
        wishes,
        body.mode,
        change_context(context, body),
        pointer="/students/%d/student_id",
    )
    context.refusals = [fault.code for result in results for fault in result.errors]
    status = HTTPStatus.CREATED if body.mode == "all" else HTTPStatus.MULTI_STATUS
    return Answer(status, Results(results))


def read_enrollment(context: Context, db: Connection, student_id: int, course_id: int) -> Answer:
    """Read one enrolment."""
    return ok(enrollment.get_enrollment(db, student_id, course_id))


def read_eligibility(context: Context, db: Connection, student_id: int, course_id: int) -> Answer:
    """Whether the student could enrol now, or every rule that is against it."""
    return ok(eligibility.get_eligibility(db, student_id, course_id, change_context(context)))


def list_eligible_courses(
    context: Context, db: Connection, student_id: int, query: EligibleCourseFilter
) -> Answer:
    """List the courses that the student could enrol in now."""
    listing = eligibility.list_eligible_courses(
        db, student_id, query, Moment.now(), decode_cursor(context, query)
    )
    return page_response(context, listing, query)


def put_enrollment(
    context: Context, db: Connection, student_id: int, course_id: int, body: WantedStatus
) -> Answer:
    """Make it enrolled, completed or dropped, however often it is sent."""
    present = enrollment.find_enrollment(db, student_id, course_id)
    require_match(context, lambda: tag_of(present))
    change = change_context(context, body)
    put = enrollment.put_enrollment(db, student_id, course_id, present, body.status, change)
    if present:
        return ok(put)
    return created(put, f"/v1/students/{student_id}/courses/{course_id}")


def drop(context: Context, db: Connection, student_id: int, course_id: int) -> Answer:
    """Drop it, or leave its waitlist; the history stays."""
    present = enrollment.get_enrollment(db, student_id, course_id)
    require_match(context, lambda: tag_of(present))
    enrollment.put_enrollment(
        db, student_id, course_id, present, "dropped", change_context(context)
    )
    return no_content()


OPERATIONS = (
    Operation(
        "GET",
        "/v1/students/<student_id:id>/courses",
        READERS_AND_STUDENTS,
        list_courses_of_student,
        query=CoursesOfStudentFilter,
        answer=ListPage[CourseOfStudent],
    ),
    Operation(
        "POST",
        "/v1/students/<student_id:id>/courses",
        REGISTRARS_AND_STUDENTS,
        enroll,
        body=NewEnrollment,
        answer=Enrollment,
        status=201,
        conflicts=ENROLLMENT_RULES,
        conditional=True,
    ),
    Operation(
        "PUT",
        "/v1/students/<student_id:id>/courses",
        REGISTRARS_AND_STUDENTS,
        replace_courses,
        body=WantedCourses,
        answer=ListPage[CourseOfStudent],
        conflicts=ENROLLMENT_RULES,
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
        put_enrollment,
        body=WantedStatus,
        answer=Enrollment,
        conflicts=("not_enrolled", *ENROLLMENT_RULES),
    ),
    Operation(
        "DELETE",
        "/v1/students/<student_id:id>/courses/<course_id:id>",
        REGISTRARS_AND_STUDENTS,
        drop,
        status=204,
        conflicts=("not_enrolled",),
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
        answer=ListPage[EligibleCourse],
    ),
    Operation(
        "GET",
        "/v1/courses/<course_id:id>/students",
        READERS,
        list_students_of_course,
        query=RosterFilter,
        answer=ListPage[StudentOfCourse],
    ),
    Operation(
        "POST",
        "/v1/courses/<course_id:id>/students",
        REGISTRARS,
        enroll_students,
        body=WantedStudents,
        answer=Results,
        status=201,
        conflicts=("duplicate_student", "unknown_student", *ENROLLMENT_RULES),
        conditional=True,
    ),
)
