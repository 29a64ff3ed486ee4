"""/students/{id}/courses/{id}: one enrollment with its history, and what undoes a mistake in it."""

from collections.abc import Callable
from functools import partial
from typing import Any

from enrollment.data.change_list import ChangeScope, list_changes
from enrollment.data.correction import get_latest_change
from enrollment.data.course import get_course
from enrollment.data.ending import list_void_violations
from enrollment.data.enrollment import find_enrollment
from enrollment.data.student import get_student
from enrollment.http.conditional import etag_of
from enrollment.http.context import change_context
from enrollment.http.operation import READERS, REGISTRARS, Operation
from enrollment.http.responses import Result
from enrollment.model.records import Enrollment
from enrollment.model.results import Violation
from enrollment.problems.errors import Problem
from enrollment.web.change_details import change_details, override_of
from enrollment.web.forms import preview_or_submit
from enrollment.web.promoted import preview_promotions
from enrollment.web.refusal import by_field, overridable
from enrollment.web.visit import Visit
from enrollment.web.words import link

CHANGES = 50
# What the latest change can be corrected to, and which status must have been before it. A change
# that made the student enrolled can always be corrected to enrolled.
STATUSES = {
    "enrolled": ("enrolled",),
    "completed": ("enrolled",),
    "dropped": ("enrolled", "waitlisted"),
}
OUTCOMES = {"": None, "passed": True, "not passed": False}


def show_enrollment(
    visit: Visit,
    student_id: int,
    course_id: int,
    sent: str = "",
    problem: Problem | None = None,
    answer: dict[str, Any] | None = None,
) -> Result:
    """Show an enrollment and its history.

    `sent` names the form that was refused, or tried by a dry run.
    """
    present = find_enrollment(visit.db, student_id, course_id)
    latest = get_latest_change(visit.db, student_id, course_id) if present else None
    before = latest.before.status if latest and latest.before else ""
    broken = [*visit.form.all("rule"), *(problem.codes if problem else ())]
    return visit.page(
        "enrollment",
        problem,
        student=get_student(visit.db, student_id),
        course=get_course(visit.db, course_id),
        latest=latest,
        seen=etag_of(present),
        statuses=[
            status
            for status, needed in STATUSES.items()
            if before in needed or (status == "enrolled" and latest and latest.was_enrolled)
        ],
        outcomes=OUTCOMES,
        changes=list_changes(visit.db, ChangeScope(student_id, course_id), CHANGES).items,
        sent=sent,
        preview=answer,
        is_on_record=_is_on_record(present, answer),
        promoted=preview_promotions(visit, answer, [student_id]),
        errors=by_field(problem, visit.words.reason),
        keeps=_keeps_from_void(visit, student_id, course_id),
        rules=overridable(broken),
    )


def correct(visit: Visit, student_id: int, course_id: int) -> Result:
    """Replace the latest change by what it should have been."""

    def body() -> dict[str, Any]:
        form = visit.form
        given = {
            "status": form.one("status"),
            "correction": True,
            **override_of(form, "reason"),
        }
        passed = OUTCOMES.get(form.one("passed"))
        given |= {} if passed is None else {"passed": passed}
        given |= {"grade": form.one("grade")} if form.one("grade") else {}
        return given | change_details(visit, names_now=True)

    return _undo(visit, student_id, course_id, "PUT", "", body, "corrected")


def take_back(visit: Visit, student_id: int, course_id: int) -> Result:
    """Take the latest change back: what held before it holds again."""

    def body() -> dict[str, Any]:
        return {
            "take_back": "latest_change",
            "reason": visit.form.one("reason"),
            **override_of(visit.form, "reason"),
        }

    return _undo(visit, student_id, course_id, "POST", "/corrections", body, "taken_back")


def make_void(visit: Visit, student_id: int, course_id: int) -> Result:
    """Make an enrollment void that was entered in error."""

    def body() -> dict[str, Any]:
        return {"status": "void", **change_details(visit)}

    return _undo(visit, student_id, course_id, "PUT", "", body, "made_void")


def _undo(
    visit: Visit,
    student_id: int,
    course_id: int,
    method: str,
    end: str,
    body: Callable[[], dict[str, Any]],
    done: str,
) -> Result:
    path = f"/students/{student_id}/courses/{course_id}"
    present = find_enrollment(visit.db, student_id, course_id)

    def send(**options: Any) -> Any:
        seen = visit.form.one("seen")
        return visit.send(method, f"/v1{path}{end}", body(), if_match=seen, **options)

    return preview_or_submit(
        visit,
        send,
        lambda answer: link(path, done="on_record" if _is_on_record(present, answer) else done),
        partial(show_enrollment, visit, student_id, course_id, done),
    )


def _is_on_record(present: Enrollment | None, answer: dict[str, Any] | None) -> bool:
    """Whether the answer to a write is the enrollment as it is now: nothing has changed."""
    return bool(present and answer and answer["version"] == present.version)


def _keeps_from_void(visit: Visit, student_id: int, course_id: int) -> list[Violation]:
    """Why the enrollment cannot be made void, whatever the form says."""
    change = change_context(visit.context)
    found = list_void_violations(visit.db, student_id, course_id, change)
    return [reason for reason in found if reason.pointer == "/status"]


ONE = "/students/<student_id:id>/courses/<course_id:id>"
PAGES = (
    Operation("GET", ONE, READERS, show_enrollment),
    Operation("POST", f"{ONE}/correct", REGISTRARS, correct),
    Operation("POST", f"{ONE}/take-back", REGISTRARS, take_back),
    Operation("POST", f"{ONE}/void", REGISTRARS, make_void),
)
