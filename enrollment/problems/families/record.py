"""Problems of single records: one does not exist, or a rule about its fields forbids the change."""

from functools import partial

from enrollment.problems.problem_type import Example, ProblemType

problem = partial(ProblemType, family="record")

PROBLEM_TYPES = (
    problem(
        code="student_not_found",
        status=404,
        title="There is no such student",
        advice="Find the id: `GET /v1/students`.",
        example=Example("There is no student 7."),
    ),
    problem(
        code="term_not_found",
        status=404,
        title="There is no such term",
        advice="Find the id: `GET /v1/terms`.",
        example=Example("There is no term 7."),
    ),
    problem(
        code="course_not_found",
        status=404,
        title="There is no such course",
        advice="Find the id: `GET /v1/courses`.",
        example=Example("There is no course 7."),
    ),
    problem(
        code="hold_not_found",
        status=404,
        title="The student has no such hold",
        advice="Find the id: `GET /v1/students/{id}/holds`.",
        example=Example("Student 1 has no hold 7."),
    ),
    problem(
        code="token_not_found",
        status=404,
        title="There is no such token",
        advice="Find the id: `GET /v1/tokens`.",
        example=Example("There is no token 7."),
    ),
    problem(
        code="import_not_found",
        status=404,
        title="There is no such import",
        advice="Find the id: `GET /v1/imports`.",
        example=Example("There is no import 7."),
    ),
    problem(
        code="option_does_not_fit",
        status=422,
        title="An option changes nothing here",
        advice="Leave out the parameters that `errors` names: each is for another file or option.",
        example=Example("A delta has no history: leave out history, or since."),
    ),
    problem(
        code="unreadable_import",
        status=422,
        title="The file cannot be brought in as it is",
        advice="Correct what `errors` lists. `enrollment check` shows all that is wrong in a file.",
        example=Example("The file cannot be brought in as it is."),
    ),
    problem(
        code="import_has_errors",
        status=422,
        title="Rows of the file have errors",
        advice="Correct the rows, or send the file with `errors=skip` to leave them out.",
        example=Example("There is 1 error in the rows."),
    ),
    problem(
        code="too_many_removals",
        status=409,
        title="Much of what is here is no longer in the file",
        advice=(
            "Check that the file is whole. If it is, send the `ETag` of a dry run as `If-Match`, or"
            " the number of removals as `removals`."
        ),
        example=Example(
            "2 of 4 students would be inactive and 5 of 6 enrollments would be dropped."
        ),
    ),
    problem(
        code="import_undone",
        status=409,
        title="The import is undone already",
        advice="Nothing is left to do. To bring the file in again, send it again.",
        example=Example("Import 1 was undone at 2026-11-23T15:29:10.123Z."),
    ),
    problem(
        code="undo_conflicts",
        status=409,
        title="Not all of the import can be undone",
        advice="A dry run lists the conflicts. With `conflicts=keep`, they stay as they are.",
        example=Example("Not all of import 1 can be undone."),
    ),
    problem(
        code="enrollment_not_found",
        status=404,
        title="The student has never been in this course",
        advice="Enroll the student first: `POST /v1/students/{id}/courses`.",
        example=Example("The student has never been in CS102."),
    ),
    problem(
        code="student_erased",
        status=409,
        title="The data of the student was erased",
        advice="An erasure is permanent: create a new student.",
        example=Example("Student 1 was erased.", "", {"student_id": 1}),
        rule_for=("student", "hold", "token", "enrollment", "roster", "erasure", "merge"),
    ),
    problem(
        code="student_is_enrolled",
        status=409,
        title="The student is still enrolled or waitlisted",
        advice='Complete or drop the courses first, or set the student\'s status to "inactive".',
        example=Example(
            "Courses in which the student is enrolled or waitlisted: 1.", "", {"courses": 1}
        ),
        rule_for=("erasure",),
    ),
    problem(
        code="merges_into_itself",
        status=422,
        title="A student cannot be merged into the same student",
        advice="Send the id of the other record in `into`.",
        example=Example("Student 1 cannot be merged into itself.", "/into", {"student_id": 1}),
        rule_for=("merge",),
    ),
    problem(
        code="number_taken",
        status=409,
        title="Another student has this number",
        advice="Use the existing student, or another number.",
        example=Example("Ada Lovelace has the number S-1041.", "/number", {"student_id": 1}),
        rule_for=("student",),
    ),
    problem(
        code="duplicate_group",
        status=422,
        title="The request lists the same group twice",
        advice="List each group once.",
        example=Example("The group SENIOR is listed before.", "/groups/1", {"group": "SENIOR"}),
        rule_for=("student", "course"),
    ),
    problem(
        code="student_has_enrollments",
        status=409,
        title="The student has enrollments, present or past",
        advice='History is kept. Set the status to "inactive" instead.',
        example=Example("Enrollments of the student, present and past: 1.", "", {"enrollments": 1}),
        rule_for=("student_deletion",),
    ),
    problem(
        code="term_code_taken",
        status=409,
        title="Another term has this code",
        advice="Use the existing term, or another code.",
        example=Example("The term Fall 2026 has the code 2026-FALL.", "/code", {"term_id": 1}),
        rule_for=("term",),
    ),
    problem(
        code="term_has_courses",
        status=409,
        title="The term has courses",
        advice="Delete its courses first, or move them to another term.",
        example=Example("Courses in the term: 1.", "", {"courses": 1}),
        rule_for=("term_deletion",),
    ),
    problem(
        code="course_code_taken",
        status=409,
        title="Another course in the term has this code and section",
        advice="Use the existing course, another section, or another code.",
        example=Example(
            "The course Databases in the same term has the code CS101.", "/code", {"course_id": 1}
        ),
        rule_for=("course", "course_copy"),
    ),
    problem(
        code="limit_not_named",
        status=409,
        title="Students wait for the course, and a limit would be lifted without being named",
        advice=(
            "Send the field in the body too, with the value that it is to have; or change single"
            " fields: `PATCH /v1/courses/{id}`."
        ),
        example=Example(
            "Students wait for CS101, and without `capacity` in the body that limit is lifted.",
            "/capacity",
            {"course": "CS101", "field": "capacity"},
        ),
        rule_for=("course_replacement",),
    ),
    problem(
        code="unknown_term",
        status=409,
        title="The term of the course does not exist",
        advice="Create the term first: `POST /v1/terms`.",
        example=Example(
            "There is no term with the code 2027-FALL.", "/term", {"term": "2027-FALL"}
        ),
        rule_for=("course", "course_copy"),
    ),
    problem(
        code="nothing_to_copy",
        status=409,
        title="The term has no course with this code to copy",
        advice="Correct the code, or leave `codes` out. Cancelled courses are not copied.",
        example=Example(
            "The term 2026-FALL has no course with the code ART9 to copy.",
            "/codes/0",
            {"term": "2026-FALL", "code": "ART9"},
        ),
        rule_for=("course_copy",),
    ),
    problem(
        code="window_out_of_range",
        status=409,
        title="A window of the course would move out of the years 1 to 9999",
        advice="Correct the start of one of the two terms, or the windows of the course.",
        example=Example(
            "What is at 9999-08-31T00:00:00.000Z would move out of the years 1 to 9999.",
            "/copy_from",
            {"at": "9999-08-31T00:00:00.000Z"},
        ),
        rule_for=("course_copy",),
    ),
    problem(
        code="duplicate_item",
        status=422,
        title="The request lists the same record twice",
        advice="List each record once.",
        example=Example(
            "Item 0 of the request is the same in this field.", "/items/1/code", {"item": 0}
        ),
        rule_for=("batch",),
    ),
    problem(
        code="ends_before_start",
        status=422,
        title="The end is before the start",
        advice="Correct the start or the end.",
        example=Example(
            "The term ends on 2026-08-30, before it starts on 2026-08-31.",
            "/end_on",
            {"start": "2026-08-31", "end": "2026-08-30"},
        ),
        rule_for=("term", "course"),
    ),
    problem(
        code="duplicate_requirement",
        status=422,
        title="The course requires the same course twice",
        advice="List each required course once.",
        example=Example("CS101 is already required.", "/prerequisites/1", {"code": "CS101"}),
        rule_for=("course",),
    ),
    problem(
        code="code_or_any_of",
        status=422,
        title="A prerequisite has neither or both of code and any_of",
        advice="Send the `code` of one course, or the codes of several as `any_of`.",
        example=Example(
            "A prerequisite has either `code` or `any_of`.", "/prerequisites/0", {"index": 0}
        ),
        rule_for=("course",),
    ),
    problem(
        code="requires_itself",
        status=422,
        title="The course requires itself",
        advice="Remove its own code from its requirements.",
        example=Example("CS102 cannot require itself.", "/prerequisites/0", {"code": "CS102"}),
        rule_for=("course",),
    ),
    problem(
        code="meetings_overlap",
        status=422,
        title="Two meetings of the course overlap",
        advice="Change one of the two meetings.",
        example=Example(
            "The meeting overlaps an earlier one in the list.", "/meetings/1", {"weekday": 1}
        ),
        rule_for=("course",),
    ),
    problem(
        code="duplicate_code",
        status=422,
        title="The course counts as the same code twice",
        advice="List each code once.",
        example=Example("The code CS100 is listed before.", "/counts_as/1", {"code": "CS100"}),
        rule_for=("course",),
    ),
    problem(
        code="not_earlier",
        status=409,
        title="A group could not enroll earlier than everyone",
        advice="Send a time before the `enroll_from` of the course, or leave the group out.",
        example=Example(
            "SENIOR could enroll from 2026-08-01T00:00:00.000Z on, no earlier than everyone.",
            "/early_access/0/enroll_from",
            {
                "group": "SENIOR",
                "starts_at": "2026-08-01T00:00:00.000Z",
                "enroll_from": None,
            },
        ),
        rule_for=("course",),
    ),
    problem(
        code="meeting_without_day",
        status=422,
        title="A meeting has no day between its dates",
        advice="Change the weekday or the dates of the meeting.",
        example=Example(
            "No day from 2026-10-05 to 2026-10-05 is weekday 2.",
            "/meetings/0/weekday",
            {"weekday": 2, "start_on": "2026-10-05", "end_on": "2026-10-05"},
        ),
        rule_for=("course",),
    ),
    problem(
        code="course_has_enrollments",
        status=409,
        title="The course has enrollments, present or past",
        advice='History is kept. Set the status to "cancelled" instead.',
        example=Example("Enrollments in the course, present and past: 1.", "", {"enrollments": 1}),
        rule_for=("course_deletion",),
    ),
    problem(
        code="token_student_required",
        status=422,
        title="A token with the role student needs a student",
        advice="Send the `student_id`.",
        example=Example(
            "A token with the role student needs a student.", "/student_id", {"role": "student"}
        ),
        rule_for=("token",),
    ),
    problem(
        code="token_student_not_allowed",
        status=422,
        title="Only a token with the role student can have a student",
        advice='Leave out `student_id`, or choose the role "student".',
        example=Example(
            "A token with the role reader cannot have a student.",
            "/student_id",
            {"role": "reader"},
        ),
        rule_for=("token",),
    ),
    problem(
        code="already_expired",
        status=422,
        title="The token would already be expired",
        advice="Choose a later `expires_at`, or none.",
        example=Example(
            "The end of the token must be later than now (2026-10-01T09:00:00.000Z).",
            "/expires_at",
            {"now": "2026-10-01T09:00:00.000Z"},
        ),
        rule_for=("token",),
    ),
    problem(
        code="last_admin_token",
        status=409,
        title="No other admin token is valid",
        advice="Create another admin token first, then revoke this one.",
        example=Example("No other admin token than that of admin is valid.", "", {"name": "admin"}),
        rule_for=("token_revocation",),
    ),
)
