"""An example of each problem whose title does not say it all, as the service would send it."""

from typing import Any

from enrollment.errors import Fault, Problem, refusal
from enrollment.kinds import KINDS

EARLIER, NOW, LATER = (f"2026-{month}-01T09:00:00.000Z" for month in ("09", "10", "11"))


def example(code: str) -> Problem:
    return EXAMPLES.get(code) or Problem(code, f"{KINDS[code].title}.")


def _rule(code: str, pointer: str, detail: str, /, **details: Any) -> Problem:
    return refusal([Fault(pointer=pointer, code=code, detail=detail, details=details)])


def _enrol(code: str, detail: str, /, **details: Any) -> Problem:
    return _rule(code, "/course_id", detail, **details)


EXAMPLES = {
    problem.code: problem
    for problem in (
        Problem(
            "invalid_body",
            "The body has one fault.",
            [Fault(pointer="/email", code="invalid_value", detail="Expected `str | null`")],
        ),
        Problem(
            "invalid_query",
            "The address has one fault.",
            [Fault(parameter="limit", code="invalid_value", detail="Expected `int` <= 1000")],
        ),
        Problem(
            "page_not_found",
            "The cursor does not belong to this list.",
            [
                Fault(
                    parameter="cursor",
                    code="invalid_value",
                    detail="Expected the `next` of a page of this list with the same filters",
                )
            ],
        ),
        _rule("malformed_json", "", "Expecting value at line 1, column 1."),
        Problem("forbidden", "The role reader may not do this; admin, registrar may."),
        Problem("student_not_found", "There is no student 7."),
        Problem("term_not_found", "There is no term 7."),
        Problem("course_not_found", "There is no course 7."),
        Problem("hold_not_found", "Student 1 has no hold 7."),
        Problem("token_not_found", "There is no token 7."),
        Problem("enrollment_not_found", "Student 1 has never been in course 7."),
        Problem("method_not_allowed", "/v1/students does not take PATCH."),
        Problem("precondition_failed", 'If-Match is "2", and there is "1" now.'),
        _rule("email_taken", "/email", "Student 1 has this email.", student_id=1),
        _rule("term_code_taken", "/code", "Term 1 has the code 2026-FALL.", term_id=1),
        _rule(
            "course_code_taken",
            "/code",
            "Course 1 of the same term has the code CS101.",
            course_id=1,
        ),
        _rule(
            "unknown_term", "/term", "There is no term with the code 2026-FALL.", term="2026-FALL"
        ),
        _rule(
            "ends_before_start",
            "/end_on",
            "The term would end on 2026-08-30, before it starts on 2026-08-31.",
            start="2026-08-31",
            end="2026-08-30",
        ),
        _rule(
            "duplicate_requirement", "/prerequisites/1", "CS101 is required already.", code="CS101"
        ),
        _rule("requires_itself", "/prerequisites/0", "CS102 would require itself.", code="CS102"),
        _rule(
            "meetings_overlap",
            "/meetings/1",
            "The course would meet twice at the same time.",
            weekday=1,
        ),
        _rule(
            "student_has_enrollments",
            "",
            "Enrolments of the student, present and past: 1.",
            enrollments=1,
        ),
        _rule(
            "course_has_enrollments",
            "",
            "Enrolments in the course, present and past: 1.",
            enrollments=1,
        ),
        _rule("term_has_courses", "", "Courses of the term: 1.", courses=1),
        _rule(
            "student_of_token_missing",
            "/student_id",
            "A token with the role student belongs to a student.",
            role="student",
        ),
        _rule(
            "student_of_token_unwanted",
            "/student_id",
            "A token with the role reader belongs to no student.",
            role="reader",
        ),
        _rule("expired_already", "/expires_at", f"It is {NOW} now.", now=NOW),
        _rule(
            "promotion_automatic",
            "",
            "CS101 gives its seats to those who wait by itself.",
            course="CS101",
        ),
        _rule(
            "not_enrolled",
            "/status",
            "The enrolment is dropped: only one that is enrolled can become completed.",
            course_id=1,
            status="dropped",
        ),
        _rule(
            "effective_in_future",
            "/effective_at",
            f"It is {NOW} now: what is true only later is not recorded yet.",
        ),
        _rule(
            "effective_too_early",
            "/effective_at",
            f"What happened before in course 1 was at {EARLIER}.",
            course_id=1,
            last_effective_at=EARLIER,
        ),
        _rule("duplicate_course", "/courses/1/course_id", "Course 1 is named before.", course_id=1),
        _rule(
            "duplicate_student",
            "/students/1/student_id",
            "Student 1 is named before.",
            student_id=1,
        ),
        _rule("unknown_student", "/student_id", "There is no student 7.", student_id=7),
        _enrol("unknown_course", "There is no course 7.", course_id=7),
        _enrol("student_inactive", "Student 1 is inactive.", student_id=1, status="inactive"),
        _enrol(
            "student_on_hold",
            "Student 1 is on hold: library fees",
            hold_id=1,
            reason="library fees",
            placed_at=EARLIER,
        ),
        _enrol("course_not_open", "CS101 is closed.", course="CS101", status="closed"),
        _enrol(
            "window_not_open",
            f"Enrolment in CS101 opens at {LATER}.",
            course="CS101",
            enroll_from=LATER,
        ),
        _enrol(
            "window_closed",
            f"Enrolment in CS101 closed at {EARLIER}.",
            course="CS101",
            enroll_until=EARLIER,
        ),
        _enrol(
            "prerequisite_missing",
            "CS102 needs CS101 completed before.",
            course="CS102",
            requires="CS101",
        ),
        _enrol(
            "corequisite_missing",
            "CS102 is taken together with CS101.",
            course="CS102",
            requires="CS101",
        ),
        _enrol(
            "time_conflict",
            "CS102 meets at the same time as CS101.",
            course="CS102",
            conflicts_with="CS101",
            conflicting_course_id=1,
            meetings=1,
        ),
        _enrol(
            "credit_limit",
            "With CS102 the student takes 12.5 credits of at most 10.",
            course="CS102",
            credits=12.5,
            max_credits=10.0,
        ),
        _enrol(
            "course_full",
            "No seat of CS101 is free: 1 of 1 are taken.",
            course="CS101",
            capacity=1,
            enrolled=1,
        ),
        _enrol(
            "waitlist_full",
            "No seat of CS101 is free, and 0 wait already, where 0 may.",
            course="CS101",
            waitlist_capacity=0,
            waitlisted=0,
        ),
        _enrol("already_enrolled", "The student is enrolled in CS101 already.", course="CS101"),
        _enrol("already_waitlisted", "The student waits for CS101 already.", course="CS101"),
        _enrol(
            "already_completed",
            "The student has completed CS101, and it is not repeatable.",
            course="CS101",
        ),
    )
}
