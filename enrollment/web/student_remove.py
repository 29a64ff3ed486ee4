"""/students/{id}/remove: merge a record into another of the same person, delete it, or erase it."""

from functools import partial
from typing import Any

from enrollment.data import page
from enrollment.data.erasure import list_erasure_violations
from enrollment.data.student import get_student, list_deletion_violations
from enrollment.http.conditional import etag_of
from enrollment.http.operation import ADMINS, REGISTRARS, Operation
from enrollment.http.responses import Result
from enrollment.problems.errors import Problem
from enrollment.web.forms import preview_or_submit, submit
from enrollment.web.named_student import read_student
from enrollment.web.promoted import preview_promotions
from enrollment.web.refusal import by_field
from enrollment.web.visit import Visit
from enrollment.web.words import link


def show_forms(
    visit: Visit,
    student_id: int,
    sent: str = "",
    problem: Problem | None = None,
    answer: dict[str, Any] | None = None,
) -> Result:
    """Show what can be done with a record that is not wanted any more.

    `sent` names the form that was refused, or tried by a dry run.
    """
    student = get_student(visit.db, student_id)
    keeps_from_erasure = list_erasure_violations(visit.db, student_id)
    courses = [item["course_id"] for item in answer["items"]] if answer else []
    into = [answer["into"]] if answer else []
    return visit.page(
        "student_remove",
        problem,
        student=student,
        seen=etag_of(student),
        is_erased="student_erased" in [reason.code for reason in keeps_from_erasure],
        keeps_from_erasure=keeps_from_erasure,
        keeps_from_deletion=list_deletion_violations(visit.db, student_id),
        sent=sent,
        errors=by_field(problem, visit.words.reason),
        preview=answer,
        other=next(iter(page.list_people(visit.db, into).values()), None),
        labels=page.list_labels(visit.db, courses),
        promoted=preview_promotions(visit, answer, [student_id, *into]),
    )


def merge(visit: Visit, student_id: int) -> Result:
    """Merge the record into another one, after a preview that has named it."""
    form = visit.form
    try:
        other = read_student(visit, "into")
    except Problem as problem:
        return show_forms(visit, student_id, "merged", problem)
    path, body = f"/v1/students/{student_id}/merge", {"into": other}
    # What was previewed is done, and nothing else.
    is_preview = form.ids("previewed") != [other]

    def send(**options: Any) -> Any:
        return visit.send("POST", path, body, if_match=form.one("seen"), **options)

    return preview_or_submit(
        visit,
        send,
        lambda answer: link(f"/students/{answer['into']}", done="merged"),
        partial(show_forms, visit, student_id, "merged"),
        is_preview=is_preview,
    )


def delete(visit: Visit, student_id: int) -> Result:
    """Delete the record."""

    def act() -> str:
        _check_sure(visit)
        visit.send("DELETE", f"/v1/students/{student_id}", if_match=visit.form.one("seen"))
        return link("/students", done="deleted")

    return submit(visit, act, partial(show_forms, visit, student_id, "deleted"))


def erase(visit: Visit, student_id: int) -> Result:
    """Erase the data of the person."""

    def act() -> str:
        _check_sure(visit)
        path, body = f"/v1/students/{student_id}/erasure", {"reason": visit.form.one("reason")}
        visit.send("POST", path, body, if_match=visit.form.one("seen"))
        return link(f"/students/{student_id}", done="erased")

    return submit(visit, act, partial(show_forms, visit, student_id, "erased"))


def _check_sure(visit: Visit) -> None:
    if not visit.form.one("sure"):
        raise Problem("invalid_query", "Tick the box first: this cannot be undone.")


ONE = "/students/<student_id:id>/remove"
PAGES = (
    Operation("GET", ONE, REGISTRARS, show_forms),
    Operation("POST", f"{ONE}/merge", REGISTRARS, merge),
    Operation("POST", f"{ONE}/delete", REGISTRARS, delete),
    Operation("POST", f"{ONE}/erase", ADMINS, erase),
)
