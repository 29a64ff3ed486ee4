"""What a form wants to add and drop for a student, and the page that shows what comes of it."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from msgspec.structs import replace

from enrollment.data.change_list import ChangeScope, list_changes
from enrollment.data.course import get_course, list_possible_corequisites
from enrollment.data.eligibility import EnrollmentRequest, decide, rules_to_json
from enrollment.data.page import Scheduled
from enrollment.data.roster import get_courses_tag
from enrollment.data.student import get_student
from enrollment.http.context import change_context
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
# What can be solved by another course in the same form: one that is dropped, or taken with it.
SOLVED_TOGETHER = {
    "another_section",
    "time_conflict",
    "credit_limit",
    "corequisite_missing",
    "course_full",
}


class Plan(NamedTuple):
    """The ids of the courses to add, to wait for and to drop, and the rules to set aside."""

    courses: list[int]
    waits: list[int]
    drops: list[int]
    rules: list[str]
    override_reason: str


class Companion(NamedTuple):
    """A course that another one could be taken together with, and the rules that it breaks beside
    the plan. A student is offered none that breaks any."""

    course_id: int
    label: str
    reasons: list[Violation]


class Step(NamedTuple):
    """A course to add: the status of the student in it now, if any, the one that is asked for or
    would come of it, and the reasons why not."""

    course: Course
    before: str | None
    after: str
    reasons: list[Violation]
    # Whether the student could join its waitlist instead.
    can_wait: bool
    # What it could be taken together with, if a course is missing.
    together: list[Companion]

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
    steps = _steps(visit, student_id, plan, by_id, against, answer)
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
    student_id: int,
    plan: Plan,
    schedule: Mapping[int, Scheduled],
    against: Mapping[int, list[Violation]],
    answer: dict[str, Any] | None,
) -> list[Step]:
    """The courses to add, with the reasons against each, and what could be done instead."""
    after = {item["course_id"]: item["status"] for item in answer["items"]} if answer else {}
    wanted = {id: "waitlisted" if id in plan.waits else "enrolled" for id in plan.courses} | after
    possible = _possible_companions(visit, plan, against)
    others = {other for found in possible.values() for other in found}
    # A plan against which there is nothing needs no offer.
    broken = _decide_offers(visit, student_id, plan, others) if against else {}
    steps = []
    for id in plan.courses:
        before = schedule[id].status if id in schedule else None
        reasons = against.get(id, [])
        codes = {reason.code for reason in broken.get(id, ())}
        # What else is against it is refused again: only staff can set that aside.
        is_offered = visit.may_write or codes <= SOLVED_TOGETHER
        is_full = any(reason.code == "course_full" for reason in reasons)
        has_place = before != "waitlisted" and "waitlist_full" not in codes
        together = [
            Companion(other, label, broken[other])
            for other, label in possible.get(id, {}).items()
            if is_offered and (visit.may_write or not broken[other])
        ]
        can_wait = is_offered and is_full and has_place
        steps.append(
            Step(get_course(visit.db, id), before, wanted[id], reasons, can_wait, together)
        )
    return steps


def _possible_companions(
    visit: Visit, plan: Plan, against: Mapping[int, list[Violation]]
) -> dict[int, dict[int, str]]:
    """The courses that would do for what each course of the plan is taken together with, by its id:
    their labels by id. What the plan has already, or drops, is left out."""
    of_plan = {id: against.get(id, []) for id in plan.courses}
    possible: dict[int, dict[int, str]] = {}
    for (id, _), found in list_possible_corequisites(visit.db, of_plan).items():
        others = {
            other: label
            for other, label in found.items()
            if other not in plan.courses and other not in plan.drops
        }
        possible.setdefault(id, {}).update(others)
    return possible


def _decide_offers(
    visit: Visit, student_id: int, plan: Plan, others: Iterable[int]
) -> dict[int, list[Violation]]:
    """The rules that each course of the plan breaks if the student would also wait for it, and that
    each of the others breaks beside the plan, by the id of the course."""
    requests = [
        EnrollmentRequest(student_id, id, waitlist=True, allow_existing=True) for id in plan.courses
    ]
    requests += [EnrollmentRequest(student_id, id, alone=True) for id in others]
    change = replace(change_context(visit.context), overridden=rules_to_json(plan.rules))
    decisions = decide(visit.db, requests, change, dropped=plan.drops)
    return {decision.course_id: decision.violations for decision in decisions}


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
