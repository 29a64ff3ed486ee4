"""What a form wants to add and drop for a student, and the page that shows what comes of it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from enrollment.data.change_list import ChangeScope, list_changes
from enrollment.data.course import get_course, list_possible_corequisites
from enrollment.data.page import Scheduled
from enrollment.data.roster import get_courses_tag
from enrollment.data.student import get_student
from enrollment.http.responses import Result
from enrollment.model.courses import Course
from enrollment.model.results import Violation
from enrollment.problems.errors import Problem
from enrollment.problems.registry import PROBLEM_TYPES
from enrollment.web.chosen_term import choose_term
from enrollment.web.fields import Fields
from enrollment.web.promoted import preview_promotions
from enrollment.web.refusal import by_item, overridable
from enrollment.web.visit import Visit

# The fields of the form, as the API names them.
OTHER_FIELDS = {"override": "override_reason", "effective_at": "effective_on", "reason": "reason"}


class Plan(NamedTuple):
    """The ids of the courses to add, to wait for and to drop, and the rules to set aside."""

    courses: list[int]
    waits: list[int]
    drops: list[int]
    rules: list[str]
    override_reason: str


class Step(NamedTuple):
    """A course to add: the status of the student in it now, if any, the one that is asked for or
    would come of it, and the reasons why not. `together` has the courses that it could be taken
    together with, if one is missing: their labels by id."""

    course: Course
    before: str | None
    after: str
    reasons: list[Violation]
    together: dict[int, str]

    @property
    def can_wait(self) -> bool:
        is_full = any(reason.code == "course_full" for reason in self.reasons)
        return is_full and self.before != "waitlisted"

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to do. An enrolled student cannot join the waitlist."""
        return self.before in ("enrolled", self.after)


def read_plan(form: Fields) -> Plan:
    """Read the plan from a form. A course to wait for is a course to add."""
    waits = form.ids("wait")
    courses = [*dict.fromkeys([*form.ids("course"), *waits])]
    rules = [code for code in form.all("rule") if code in PROBLEM_TYPES]
    return Plan(courses, waits, form.ids("drop"), rules, form.one("override_reason"))


def show_plan(
    visit: Visit,
    student_id: int,
    plan: Plan,
    schedule: list[Scheduled],
    asked: list[int],
    problem: Problem | None,
    answer: dict[str, Any] | None,
) -> Result:
    """Show the plan with its outcome: the problem, or the answer to the dry run.

    `asked` has the ids of all courses in the request, which a pointer of the problem counts.
    """
    against, general = _sorted_reasons(problem, asked)
    by_id = {course.course_id: course for course in schedule}
    steps = _steps(visit, plan, by_id, against, answer)
    # A course that stays can lose what it is taken together with.
    kept = [
        (by_id[id], found)
        for id, found in against.items()
        if id in by_id and id not in plan.courses
    ]
    # Then it can be dropped too, by a student only before its deadline.
    droppable = [
        course
        for course, _ in kept
        if not (visit.is_student and visit.words.is_over(course.drop_until))
    ]
    drops = [by_id[id] for id in plan.drops if id in by_id]
    # A plan that adds nothing has no other way than to drop both.
    dropped = drops if steps else drops + droppable
    broken = [reason.code for found in against.values() for reason in found]
    terms = choose_term(visit)
    student = get_student(visit.db, student_id)
    return visit.page(
        "plan",
        problem,
        student=student,
        terms=terms,
        plan=plan,
        steps=steps,
        kept=kept,
        is_tried=answer is not None,
        drops=drops,
        droppable=droppable,
        dropped=dropped,
        general=general,
        rules=overridable([*plan.rules, *broken]) if visit.may_write else [],
        credits=_credits(schedule, steps, dropped, terms.code),
        limit=terms.limit_of(student),
        promoted=preview_promotions(visit, answer, [student_id]),
        seen=get_courses_tag(visit.db, student_id),
        changes=list_changes(visit.db, ChangeScope(student_id), 5).items
        if problem and problem.code == "precondition_failed" and visit.may_write
        else [],
    )


def _sorted_reasons(
    problem: Problem | None, asked: list[int]
) -> tuple[dict[int, list[Violation]], dict[str, list[Violation]]]:
    """The reasons of a problem: by the id of the course, and those of no course by the field of the
    form."""
    against, others = by_item(problem, "courses", asked)
    general: dict[str, list[Violation]] = {}
    for reason in others:
        field = (reason.pointer or "").strip("/").partition("/")[0]
        general.setdefault(OTHER_FIELDS.get(field, ""), []).append(reason)
    return against, general


def _steps(
    visit: Visit,
    plan: Plan,
    schedule: Mapping[int, Scheduled],
    against: Mapping[int, list[Violation]],
    answer: dict[str, Any] | None,
) -> list[Step]:
    """The courses to add, with the reasons against each."""
    after = {item["course_id"]: item["status"] for item in answer["items"]} if answer else {}
    wanted = {id: "waitlisted" if id in plan.waits else "enrolled" for id in plan.courses} | after
    missing = [
        (id, reason.details["requires"])
        for id in plan.courses
        for reason in against.get(id, ())
        if reason.code == "corequisite_missing"
    ]
    together = list_possible_corequisites(visit.db, missing)
    return [
        Step(
            get_course(visit.db, id),
            schedule[id].status if id in schedule else None,
            wanted[id],
            against.get(id, []),
            {
                other: label
                for other, label in together.get(id, {}).items()
                if other not in plan.courses
            },
        )
        for id in plan.courses
    ]


def _credits(
    schedule: list[Scheduled], steps: list[Step], dropped: list[Scheduled], term: str | None
) -> tuple[float, float]:
    """The credits of the student in the term, now and with the plan. A cancelled course takes
    none."""
    enrolled = [
        course
        for course in schedule
        if course.term == term
        and course.status == "enrolled"
        and course.course_status != "cancelled"
    ]
    now = sum(course.credits for course in enrolled)
    gone = sum(course.credits for course in enrolled if course in dropped)
    new = sum(
        step.course.credits
        for step in steps
        if step.course.term == term and step.after == "enrolled" and not step.is_done
    )
    return now, now - gone + new
