"""/students/{id}/add: enroll a student, with every reason why not; and swap courses at once."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from enrollment.data import page
from enrollment.data.eligibility import EnrollmentRequest, decide
from enrollment.data.page import Offered, Scheduled
from enrollment.data.roster import get_courses_tag
from enrollment.data.student import get_student
from enrollment.http.context import change_context
from enrollment.http.operation import REGISTRARS_AND_STUDENTS, Operation
from enrollment.http.responses import Result
from enrollment.model.results import Violation
from enrollment.problems.errors import Problem
from enrollment.problems.registry import PROBLEM_TYPES
from enrollment.web.change_details import ask_for_reason, change_details
from enrollment.web.chosen_term import choose_term
from enrollment.web.desk import NOTHING_TICKED, PRESENT, drop_outcomes, kept_courses, present_in
from enrollment.web.forms import preview_or_submit
from enrollment.web.history import done_query
from enrollment.web.paging import after, cursor
from enrollment.web.plan import SOLVED_TOGETHER, Plan, read_plan, show_plan
from enrollment.web.refusal import is_shown
from enrollment.web.visit import Visit
from enrollment.web.words import link

PAGE = 50


class Choice(NamedTuple):
    """A course that could be added."""

    course: Offered
    # How the student stands in it, if at all.
    present: Scheduled | None
    # Why not, if it is added alone.
    reasons: list[Violation]
    # Whether the course is full, and every rule lets the student wait for a seat.
    is_waitable: bool

    @property
    def status(self) -> str:
        """How the student stands in it now, or ""."""
        return self.present.status if self.present and self.present.status in PRESENT else ""

    @property
    def can_wait(self) -> bool:
        """Whether the student could join the waitlist, and is not on it yet."""
        return not self.status and self.is_waitable

    def can_be_ticked(self, *, by_staff: bool) -> bool:
        """Whether a seat can be asked for: by staff also for a student who waits, and against
        rules."""
        codes = {reason.code for reason in self.reasons}
        if by_staff:
            gives_up = self.present and self.present.instead_of
            overridable = all(PROBLEM_TYPES[code].overridable for code in codes)
            return self.status != "enrolled" and not gives_up and overridable
        return not self.status and not self.can_wait and codes <= SOLVED_TOGETHER


def show_choices(visit: Visit, student_id: int, problem: Problem | None = None) -> Result:
    """List courses: each with a box to tick, or with every reason why not."""
    student = get_student(visit.db, student_id)
    fields = visit.form or visit.query
    terms, q, plan = choose_term(visit), fields.one("q"), read_plan(fields)
    found = page.list_catalog(visit.db, terms.code, q, "all", PAGE, after(visit))
    schedule = page.list_schedule(visit.db, student_id)
    present = {course.course_id: course for course in schedule}
    listed = {course.id for course in found.items}
    return visit.page(
        "student_add",
        problem,
        student=student,
        terms=terms,
        q=q,
        choices=_choices(visit, student_id, found.items, present),
        plan=plan,
        # What was ticked before another search.
        unlisted=page.list_labels(visit.db, [id for id in plan.courses if id not in listed]),
        reason=fields.one("reason"),
        seen=get_courses_tag(visit.db, student_id),
        current=present_in(terms, schedule),
        following=cursor(found.next),
    )


def add(visit: Visit, student_id: int) -> Result:
    """Preview what was ticked, or enroll. A refusal shows every reason, and what can be done."""
    plan = read_plan(visit.form)
    if not plan.courses and not plan.drops:
        return show_choices(visit, student_id, NOTHING_TICKED)
    if both := [id for id in plan.drops if id in plan.courses]:
        return show_choices(visit, student_id, _ticked_twice(visit, both))
    schedule = page.list_schedule(visit.db, student_id)
    body = _body(visit, plan, schedule)
    path, seen = f"/v1/students/{student_id}/courses", visit.form.one("seen")

    def send(**options: Any) -> Any:
        ask_for_reason(visit, [(student_id, id) for id in plan.drops])
        return visit.send("PUT", path, body | change_details(visit), if_match=seen, **options)

    def done(answer: Any) -> str:
        before = {course.course_id: course.status for course in schedule}
        added = [
            item
            for item in answer["items"]
            if item["course_id"] in plan.courses and item["status"] != before.get(item["course_id"])
        ]
        places = [item["position"] for item in added if item["status"] == "waitlisted"]
        outcomes = [
            ("enrolled", len(added) - len(places)),
            *(("waits", place) for place in places),
            *drop_outcomes(schedule, plan.drops),
        ]
        term = visit.form.one("term")
        return link(f"/students/{student_id}", term=term, **done_query(outcomes))

    def show_again(problem: Problem | None, answer: Any) -> Result:
        asked = [course["course_id"] for course in body["courses"]]
        broken = _with_rules(visit, path, body, problem) if problem else None
        return show_plan(visit, student_id, plan, schedule, asked, broken, answer)

    return preview_or_submit(visit, send, done, show_again)


def _with_rules(visit: Visit, path: str, body: dict[str, Any], refusal: Problem) -> Problem:
    """Return a refusal with the rules that the plan breaks. A body that is invalid, such as one
    that sets rules aside without a reason, was not checked against them."""
    if refusal.code != "invalid_body":
        return refusal
    try:
        visit.send("PUT", path, {"courses": body["courses"]}, dry_run=True)
    except Problem as broken:
        if is_shown(broken):
            violations = [*refusal.violations, *broken.violations]
            return Problem(refusal.code, refusal.detail, violations)
        raise
    return refusal


def _body(visit: Visit, plan: Plan, schedule: list[Scheduled]) -> dict[str, Any]:
    """Return the whole set of courses that the student is to have: those that stay, and the new."""
    stay = kept_courses(schedule, [*plan.drops, *plan.courses])
    new = [{"course_id": id, "waitlist": id in plan.waits} for id in plan.courses]
    body: dict[str, Any] = {"courses": stay + new}
    if plan.rules:
        body["override"] = {"rules": plan.rules, "reason": plan.override_reason}
    return body


def _ticked_twice(visit: Visit, course_ids: list[int]) -> Problem:
    """Return the problem of a form in which courses are ticked to add and to drop."""
    labels = page.list_labels(visit.db, course_ids).values()
    detail = f"Ticked both to add and to drop: {', '.join(labels)}. Tick only one of the two."
    return Problem("invalid_query", detail)


def _choices(
    visit: Visit, student_id: int, courses: list[Offered], present: Mapping[int, Scheduled]
) -> list[Choice]:
    """Return the courses with the reasons against each, found by one query, and by another one for
    all that are full."""
    against = _decide(visit, student_id, [course.id for course in courses])
    full = [
        id for id, found in against.items() if any(reason.code == "course_full" for reason in found)
    ]
    waiting = _decide(visit, student_id, full, waitlist=True)
    return [
        Choice(
            course,
            present.get(course.id),
            _with_full_waitlist(against[course.id], waiting.get(course.id, [])),
            waiting.get(course.id) == [],
        )
        for course in courses
    ]


def _decide(
    visit: Visit, student_id: int, course_ids: list[int], *, waitlist: bool = False
) -> dict[int, list[Violation]]:
    """Return the rules that each course breaks alone, by its id."""
    requests = [
        EnrollmentRequest(student_id, id, waitlist=waitlist, alone=True) for id in course_ids
    ]
    decisions = decide(visit.db, requests, change_context(visit.context))
    return {decision.course_id: decision.violations for decision in decisions}


def _with_full_waitlist(reasons: list[Violation], waiting: list[Violation]) -> list[Violation]:
    """Return the reasons against a seat. If the waitlist is full too, that is said in place of the
    seats: then the student cannot wait either."""
    of_waitlist = [reason for reason in waiting if reason.code == "waitlist_full"]
    if not of_waitlist:
        return reasons
    return [reason for reason in reasons if reason.code != "course_full"] + of_waitlist


ONE = "/students/<student_id:id>/add"
PAGES = (
    Operation("GET", ONE, REGISTRARS_AND_STUDENTS, show_choices),
    Operation("POST", ONE, REGISTRARS_AND_STUDENTS, add),
)
