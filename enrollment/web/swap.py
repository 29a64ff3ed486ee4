"""/students/{id}/courses/{id}/swap: take another course instead, at once or when a seat is free."""

from functools import partial
from typing import Any

from enrollment.data import page
from enrollment.data.course import get_course
from enrollment.data.eligibility import Decision, EnrollmentRequest, decide
from enrollment.data.page import Offered
from enrollment.data.roster import get_courses_tag
from enrollment.data.student import get_student
from enrollment.http.context import change_context
from enrollment.http.operation import REGISTRARS_AND_STUDENTS, Operation
from enrollment.http.responses import Result
from enrollment.problems.errors import Problem
from enrollment.problems.registry import PROBLEM_TYPES
from enrollment.web.change_details import ask_for_reason, override_of
from enrollment.web.desk import PRESENT
from enrollment.web.forms import preview_or_submit
from enrollment.web.paging import after, next_path
from enrollment.web.promoted import preview_promotions
from enrollment.web.refusal import overridable
from enrollment.web.visit import Visit
from enrollment.web.words import link

PAGE = 50
NOTHING_CHOSEN = Problem("invalid_query", "Choose a course first.")


def show_options(
    visit: Visit,
    student_id: int,
    course_id: int,
    problem: Problem | None = None,
    answer: dict[str, Any] | None = None,
) -> Result:
    """List courses that the student could take instead: at first the other sections, if any."""
    student = get_student(visit.db, student_id)
    schedule = {item.course_id: item for item in page.list_schedule(visit.db, student_id)}
    course = schedule.get(course_id) or get_course(visit.db, course_id)
    present = [id for id, item in schedule.items() if item.status in PRESENT]
    for q in [visit.query.one("q")] if "q" in dict(visit.query) else [course.code, ""]:
        found = page.list_catalog(visit.db, course.term, q, "all", PAGE, after(visit))
        offered = [each for each in found.items if each.id not in present]
        if offered:
            break
    broken = [*visit.form.all("rule"), *(problem.codes if problem else ())]
    return visit.page(
        "swap",
        problem,
        student=student,
        course=course,
        is_enrolled=course_id in present and schedule[course_id].status == "enrolled",
        q=q,
        options=_options(visit, student_id, course_id, offered),
        chosen=visit.form.ids("course"),
        seen=get_courses_tag(visit.db, student_id),
        following=next_path(visit, found.next),
        rules=overridable(broken) if visit.may_write else [],
        preview=answer,
        promoted=preview_promotions(visit, answer, [student_id]),
    )


def swap(visit: Visit, student_id: int, course_id: int) -> Result:
    """Preview the swap, or do it. A refusal shows every reason."""
    form = visit.form
    chosen = form.ids("course")
    path, seen = f"/v1/students/{student_id}/courses", form.one("seen")
    if not chosen:
        return show_options(visit, student_id, course_id, NOTHING_CHOSEN)
    body: dict[str, Any] = {"course_id": chosen[0], "waitlist": True, "instead_of": course_id}
    body |= override_of(form)
    if reason := form.one("reason"):
        body["reason"] = reason

    def done(new: Any) -> str:
        done = "swapped" if new["status"] == "enrolled" else "waits_to_swap"
        return link(f"/students/{student_id}", term=get_course(visit.db, course_id).term, done=done)

    def send(**options: Any) -> Any:
        ask_for_reason(visit, [(student_id, course_id)])
        return visit.send("POST", path, body, if_match=seen, **options)

    return preview_or_submit(visit, send, done, partial(show_options, visit, student_id, course_id))


def _options(
    visit: Visit, student_id: int, course_id: int, offered: list[Offered]
) -> list[tuple[Offered, Decision, bool]]:
    """The courses with what would become of each alone, and whether it can be chosen."""
    requests = [
        EnrollmentRequest(student_id, course.id, waitlist=True, instead_of=course_id, alone=True)
        for course in offered
    ]
    decisions = decide(visit.db, requests, change_context(visit.context))
    return [
        (
            course,
            decision,
            all(
                visit.may_write and PROBLEM_TYPES[reason.code].overridable
                for reason in decision.violations
            ),
        )
        for course, decision in zip(offered, decisions, strict=True)
    ]


ONE = "/students/<student_id:id>/courses/<course_id:id>/swap"
PAGES = (
    Operation("GET", ONE, REGISTRARS_AND_STUDENTS, show_options),
    Operation("POST", ONE, REGISTRARS_AND_STUDENTS, swap),
)
