"""/students/new and /students/{id}/edit: the record of a student."""

from functools import partial
from typing import Any

from enrollment.data.student import get_student
from enrollment.http.conditional import etag_of
from enrollment.http.operation import REGISTRARS, Operation
from enrollment.http.responses import Result
from enrollment.model.records import Student
from enrollment.problems.errors import Problem
from enrollment.web.fields import decimal, read_codes
from enrollment.web.forms import submit
from enrollment.web.record_form import done_of, fill
from enrollment.web.visit import Visit
from enrollment.web.words import link, number

TEXTS = ("family_name", "given_name", "number", "email")
FIELDS = (*TEXTS, "status", "max_credits", "groups")


def show_new(visit: Visit) -> Result:
    """Show an empty record."""
    return _form(visit, None)


def create(visit: Visit) -> Result:
    """Add a student."""

    def act() -> str:
        new = visit.send("POST", "/v1/students", _body(visit))
        alike = [item["student_id"] for item in new["possible_duplicates"][:3]]
        return link(f"/students/{new['id']}", done="student_added", alike=alike)

    return submit(visit, act, partial(_form, visit, None))


def show_edit(visit: Visit, student_id: int) -> Result:
    """Show a record to edit."""
    return _form(visit, get_student(visit.db, student_id))


def replace(visit: Visit, student_id: int) -> Result:
    """Change a student."""
    student = get_student(visit.db, student_id)

    def act() -> str:
        path, seen = f"/v1/students/{student_id}", visit.form.one("seen")
        answer = visit.send("PATCH", path, _body(visit), if_match=seen)
        return link(f"/students/{student_id}", done=done_of(student, answer))

    return submit(visit, act, partial(_form, visit, student))


def _values(student: Student) -> dict[str, str]:
    """The texts of the fields of a student."""
    return {name: getattr(student, name) or "" for name in TEXTS} | {
        "status": student.status,
        "max_credits": number(student.max_credits),
        "groups": ", ".join(student.groups),
    }


def _body(visit: Visit) -> dict[str, Any]:
    body: dict[str, Any] = {name: visit.form.one(name) or None for name in TEXTS}
    # A missing family name is empty text, which the API explains; null is not.
    body["family_name"] = visit.form.one("family_name")
    body["status"] = visit.form.one("status")
    body["max_credits"] = decimal(visit.form.one("max_credits"))
    body["groups"] = read_codes(visit.form.one("groups"))
    return body


def _form(visit: Visit, student: Student | None, problem: Problem | None = None) -> Result:
    empty = dict.fromkeys(FIELDS, "") | {"status": "active"}
    present = _values(student) if student else empty
    filled = fill(visit, present, etag_of(student), problem)
    return visit.page("student_form", problem, student=student, **filled)


PAGES = (
    Operation("GET", "/students/new", REGISTRARS, show_new),
    Operation("POST", "/students/new", REGISTRARS, create),
    Operation("GET", "/students/<student_id:id>/edit", REGISTRARS, show_edit),
    Operation("POST", "/students/<student_id:id>/edit", REGISTRARS, replace),
)
