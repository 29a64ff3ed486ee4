"""/students/{id}: the desk, with all that is done for one student; and the student's own page."""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

from enrollment.data import page
from enrollment.data.change_list import Changed, ChangeScope, list_changes
from enrollment.data.hold import count_open_holds, list_all_holds
from enrollment.data.page import Scheduled
from enrollment.data.student import get_student
from enrollment.http.conditional import etag_of
from enrollment.http.operation import READERS_AND_STUDENTS, REGISTRARS, Operation
from enrollment.http.responses import Result
from enrollment.model.queries import HoldFilter
from enrollment.problems.errors import Problem
from enrollment.web.change_details import ask_for_reason, change_details
from enrollment.web.chosen_term import Terms, choose_term
from enrollment.web.forms import submit
from enrollment.web.history import done_query
from enrollment.web.move import NO_MOVE, Move, move
from enrollment.web.refusal import by_field, by_item
from enrollment.web.visit import Visit
from enrollment.web.words import link

CHANGES = 10
# What a student has now, and not only had.
PRESENT = ("enrolled", "waitlisted")
NOTHING_TICKED = Problem("invalid_query", "Tick at least one course first.")


def show_desk(
    visit: Visit,
    student_id: int,
    problem: Problem | None = None,
    hold_refusal: Problem | None = None,
    move: Move = NO_MOVE,
    needing: Collection[int] = (),
) -> Result:
    """Show a student's record, courses, holds and last changes.

    `problem` is that of the form with the courses. `needing` has the ids of the courses that need
    one that was to be dropped: they are ticked too.
    """
    student = get_student(visit.db, student_id)
    terms = choose_term(visit)
    schedule = page.list_schedule(visit.db, student_id)
    by_term: dict[str | None, list[Scheduled]] = {terms.code: []}
    for course in schedule:
        by_term.setdefault(course.term, []).append(course)
    holds = list_all_holds(visit.db, HoldFilter(student_id=student_id, active=True, limit=1000))
    latest = list_changes(visit.db, ChangeScope(student_id), CHANGES)
    return visit.page(
        "desk",
        problem,
        hold_refusal,
        move.problem,
        student=student,
        record_end=page.get_record_end(visit.db, student_id),
        alike=[] if visit.is_student else page.list_people(visit.db, visit.query.ids("alike")),
        terms=terms,
        courses=by_term.pop(terms.code),
        ticked={*visit.form.ids("drop"), *needing},
        needing=needing,
        others=by_term,
        limit=terms.limit_of(student),
        holds=holds.items,
        changes=_visible(visit, latest.items),
        hold_errors=by_field(hold_refusal, visit.words.reason),
        move=move,
        tags={course.course_id: etag_of(course) for course in schedule},
        labels={course.course_id: course.label for course in schedule},
    )


def show_schedule(visit: Visit, student_id: int) -> Result:
    """Show the schedule of a student in one term, to print."""
    terms = choose_term(visit)
    courses = present_in(terms, page.list_schedule(visit.db, student_id))
    student = get_student(visit.db, student_id)
    return visit.page("schedule", student=student, terms=terms, courses=courses)


def drop(visit: Visit, student_id: int) -> Result:
    """Drop the ticked courses: all of them, or none. A student is asked first, by the plan."""
    ticked = visit.form.ids("drop")
    if not ticked:
        return show_desk(visit, student_id, NOTHING_TICKED)
    schedule = page.list_schedule(visit.db, student_id)
    kept = kept_courses(schedule, ticked)

    def act() -> str:
        versions = {course.course_id: str(course.version) for course in schedule}
        # A change of another course is no reason to refuse this.
        if any(visit.form.one(f"seen-{id}") != versions.get(id) for id in ticked):
            raise Problem("precondition_failed", "A ticked course has changed meanwhile.")
        ask_for_reason(visit, [(student_id, id) for id in ticked])
        # As one set, so that courses that are taken together can be dropped together.
        body = {"courses": kept, **change_details(visit)}
        visit.send("PUT", f"/v1/students/{student_id}/courses", body)
        return _back(visit, student_id, *drop_outcomes(schedule, ticked))

    def show_again(problem: Problem) -> Result:
        needing, _ = by_item(problem, "courses", [course["course_id"] for course in kept])
        return show_desk(visit, student_id, problem, needing=needing.keys())

    return submit(visit, act, show_again)


def place_hold(visit: Visit, student_id: int) -> Result:
    """Place a hold on the student."""

    def act() -> str:
        visit.send(
            "POST", f"/v1/students/{student_id}/holds", {"reason": visit.form.one("hold_reason")}
        )
        return _back(visit, student_id, ("held", 1))

    return submit(visit, act, lambda problem: show_desk(visit, student_id, hold_refusal=problem))


def release_hold(visit: Visit, student_id: int, hold_id: int) -> Result:
    """Release a hold of the student."""

    def act() -> str:
        in_force = count_open_holds(visit.db, [hold_id])
        visit.send("DELETE", f"/v1/students/{student_id}/holds/{hold_id}")
        done = "released" if in_force else "holds_released_before"
        return _back(visit, student_id, (done, 1))

    return visit.once(act)


def move_on_waitlist(visit: Visit, student_id: int) -> Result:
    """Move the student on the waitlist of a course."""
    named = visit.form.ids("moved")
    if not named:
        return show_desk(visit, student_id, Problem("invalid_query", "Choose a course first."))
    moved_to = _back(visit, student_id, ("moved", 1))
    return move(
        visit,
        student_id,
        named[0],
        moved_to,
        lambda moved: show_desk(visit, student_id, move=moved),
    )


def _visible(visit: Visit, changes: list[Changed]) -> list[Changed]:
    """A student sees only changes of enrollments, and no one else's name."""
    if not visit.is_student:
        return changes
    own = visit.caller.actor
    return [
        change if change.actor == own else change._replace(actor=None)
        for change in changes
        if change.subject == "enrollment"
    ]


def present_in(terms: Terms, schedule: list[Scheduled]) -> list[Scheduled]:
    """The courses that a student has now in the term that is shown."""
    return [course for course in schedule if course.term == terms.code and course.status in PRESENT]


def kept_courses(schedule: list[Scheduled], without: Sequence[int]) -> list[dict[str, Any]]:
    """The courses that a student has now, without these, as the API takes the set of them."""
    return [
        {"course_id": course.course_id, "waitlist": course.status == "waitlisted"}
        for course in schedule
        if course.status in PRESENT and course.course_id not in without
    ]


def drop_outcomes(schedule: list[Scheduled], dropped: list[int]) -> list[tuple[str, int]]:
    """How many of these courses are dropped, and of how many only the waitlist is left."""
    states = Counter(course.status for course in schedule if course.course_id in dropped)
    return [("dropped", states["enrolled"]), ("left", states["waitlisted"])]


def _back(visit: Visit, student_id: int, *outcomes: tuple[str, int]) -> str:
    term = visit.form.one("term")
    return link(f"/students/{student_id}", term=term, **done_query(outcomes))


ONE = "/students/<student_id:id>"
PAGES = (
    Operation("GET", ONE, READERS_AND_STUDENTS, show_desk),
    Operation("GET", f"{ONE}/schedule", READERS_AND_STUDENTS, show_schedule),
    Operation("POST", f"{ONE}/drop", REGISTRARS, drop),
    Operation("POST", f"{ONE}/move", REGISTRARS, move_on_waitlist),
    Operation("POST", f"{ONE}/holds", REGISTRARS, place_hold),
    Operation("POST", f"{ONE}/holds/<hold_id:id>/release", REGISTRARS, release_hold),
)
