"""The closed set of problems: each code with its HTTP status, its meaning, and what to do."""

from typing import NamedTuple


class ProblemType(NamedTuple):
    """What a code means, once and for all; a published code never changes its meaning."""

    status: int
    title: str
    advice: str


PROBLEM_TYPES: dict[str, ProblemType] = {
    # What was sent cannot be read.
    "malformed_request": ProblemType(
        400,
        "The request cannot be read",
        "Check the address and the length of the body: something broke off or is badly encoded.",
    ),
    "malformed_json": ProblemType(
        400,
        "The body is not proper JSON",
        "Send one JSON object in UTF-8, each name once, without NaN or Infinity.",
    ),
    "body_too_large": ProblemType(
        413, "The body is too large", "Send at most 1 MiB; split the work over several requests."
    ),
    "head_too_large": ProblemType(
        431,
        "The address and the headers are too long",
        "Send at most 64 KiB; look for what was added on the way, such as cookies.",
    ),
    "request_timeout": ProblemType(
        408,
        "The body did not arrive in time",
        "Send the whole body within 30 seconds, or what `--body-timeout` says.",
    ),
    "length_required": ProblemType(
        411, "The length of the body is not known", "Send a Content-Length header."
    ),
    "unsupported_media_type": ProblemType(
        415,
        "The body is not declared as JSON",
        "Send the header Content-Type: application/json (with curl: --json), no Content-Encoding.",
    ),
    "idempotency_key_invalid": ProblemType(
        400,
        "The Idempotency-Key cannot be read",
        "Send a key of its own with each request, such as a UUID; quote what is not one word.",
    ),
    # Who sends it may not.
    "token_missing": ProblemType(
        401,
        "The request has no access token",
        "Send the header Authorization: Bearer, then the token that an admin has given you.",
    ),
    "token_invalid": ProblemType(
        401,
        "The access token is not valid",
        "Look for a slip; if there is none, ask an admin for another token.",
    ),
    "forbidden": ProblemType(
        403, "The role of the token does not allow this", "Ask who may do it for you."
    ),
    "misdirected_request": ProblemType(
        421,
        "The service does not answer to this name",
        "Use one of its names, or give it this one with --allowed-hosts.",
    ),
    "too_many_failures": ProblemType(
        429,
        "Too many tokens that are not valid",
        "Wait the seconds in Retry-After, then send a valid token.",
    ),
    "too_many_requests": ProblemType(
        429,
        "The token has made too many requests",
        "Wait the seconds in Retry-After; RateLimit tells how many are left.",
    ),
    # What was sent can be read and is wrong in itself.
    "invalid_body": ProblemType(
        422, "The body has fields that are not valid", "Mend every field that `errors` points to."
    ),
    "invalid_query": ProblemType(
        422,
        "The address has query parameters that are not valid",
        "Mend every parameter that `errors` names; lists take `limit` and `cursor`.",
    ),
    "idempotency_key_reused": ProblemType(
        422,
        "The Idempotency-Key has been sent with another request",
        "Send a retry as it was sent first, and anything else under another key.",
    ),
    # What was asked for is not there, or not that way.
    "not_found": ProblemType(
        404, "There is nothing at this address", "The API begins at /v1; GET / lists it."
    ),
    "page_not_found": ProblemType(
        404,
        "The cursor leads to no page of this list",
        "Take the `next` of a page of the same list with the same filters.",
    ),
    "student_not_found": ProblemType(
        404, "There is no such student", "Look the id up: GET /v1/students."
    ),
    "term_not_found": ProblemType(404, "There is no such term", "Look the id up: GET /v1/terms."),
    "course_not_found": ProblemType(
        404, "There is no such course", "Look the id up: GET /v1/courses."
    ),
    "hold_not_found": ProblemType(
        404, "The student has no such hold", "Look the id up: GET /v1/students/{id}/holds."
    ),
    "token_not_found": ProblemType(
        404, "There is no such token", "Look the id up: GET /v1/tokens."
    ),
    "enrollment_not_found": ProblemType(
        404,
        "The student has never been in this course",
        "Enrol the student first: POST /v1/students/{id}/courses.",
    ),
    "method_not_allowed": ProblemType(
        405, "The address does not take this method", "Use one of those in the Allow header."
    ),
    "precondition_failed": ProblemType(
        412,
        "What you have seen is no longer what is there",
        "GET it again, look at what changed, and repeat the request with the new ETag.",
    ),
    # What was asked for breaks a rule about records.
    "email_taken": ProblemType(
        409, "Another student has this email", "Use that student, or another email."
    ),
    "term_code_taken": ProblemType(
        409, "Another term has this code", "Use that term, or another code."
    ),
    "course_code_taken": ProblemType(
        409, "Another course of the term has this code", "Use that course, or another code."
    ),
    "unknown_term": ProblemType(
        409, "A course names a term that does not exist", "Create the term first: POST /v1/terms."
    ),
    "ends_before_start": ProblemType(
        422, "The end lies before the start", "Swap the two, or mend the one that is wrong."
    ),
    "duplicate_requirement": ProblemType(
        422, "A course requires the same course twice", "Name each required course once."
    ),
    "requires_itself": ProblemType(
        422, "A course requires itself", "Take its own code out of its requirements."
    ),
    "meetings_overlap": ProblemType(
        422, "A course meets twice at the same time", "Mend one of the two meetings."
    ),
    "student_has_enrollments": ProblemType(
        409,
        "The student has enrolments, present or past",
        'History is kept: set the status to "inactive" instead.',
    ),
    "course_has_enrollments": ProblemType(
        409,
        "The course has enrolments, present or past",
        'History is kept: set the status to "cancelled" instead.',
    ),
    "term_has_courses": ProblemType(
        409, "The term has courses", "Delete them first, or move them to another term."
    ),
    "token_student_required": ProblemType(
        422, "A token with the role student names no student", "Say whose token it is: student_id."
    ),
    "token_student_not_allowed": ProblemType(
        422,
        "A token with another role than student names a student",
        'Leave student_id out, or choose the role "student".',
    ),
    "already_expired": ProblemType(
        422, "The token would have expired already", "Choose a later expires_at, or none."
    ),
    # What was asked for breaks a rule of enrolment.
    "duplicate_course": ProblemType(
        422, "The same course is named twice in one request", "Name each course once."
    ),
    "duplicate_student": ProblemType(
        422, "The same student is named twice in one request", "Name each student once."
    ),
    "unknown_student": ProblemType(
        409, "A student to enrol does not exist", "Look the id up: GET /v1/students."
    ),
    "unknown_course": ProblemType(
        409, "A course to enrol in does not exist", "Look the id up: GET /v1/courses."
    ),
    "student_inactive": ProblemType(
        409, "The student is inactive", 'Set the student\'s status to "active" first.'
    ),
    "student_on_hold": ProblemType(
        409,
        "The student is on hold",
        "Settle what the hold is for, then release it: DELETE /v1/students/{id}/holds/{hold_id}.",
    ),
    "course_not_open": ProblemType(
        409, "The course is closed or cancelled", 'Set the course\'s status to "open" first.'
    ),
    "window_not_open": ProblemType(
        409, "Enrolment in the course is not open yet", "Come back at `enroll_from`."
    ),
    "window_closed": ProblemType(
        409, "Enrolment in the course has closed", "Take the course in another term."
    ),
    "prerequisite_missing": ProblemType(
        409,
        "The course needs another one first",
        "Complete the course that `requires` names, in any term, first.",
    ),
    "corequisite_missing": ProblemType(
        409,
        "The course is taken together with another one",
        "Enrol in both at once: PUT /v1/students/{id}/courses.",
    ),
    "time_conflict": ProblemType(
        409,
        "The course meets at the same time as another one",
        "Take another section, or drop the course that it conflicts with.",
    ),
    "credit_limit": ProblemType(
        409,
        "The student would take too many credits in the term",
        "Take fewer courses, or raise the `max_credits` of the student or the term.",
    ),
    "course_full": ProblemType(
        409,
        "Every seat of the course is taken",
        'Send "waitlist": true to wait for a seat, take another course, or raise the capacity.',
    ),
    "waitlist_full": ProblemType(
        409,
        "Every seat of the course is taken, and every place on its waitlist",
        "Take another course, or raise the capacity or the waitlist_capacity.",
    ),
    "promotion_automatic": ProblemType(
        409,
        "The course gives its seats to those who wait by itself",
        'Nothing needs to be done; or set the course\'s promotion to "manual".',
    ),
    "already_enrolled": ProblemType(
        409, "The student is enrolled in the course", "Nothing needs to be done."
    ),
    "already_waitlisted": ProblemType(
        409, "The student waits for the course", "Nothing needs to be done."
    ),
    "already_completed": ProblemType(
        409,
        "The student has completed the course",
        "Set the course to repeatable, or override the rule with a reason.",
    ),
    "not_enrolled": ProblemType(
        409,
        "The student is not enrolled in the course now",
        "Only who is enrolled can complete a course, and drop it too only who waits for it.",
    ),
    "effective_in_future": ProblemType(
        422,
        "The change would be true only later",
        "Send it when it has become true, with or without its `effective_at`.",
    ),
    "effective_too_early": ProblemType(
        409,
        "The change would be true before what happened before it",
        "Give an `effective_at` that is not before that of the enrolment's last event.",
    ),
    # What the service cannot do now.
    "internal_error": ProblemType(
        500,
        "The service failed",
        "Nothing was changed. Report the request id; the log tells the rest.",
    ),
    "database_busy": ProblemType(
        503,
        "The database is locked by another process",
        "Nothing was changed. Try again after the seconds in Retry-After.",
    ),
    "database_read_only": ProblemType(
        503,
        "The database cannot be written to",
        "Nothing was changed. Give the service the right to write the file and its directory.",
    ),
    "database_outdated": ProblemType(
        503,
        "The database has not the schema of this release",
        "Stop the service, run `enrollment migrate`, then start it again.",
    ),
    "database_moved": ProblemType(
        503,
        "The file of the database is no longer where it was",
        "Nothing was changed. Stop the service, put the file back with what lies beside it, or"
        " restore a backup, then start it again.",
    ),
    "database_damaged": ProblemType(
        503,
        "The file of the database is damaged",
        "Nothing was changed. Stop the service, keep the file, run `enrollment doctor`, then"
        " restore a backup.",
    ),
    "disk_failed": ProblemType(
        503,
        "The disk fails, or a quota is used up",
        "Look at the disk and at the limits that the service runs under. The change was undone; but"
        " if the service crashes before it writes again, the change may be there after all. So send"
        " the request again, under its Idempotency-Key if it had one.",
    ),
    "disk_full": ProblemType(
        507, "The disk is full", "Nothing was changed. Make room on the disk, then try again."
    ),
}


# What only who runs the service can mend.
OPERATOR_PROBLEMS = frozenset(
    {
        "database_read_only",
        "database_outdated",
        "database_moved",
        "database_damaged",
        "disk_failed",
        "disk_full",
    }
)


# What sql/eligibility.sql can say, and what it says where students are listed.
ENROLLMENT_RULES = (
    "duplicate_course",
    "unknown_course",
    "already_enrolled",
    "already_waitlisted",
    "effective_in_future",
    "effective_too_early",
    "already_completed",
    "student_inactive",
    "student_on_hold",
    "course_not_open",
    "window_not_open",
    "window_closed",
    "prerequisite_missing",
    "corequisite_missing",
    "time_conflict",
    "credit_limit",
    "course_full",
    "waitlist_full",
)


COURSE_RULES = (
    "course_code_taken",
    "unknown_term",
    "ends_before_start",
    "duplicate_requirement",
    "requires_itself",
    "meetings_overlap",
)
