"""An example of each problem, as the service would send it."""

from typing import Any

from enrollment.model.results import Violation
from enrollment.problems.body import ProblemBody, problem_body
from enrollment.problems.errors import Problem


def example(code: str) -> Problem:
    if code in REASONS:
        pointer, detail, details = REASONS[code]
        return Problem.from_violations(
            [Violation(pointer=pointer, code=code, detail=detail, details=details)]
        )
    return Problem(code, DETAILS[code], [FAULTS[code]] if code in FAULTS else [])


def example_body(code: str) -> ProblemBody:
    return problem_body(example(code), request_id="8c1f9d02b5a4e673")


DETAILS = {
    "forbidden": "The role reader may not do this; admin, registrar may.",
    "malformed_request": "The body is shorter than its Content-Length.",
    "body_too_large": "The body is longer than 1048576 bytes.",
    "head_too_large": "The address and the headers have more than 65536 bytes.",
    "request_timeout": "The body did not arrive in time.",
    "length_required": "The request has no Content-Length.",
    "unsupported_media_type": 'The body is "text/plain", not application/json.',
    "idempotency_key_invalid": (
        "Expected 1 to 255 ASCII characters, in double quotes unless they are one word."
    ),
    "token_missing": "The request has no token.",
    "token_invalid": "The token is not known here, or it has expired or been revoked.",
    "misdirected_request": 'The service does not answer to "school.example".',
    "too_many_failures": "Too many tokens that are not valid came from this address.",
    "too_many_requests": "The token may be used 600 times a minute.",
    "idempotency_key_reused": '"8c1f9d" has been the key of another request.',
    "not_found": "There is nothing at this address; / and /docs tell what there is.",
    "student_not_found": "There is no student 7.",
    "term_not_found": "There is no term 7.",
    "course_not_found": "There is no course 7.",
    "hold_not_found": "Student 1 has no hold 7.",
    "token_not_found": "There is no token 7.",
    "enrollment_not_found": "Student 1 has never been in course 2.",
    "method_not_allowed": "/v1/students does not take PATCH.",
    "precondition_failed": 'If-Match is "2", and there is "1" now.',
    "internal_error": "The service failed; the log says why.",
    "database_busy": "The database was locked for too long by another process.",
    "database_outdated": "The database has not the schema of this release.",
    "database_moved": "The file of the database has been moved, replaced or removed.",
    "database_damaged": "The file of the database is damaged.",
    "database_read_only": "The service may not write to its database.",
    "disk_failed": "The disk, or a limit of the service on it, refuses what the database needs.",
    "disk_full": "There is no room left to write to.",
    "invalid_body": "The body has one fault.",
    "invalid_query": "The address has one fault.",
    "page_not_found": "The cursor does not belong to this list.",
}


# What is wrong with one field or parameter has a code of its own.
FAULTS = {
    "invalid_body": Violation(
        pointer="/email",
        code="invalid_value",
        detail="Expected a text of at most 254 characters",
    ),
    "invalid_query": Violation(
        parameter="limit",
        code="invalid_value",
        detail="Expected a whole number from 1 to 1,000",
    ),
    "page_not_found": Violation(
        parameter="cursor",
        code="invalid_value",
        detail="Expected the `next` of a page of this list with the same filters",
    ),
}


# Where, in a sentence, and with which figures.
REASONS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "malformed_json": ("", "There is no value at line 1, column 1.", {}),
    "email_taken": ("/email", "Student 1 has this email.", {"student_id": 1}),
    "term_code_taken": ("/code", "Term 1 has the code 2026-FALL.", {"term_id": 1}),
    "course_code_taken": (
        "/code",
        "Course 1 of the same term has the code CS101.",
        {"course_id": 1},
    ),
    "unknown_term": ("/term", "There is no term with the code 2027-FALL.", {"term": "2027-FALL"}),
    "ends_before_start": (
        "/end_on",
        "The term would end on 2026-08-30, before it starts on 2026-08-31.",
        {"start": "2026-08-31", "end": "2026-08-30"},
    ),
    "duplicate_requirement": ("/prerequisites/1", "CS101 is required already.", {"code": "CS101"}),
    "requires_itself": ("/prerequisites/0", "CS102 would require itself.", {"code": "CS102"}),
    "meetings_overlap": (
        "/meetings/1",
        "The course would meet twice at the same time.",
        {"weekday": 1},
    ),
    "student_has_enrollments": (
        "",
        "Enrolments of the student, present and past: 1.",
        {"enrollments": 1},
    ),
    "course_has_enrollments": (
        "",
        "Enrolments in the course, present and past: 1.",
        {"enrollments": 1},
    ),
    "term_has_courses": ("", "Courses of the term: 1.", {"courses": 1}),
    "token_student_required": (
        "/student_id",
        "A token with the role student belongs to a student.",
        {"role": "student"},
    ),
    "token_student_not_allowed": (
        "/student_id",
        "A token with the role reader belongs to no student.",
        {"role": "reader"},
    ),
    "already_expired": (
        "/expires_at",
        "It is 2026-10-01T09:00:00.000Z now.",
        {"now": "2026-10-01T09:00:00.000Z"},
    ),
    "duplicate_course": ("/courses/1/course_id", "Course 1 is named before.", {"course_id": 1}),
    "duplicate_student": (
        "/students/1/student_id",
        "Student 1 is named before.",
        {"student_id": 1},
    ),
    "unknown_student": ("/students/0/student_id", "There is no student 7.", {"student_id": 7}),
    "unknown_course": ("/course_id", "There is no course 7.", {"course_id": 7}),
    "student_inactive": (
        "/course_id",
        "Student 1 is inactive.",
        {"student_id": 1, "status": "inactive"},
    ),
    "student_on_hold": (
        "/course_id",
        "Student 1 is on hold: library fees",
        {"hold_id": 1, "reason": "library fees", "placed_at": "2026-09-01T09:00:00.000Z"},
    ),
    "course_not_open": ("/course_id", "CS101 is closed.", {"course": "CS101", "status": "closed"}),
    "window_not_open": (
        "/course_id",
        "Enrolment in CS101 opens at 2026-11-01T09:00:00.000Z.",
        {"course": "CS101", "enroll_from": "2026-11-01T09:00:00.000Z"},
    ),
    "window_closed": (
        "/course_id",
        "Enrolment in CS101 closed at 2026-09-01T09:00:00.000Z.",
        {"course": "CS101", "enroll_until": "2026-09-01T09:00:00.000Z"},
    ),
    "prerequisite_missing": (
        "/course_id",
        "CS102 needs CS101 completed before.",
        {"course": "CS102", "requires": "CS101"},
    ),
    "corequisite_missing": (
        "/course_id",
        "CS102 is taken together with CS101.",
        {"course": "CS102", "requires": "CS101"},
    ),
    "time_conflict": (
        "/course_id",
        "CS102 meets at the same time as CS101.",
        {"course": "CS102", "conflicts_with": "CS101", "conflicting_course_id": 1, "meetings": 1},
    ),
    "credit_limit": (
        "/course_id",
        "With CS102 the student takes 12.5 credits of at most 10.",
        {"course": "CS102", "credits": 12.5, "max_credits": 10.0},
    ),
    "course_full": (
        "/course_id",
        "No seat of CS101 is free: 1 of 1 are taken.",
        {"course": "CS101", "capacity": 1, "enrolled": 1},
    ),
    "waitlist_full": (
        "/course_id",
        "No seat of CS101 is free, and 0 wait already, where 0 may.",
        {"course": "CS101", "waitlist_capacity": 0, "waitlisted": 0},
    ),
    "promotion_automatic": (
        "",
        "CS102 gives its seats to those who wait by itself.",
        {"course": "CS102"},
    ),
    "already_enrolled": (
        "/course_id",
        "The student is enrolled in CS101 already.",
        {"course": "CS101"},
    ),
    "already_waitlisted": (
        "/course_id",
        "The student waits for CS101 already.",
        {"course": "CS101"},
    ),
    "already_completed": (
        "/course_id",
        "The student has completed CS101, and it is not repeatable.",
        {"course": "CS101"},
    ),
    "not_enrolled": (
        "/status",
        "The enrolment is dropped: only one that is enrolled can become completed.",
        {"course_id": 1, "status": "dropped"},
    ),
    "effective_in_future": (
        "/effective_at",
        "It is 2026-10-01T09:00:00.000Z now: what is true only later is not recorded yet.",
        {},
    ),
    "effective_too_early": (
        "/effective_at",
        "What happened before in course 1 was at 2026-09-01T09:00:00.000Z.",
        {"course_id": 1, "last_effective_at": "2026-09-01T09:00:00.000Z"},
    ),
}
