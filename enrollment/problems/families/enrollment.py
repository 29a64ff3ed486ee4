"""Problems of enrollment: the rules of sql/eligibility.sql, and those for ending and promoting."""

from functools import partial

from enrollment.problems.problem_type import Example, ProblemType, Subject

problem = partial(ProblemType, family="enrollment")

# Rules that apply whether one student is enrolled or many.
ENROLLING: tuple[Subject, ...] = ("enrollment", "roster")

PROBLEM_TYPES = (
    problem(
        code="duplicate_course",
        status=422,
        title="The request lists the same course twice",
        advice="List each course once.",
        example=Example("CS101 is listed twice.", "/courses/1/course_id", {"course_id": 1}),
        rule_for=("enrollment",),
    ),
    problem(
        code="duplicate_student",
        status=422,
        title="The request lists the same student twice",
        advice="List each student once.",
        example=Example(
            "The student is listed twice.", "/students/1/student_id", {"student_id": 1}
        ),
        rule_for=("roster",),
    ),
    problem(
        code="unknown_student",
        status=409,
        title="The student does not exist",
        advice="Find the id: `GET /v1/students`.",
        example=Example("There is no student 7.", "/students/0/student_id", {"student_id": 7}),
        rule_for=("roster", "token", "merge"),
    ),
    problem(
        code="unknown_course",
        status=409,
        title="The course does not exist",
        advice="Find the id: `GET /v1/courses`.",
        example=Example("There is no course 7.", "/course_id", {"course_id": 7}),
        rule_for=("enrollment",),
    ),
    problem(
        code="already_enrolled",
        status=409,
        title="The student is already enrolled in the course",
        advice="Nothing needs to be done.",
        example=Example(
            "The student is enrolled in CS101 already.", "/course_id", {"course": "CS101"}
        ),
        rule_for=ENROLLING,
    ),
    problem(
        code="already_waitlisted",
        status=409,
        title="The student is already on the waitlist of the course",
        advice="Nothing needs to be done.",
        example=Example("The student waits for CS101 already.", "/course_id", {"course": "CS101"}),
        rule_for=ENROLLING,
    ),
    problem(
        code="effective_in_future",
        status=422,
        title="The effective time is in the future",
        advice="Send the change again once its `effective_at` has passed.",
        example=Example(
            "A change cannot take effect in the future. It is 2026-10-01T09:00:00.000Z now.",
            "/effective_at",
            {"now": "2026-10-01T09:00:00.000Z"},
        ),
        rule_for=(*ENROLLING, "status", "correction"),
    ),
    problem(
        code="effective_too_early",
        status=409,
        title="The effective time is before the last event",
        advice="Send an `effective_at` that is not before the last event of the enrollment.",
        example=Example(
            "The change before in CS101 took effect at 2026-09-01T09:00:00.000Z."
            " This one cannot be earlier.",
            "/effective_at",
            {"course_id": 1, "last_effective_at": "2026-09-01T09:00:00.000Z"},
        ),
        rule_for=(*ENROLLING, "status", "correction", "swap"),
    ),
    problem(
        code="nothing_to_swap",
        status=409,
        title="The student is not enrolled in the course that is to be given up",
        advice="Leave out `instead_of`, or send a course in which the student is enrolled.",
        example=Example(
            "The student is not enrolled in CS101, which is to be given up.",
            "/instead_of",
            {"course_id": 1},
        ),
        rule_for=("swap",),
    ),
    problem(
        code="already_completed",
        status=409,
        title="The student has already completed the course",
        advice="Set the course to repeatable, or override the rule with a reason.",
        example=Example(
            "The student has completed CS101, and it is not repeatable.",
            "/course_id",
            {"course": "CS101", "completed": "CS101"},
        ),
        rule_for=ENROLLING,
        overridable=True,
    ),
    problem(
        code="another_section",
        status=409,
        title=(
            "The student takes another section of the course in the term, or one that counts as it"
        ),
        advice="Drop the other course, or change both at once: `PUT /v1/students/{id}/courses`.",
        example=Example(
            "CS101-02 is the same course as CS101-01, which the student takes.",
            "/course_id",
            {"course": "CS101-02", "conflicts_with": "CS101-01", "conflicting_course_id": 1},
        ),
        rule_for=ENROLLING,
        overridable=True,
    ),
    problem(
        code="student_inactive",
        status=409,
        title="The student is inactive",
        advice='Set the status of the student to "active" first.',
        example=Example(
            "The student is inactive.", "/course_id", {"student_id": 1, "status": "inactive"}
        ),
        rule_for=ENROLLING,
        overridable=True,
    ),
    problem(
        code="student_on_hold",
        status=409,
        title="The student is on hold",
        advice=(
            "Resolve the reason for the hold, then release it:"
            " `DELETE /v1/students/{id}/holds/{hold_id}`."
        ),
        example=Example(
            "The student is on hold: library fees",
            "/course_id",
            {"hold_id": 1, "reason": "library fees", "placed_at": "2026-09-01T09:00:00.000Z"},
        ),
        rule_for=ENROLLING,
        overridable=True,
    ),
    problem(
        code="course_not_open",
        status=409,
        title="The course is closed or cancelled",
        advice='Set the status of the course to "open" first.',
        example=Example("CS101 is closed.", "/course_id", {"course": "CS101", "status": "closed"}),
        rule_for=ENROLLING,
        overridable=True,
    ),
    problem(
        code="group_required",
        status=409,
        title="The course is open to other groups only",
        advice="Choose another course, or add the student to one of the groups in `open_to`.",
        example=Example(
            "CS101 is open only to students in: NURSING, 2027.",
            "/course_id",
            {"course": "CS101", "open_to": ["NURSING", "2027"]},
        ),
        rule_for=ENROLLING,
        overridable=True,
    ),
    problem(
        code="window_not_open",
        status=409,
        title="Enrollment in the course is not open yet",
        advice="Try again at `enroll_from`.",
        example=Example(
            "Enrollment in CS101 opens at 2026-11-01T09:00:00.000Z.",
            "/course_id",
            {"course": "CS101", "enroll_from": "2026-11-01T09:00:00.000Z"},
        ),
        rule_for=ENROLLING,
        overridable=True,
    ),
    problem(
        code="window_closed",
        status=409,
        title="Enrollment in the course has closed",
        advice="Take the course in another term.",
        example=Example(
            "Enrollment in CS101 closed at 2026-09-01T09:00:00.000Z.",
            "/course_id",
            {"course": "CS101", "enroll_until": "2026-09-01T09:00:00.000Z"},
        ),
        rule_for=ENROLLING,
        overridable=True,
    ),
    problem(
        code="term_ended",
        status=409,
        title="The term of the course is over",
        advice="Take the course in another term.",
        example=Example(
            "The term of CS101, 2026-SPRING, ended on 2026-06-19.",
            "/course_id",
            {"course": "CS101", "term": "2026-SPRING", "end_on": "2026-06-19"},
        ),
        rule_for=ENROLLING,
        overridable=True,
    ),
    problem(
        code="prerequisite_missing",
        status=409,
        title="A prerequisite is missing",
        advice=(
            "First complete the course in `requires`, or one of those in `requires_any_of`, in any"
            " term. If `detail` allows it, take both at once."
        ),
        example=Example(
            "CS102 needs CS101 completed before.",
            "/course_id",
            {"course": "CS102", "requires": "CS101"},
        ),
        rule_for=(*ENROLLING, "status", "drop"),
        overridable=True,
    ),
    problem(
        code="corequisite_missing",
        status=409,
        title="A corequisite is missing",
        advice="Enroll in both courses at once: `PUT /v1/students/{id}/courses`.",
        example=Example(
            "CS102 is taken together with CS101.",
            "/course_id",
            {"course": "CS102", "requires": "CS101"},
        ),
        rule_for=(*ENROLLING, "status", "drop"),
        overridable=True,
    ),
    problem(
        code="time_conflict",
        status=409,
        title="The course meets at the same time as another course",
        advice="Choose another section, or drop the conflicting course.",
        example=Example(
            "CS102 meets at the same time as CS101.",
            "/course_id",
            {
                "course": "CS102",
                "conflicts_with": "CS101",
                "conflicting_course_id": 1,
                "meetings": 1,
            },
        ),
        rule_for=ENROLLING,
        overridable=True,
    ),
    problem(
        code="credit_limit",
        status=409,
        title="The student would have too many credits in the term",
        advice="Choose fewer courses, or raise the `max_credits` of the student or the term.",
        example=Example(
            "With CS102 the student takes 12.5 credits of at most 10.",
            "/course_id",
            {"course": "CS102", "credits": 12.5, "max_credits": 10.0},
        ),
        rule_for=ENROLLING,
        overridable=True,
    ),
    problem(
        code="course_full",
        status=409,
        title="Every seat in the course is taken",
        advice=(
            'Send `"waitlist": true` to join the waitlist, choose another course, or raise the'
            " capacity."
        ),
        example=Example(
            "No seat of CS101 is free: 1 of 1 taken.",
            "/course_id",
            {"course": "CS101", "capacity": 1, "enrolled": 1},
        ),
        rule_for=(*ENROLLING, "promotion", "correction", "take_back"),
        overridable=True,
    ),
    problem(
        code="waitlist_full",
        status=409,
        title="The course and its waitlist are full",
        advice="Choose another course, or raise the `capacity` or the `waitlist_capacity`.",
        example=Example(
            "No seat of CS101 is free, and no one can join the waitlist.",
            "/course_id",
            {"course": "CS101", "waitlist_capacity": 0, "waitlisted": 0},
        ),
        rule_for=(*ENROLLING, "take_back"),
        overridable=True,
    ),
    problem(
        code="not_enrolled",
        status=409,
        title="The student is not enrolled in the course",
        advice=(
            "Only an enrolled student can complete a course; only an enrolled or waitlisted student"
            " can drop it."
        ),
        example=Example(
            "The enrollment is dropped: only one that is enrolled can become completed.",
            "/status",
            {"course_id": 1, "status": "dropped"},
        ),
        rule_for=("status", "drop", "void", "correction"),
    ),
    problem(
        code="was_not_enrolled",
        status=409,
        title="A correction cannot give a seat that the student did not have",
        advice=(
            'Send the `status` "enrolled" without `correction`. The rules of enrollment are checked'
            " then, and an override of them is on record."
        ),
        example=Example(
            "The latest change in CS101 gave the student no seat, so a correction cannot give one.",
            "/status",
            {"course_id": 1},
        ),
        rule_for=("correction",),
    ),
    problem(
        code="outcome_without_completion",
        status=422,
        title="Only a completion has an outcome",
        advice=(
            'Leave out `passed` and `grade`, or send the status "completed": a withdrawal with a W'
            " is completed, not passed, with the grade W."
        ),
        example=Example(
            "Only a completion has an outcome, not the status dropped.",
            "/grade",
            {"status": "dropped"},
        ),
        rule_for=("status", "correction"),
    ),
    problem(
        code="correction_required",
        status=409,
        title="Another time or outcome is on record",
        advice=(
            'To correct the latest change, send `"correction": true` and a `reason`. What held'
            " before that is corrected once the latest change was taken back."
        ),
        example=Example(
            "The status on record is dropped, since 2026-09-01T09:00:00.000Z.",
            "/effective_at",
            {"status": "dropped", "effective_at": "2026-09-01T09:00:00.000Z"},
        ),
        rule_for=("status", "correction"),
    ),
    problem(
        code="nothing_to_correct",
        status=409,
        title="The student is not in the course, so there is no change to correct",
        advice="A void enrollment cannot be corrected. Enroll the student again.",
        example=Example(
            "The student is not in CS101, so there is no change to correct.",
            "",
            {"course_id": 1},
        ),
        rule_for=("correction", "take_back"),
    ),
    problem(
        code="promoted_again",
        status=409,
        title="The student would be promoted again at once",
        advice=(
            "First take back what made the seat free, and override `course_full`, or set the"
            " `promotion` of the course to `manual`."
        ),
        example=Example(
            "The seat is free, and the student would be promoted again at once.",
            "",
            {"course_id": 1},
        ),
        rule_for=("correction", "take_back"),
    ),
    problem(
        code="drop_closed",
        status=409,
        title="The deadline for dropping the course has passed",
        advice="Ask the registrar, who can still drop the course.",
        example=Example(
            "CS101 could be dropped until 2026-10-01T00:00:00.000Z.",
            "/status",
            {
                "course": "CS101",
                "drop_until": "2026-10-01T00:00:00.000Z",
                "end_on": "2026-12-18",
            },
        ),
        rule_for=("status", "drop", "swap"),
    ),
    problem(
        code="reason_required",
        status=422,
        title="A void enrollment, or a correction, needs a reason",
        advice="Send the `reason` for which the enrollment, or its latest change, was a mistake.",
        example=Example("A void needs a reason.", "/reason", {"status": "void"}),
        rule_for=("void", "correction"),
    ),
    problem(
        code="void_has_no_time",
        status=422,
        title="A void enrollment cannot have an effective time",
        advice="Leave out `effective_at`: an enrollment is void from its beginning.",
        example=Example(
            "A void enrollment never was: it has no `effective_at`.",
            "/effective_at",
            {"effective_at": "2026-09-01T09:00:00.000Z"},
        ),
        rule_for=("void",),
    ),
    problem(
        code="enrollment_completed",
        status=409,
        title="A completed enrollment cannot be void",
        advice="Nothing can be done: a completed course stays on record.",
        example=Example(
            "The student completed CS101 at 2026-09-01T09:00:00.000Z.",
            "/status",
            {"course": "CS101", "completed_at": "2026-09-01T09:00:00.000Z"},
        ),
        rule_for=("void", "take_back"),
    ),
    problem(
        code="void_too_late",
        status=409,
        title="The term of the enrollment is over",
        advice="Drop the enrollment instead: the record of a past term stays.",
        example=Example(
            "The term of CS101 ended on 2026-12-18.",
            "/status",
            {"course": "CS101", "end_on": "2026-12-18"},
        ),
        rule_for=("void", "take_back"),
    ),
    problem(
        code="promotion_automatic",
        status=409,
        title="The course promotes from its waitlist automatically",
        advice='Nothing needs to be done. To promote by hand, set `promotion` to "manual".',
        example=Example(
            "CS102 gives free seats to waitlisted students automatically.",
            "",
            {"course": "CS102"},
        ),
        rule_for=("promotion",),
    ),
    problem(
        code="not_waitlisted",
        status=409,
        title="The student is not on the waitlist of the course",
        advice="List the waitlist: `GET /v1/courses/{id}/students?status=waitlisted`.",
        example=Example(
            "The student does not wait for CS102.",
            "/student_id",
            {"student_id": 1, "course": "CS102"},
        ),
        rule_for=("promotion", "position"),
    ),
    problem(
        code="no_such_position",
        status=409,
        title="The waitlist has no such position",
        advice="Send a `position` from 1 to the number of students on the waitlist.",
        example=Example(
            "The waitlist of CS102 has no position 9: it ends at 3.",
            "/position",
            {"course": "CS102", "waitlisted": 3},
        ),
        rule_for=("position",),
    ),
)
