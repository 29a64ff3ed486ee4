"""/courses/{id}/complete: students complete a course, each with an outcome and a grade."""

from functools import partial
from typing import Any

from enrollment.data import page
from enrollment.data.course import get_course, get_course_tag
from enrollment.data.keyset import NO_LIMIT
from enrollment.data.page import Person
from enrollment.data.roster import list_students_of_course
from enrollment.http.operation import REGISTRARS, Operation
from enrollment.http.responses import Result
from enrollment.model.queries import StudentRosterFilter
from enrollment.model.records import RosterEntry
from enrollment.problems.errors import Problem
from enrollment.web.change_details import change_details
from enrollment.web.course import NOTHING_TICKED
from enrollment.web.fields import Fields
from enrollment.web.forms import preview_or_submit
from enrollment.web.promoted import preview_promotions
from enrollment.web.refusal import by_item
from enrollment.web.visit import Visit
from enrollment.web.words import link


def show_form(visit: Visit, course_id: int) -> Result:
    """Ask for the outcomes: of the students who were ticked on another page, else of all who are
    enrolled."""
    return _form(visit, course_id, visit.query)


def complete(visit: Visit, course_id: int) -> Result:
    """Preview the outcomes, or record them: all of them or none."""
    form, ticked = visit.form, visit.form.ids("student")
    if not ticked:
        return _form(visit, course_id, form, NOTHING_TICKED)

    def send(**options: Any) -> Any:
        body = {"students": _items(form, ticked), **change_details(visit)}
        path, seen = f"/v1/courses/{course_id}/students", form.one("seen")
        return visit.send("POST", path, body, if_match=seen, **options)

    def done(answer: Any) -> str:
        if desk := form.ids("desk"):
            term = get_course(visit.db, course_id).term
            return link(f"/students/{desk[0]}", term=term, done="completed", n=1)
        return link(f"/courses/{course_id}", done="students_completed", n=len(ticked))

    return preview_or_submit(visit, send, done, partial(_form, visit, course_id, form))


def _items(form: Fields, ticked: list[int]) -> list[dict[str, Any]]:
    """What the form says of each student, as the API takes it."""
    values, failed = dict(form), {*form.ids("not_passed")}
    return [
        {
            "student_id": id,
            "status": "completed",
            "passed": id not in failed,
            "grade": values.get(f"grade-{id}", "").strip() or None,
        }
        for id in ticked
    ]


def _form(
    visit: Visit,
    course_id: int,
    typed: Fields,
    problem: Problem | None = None,
    answer: dict[str, Any] | None = None,
) -> Result:
    wanted = StudentRosterFilter(order="name", status="enrolled", limit=NO_LIMIT)
    enrolled = list_students_of_course(visit.db, course_id, wanted).items
    ticked = typed.ids("student")
    listed = typed.ids("listed") or ticked or [entry.student_id for entry in enrolled]
    named = {*listed}
    beside, general = by_item(problem, "students", ticked)
    completed = [item["enrollment"] for item in answer["items"]] if answer else []
    return visit.page(
        "completion",
        problem,
        course=get_course(visit.db, course_id),
        people=[entry for entry in enrolled if entry.student_id in named],
        left_out=_left_out(visit, named, enrolled),
        # A form that was sent without a tick has none.
        ticked=ticked if typed.ids("listed") else listed,
        failed=typed.ids("not_passed"),
        typed=typed,
        values=dict(typed),
        seen=get_course_tag(visit.db, course_id),
        beside=beside,
        general=general,
        passed=[item["passed"] for item in completed],
        promoted=preview_promotions(visit, answer),
    )


def _left_out(visit: Visit, named: set[int], enrolled: list[RosterEntry]) -> list[Person]:
    """The students who were ticked and are not enrolled, such as those on the waitlist."""
    others = named - {entry.student_id for entry in enrolled}
    return [*page.list_people(visit.db, [*others]).values()]


ONE = "/courses/<course_id:id>/complete"
PAGES = (
    Operation("GET", ONE, REGISTRARS, show_form),
    Operation("POST", ONE, REGISTRARS, complete),
)
