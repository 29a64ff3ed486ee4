"""/courses/{id}: a course with its roster and waitlist."""

from collections import Counter
from functools import partial
from http import HTTPStatus

from enrollment.data import page
from enrollment.data.change_list import ChangeScope, list_changes
from enrollment.data.course import get_course, get_course_tag
from enrollment.data.keyset import NO_LIMIT
from enrollment.data.roster import list_students_of_course
from enrollment.http.conditional import etag_of
from enrollment.http.operation import READERS, READERS_AND_STUDENTS, REGISTRARS, Operation
from enrollment.http.responses import Result
from enrollment.model.queries import CensusFilter, StudentRosterFilter
from enrollment.model.records import RosterEntry
from enrollment.model.results import Violation
from enrollment.model.types import EnrollmentStatus
from enrollment.problems.errors import Problem
from enrollment.web.change_details import ask_for_reason, change_details, override_of
from enrollment.web.fields import whole
from enrollment.web.forms import submit
from enrollment.web.history import done_query
from enrollment.web.move import NO_MOVE, Move, move
from enrollment.web.past import NOW, read_past
from enrollment.web.refusal import overridable
from enrollment.web.visit import Visit
from enrollment.web.words import link

CHANGES = 10
NOTHING_TICKED = Problem("invalid_query", "Tick at least one student first.")


def show_course(
    visit: Visit, course_id: int, problem: Problem | None = None, move: Move = NO_MOVE
) -> Result:
    """Show a course; and to staff its students, now or at an earlier time."""
    course = get_course(visit.db, course_id)
    facts = page.get_course_facts(visit.db, course_id)
    if own_id := visit.caller.student_id:
        schedule = page.list_schedule(visit.db, own_id)
        own = next((each for each in schedule if each.course_id == course_id), None)
        return visit.page("course", course=course, facts=facts, own=own, past=None)
    past = read_past(visit)
    roster = _roster(visit, course_id, past)
    waitlist = sorted(
        (entry for entry in roster if entry.status == "waitlisted"),
        key=lambda entry: (entry.position or 0, entry.waitlisted_at or ""),
    )
    given_up = [entry.instead_of for entry in waitlist if entry.instead_of]
    return visit.page(
        "course",
        problem,
        move.problem,
        course=course,
        facts=facts,
        past=past if past != NOW else None,
        by_status={
            name: [entry for entry in roster if entry.status == name]
            for name in ("enrolled", "completed", "dropped")
        },
        waitlist=waitlist,
        labels=page.list_labels(visit.db, given_up),
        move=move,
        tags={entry.student_id: etag_of(entry) for entry in waitlist},
        seen=get_course_tag(visit.db, course_id),
        changes=list_changes(visit.db, ChangeScope(course_id=course_id), CHANGES).items,
        rules=_rules(visit, problem),
    )


def show_class_list(visit: Visit, course_id: int) -> Result:
    """Show the class list of a course, now or at an earlier time, to print."""
    course = get_course(visit.db, course_id)
    past = read_past(visit)
    enrolled = _roster(visit, course_id, past, "enrolled")
    term = page.get_course_facts(visit.db, course_id).term_title
    return visit.page("class_list", course=course, term=term, past=past, enrolled=enrolled)


def drop(visit: Visit, course_id: int) -> Result:
    """Drop the ticked students."""
    ticked = visit.form.ids("student")

    def act() -> str:
        ask_for_reason(visit, [(id, course_id) for id in ticked])
        body = {
            "students": [{"student_id": id, "status": "dropped"} for id in ticked],
            **change_details(visit),
        }
        path, seen = f"/v1/courses/{course_id}/students", visit.form.one("seen")
        roster = _roster(visit, course_id, NOW)
        left = Counter(entry.status for entry in roster if entry.student_id in ticked)
        outcomes = [("students_dropped", left["enrolled"]), ("students_left", left["waitlisted"])]
        visit.send("POST", path, body, if_match=seen)
        return link(f"/courses/{course_id}", **done_query(outcomes))

    if not ticked:
        return show_course(visit, course_id, NOTHING_TICKED)
    return submit(visit, act, partial(show_course, visit, course_id))


def promote(visit: Visit, course_id: int) -> Result:
    """Give free seats to the first students on the waitlist, or one to the student who is named.

    If no one can have one, nothing is changed, and every reason is shown.
    """

    def act() -> str:
        named = visit.form.ids("promoted")
        body = {"student_id": named[0]} if named else {"seats": whole(visit.form.one("seats"))}
        answer = visit.send(
            "POST", f"/v1/courses/{course_id}/promotions", body | override_of(visit.form)
        )
        promoted = sum(item["status"] < HTTPStatus.BAD_REQUEST for item in answer["items"])
        against = [reason for item in answer["items"] for reason in item.get("errors", ())]
        if against and not promoted:
            raise Problem.from_violations([Violation(**reason) for reason in against])
        return link(f"/courses/{course_id}", done="promoted", n=promoted)

    return submit(visit, act, partial(show_course, visit, course_id))


def move_on_waitlist(visit: Visit, course_id: int) -> Result:
    """Move a student on the waitlist."""
    named = visit.form.ids("moved")
    if not named:
        return show_course(visit, course_id, Problem("invalid_query", "Choose a student first."))
    moved_to = link(f"/courses/{course_id}", done="moved")
    return move(
        visit,
        named[0],
        course_id,
        moved_to,
        lambda moved: show_course(visit, course_id, move=moved),
    )


def _rules(visit: Visit, problem: Problem | None) -> list[str]:
    """The rules that a promotion that was refused can set aside. Other forms set none aside."""
    if problem is None or not visit.form.all("promoted"):
        return []
    return overridable([*visit.form.all("rule"), *problem.codes])


def _roster(
    visit: Visit, course_id: int, past: CensusFilter, status: EnrollmentStatus | None = None
) -> list[RosterEntry]:
    """All students of a course by name, or all with this status."""
    wanted = StudentRosterFilter(
        order="name", status=status, limit=NO_LIMIT, as_of=past.as_of, known_at=past.known_at
    )
    return list_students_of_course(visit.db, course_id, wanted).items


ONE = "/courses/<course_id:id>"
PAGES = (
    Operation("GET", ONE, READERS_AND_STUDENTS, show_course),
    Operation("GET", f"{ONE}/class-list", READERS, show_class_list),
    Operation("POST", f"{ONE}/drop", REGISTRARS, drop),
    Operation("POST", f"{ONE}/move", REGISTRARS, move_on_waitlist),
    Operation("POST", f"{ONE}/promote", REGISTRARS, promote),
)
