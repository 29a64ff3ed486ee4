"""/courses/new and /courses/{id}/edit: the record of a course."""

from http import HTTPStatus
from typing import Any

from enrollment.data.course import get_course
from enrollment.http.authentication import REGISTRARS
from enrollment.http.operation import Operation
from enrollment.http.responses import Result
from enrollment.model.records import Course
from enrollment.problems.errors import Problem
from enrollment.web.meetings import read_meetings, write_meetings
from enrollment.web.record import decimal, submit, whole
from enrollment.web.refusal import by_field
from enrollment.web.term import choose_term
from enrollment.web.visit import Visit
from enrollment.web.words import Words, link, number

TEXTS = ("code", "section", "title", "term", "instructor", "enroll_from", "enroll_until")
CHOICES = ("promotion", "status")
NUMBERS = ("credits", "capacity", "waitlist_capacity")
CODES = ("prerequisites", "concurrent", "corequisites")
FIELDS = (*TEXTS, *CHOICES, *NUMBERS, *CODES, "meetings", "repeatable")


def show_new(visit: Visit) -> Result:
    """Show an empty record."""
    values = dict.fromkeys(FIELDS, "") | {"promotion": "automatic", "status": "open"}
    return _form(visit, None, values | {"term": choose_term(visit).code or ""})


def create(visit: Visit) -> Result:
    """Add a course."""

    def act() -> str:
        new = visit.send("POST", "/v1/courses", _body(visit))
        return link(f"/courses/{new['id']}", done="saved")

    return submit(visit, act, lambda problem: _form(visit, None, _typed(visit), problem))


def show_edit(visit: Visit, course_id: int) -> Result:
    """Show a record to edit."""
    course = get_course(visit.db, course_id)
    words = Words(visit.site.config.time_zone)
    values = {name: getattr(course, name) or "" for name in (*TEXTS, *CHOICES)}
    values |= {name: number(getattr(course, name)) for name in NUMBERS}
    values |= {
        "enroll_from": words.boundary(course.enroll_from, is_end=False),
        "enroll_until": words.boundary(course.enroll_until, is_end=True),
        "prerequisites": ", ".join(
            needed.code for needed in course.prerequisites if not needed.concurrent
        ),
        "concurrent": ", ".join(
            needed.code for needed in course.prerequisites if needed.concurrent
        ),
        "corequisites": ", ".join(course.corequisites),
        "meetings": write_meetings(course.meetings),
        "repeatable": "1" if course.repeatable else "",
    }
    return _form(visit, course, values)


def replace(visit: Visit, course_id: int) -> Result:
    """Change a course. Enrolled students keep their seats."""
    course = get_course(visit.db, course_id)

    def act() -> str:
        path, seen = f"/v1/courses/{course_id}", visit.form.one("seen")
        visit.send("PUT", path, _body(visit), if_match=seen)
        return link(f"/courses/{course_id}", done="saved")

    return submit(visit, act, lambda problem: _form(visit, course, _typed(visit), problem))


def _typed(visit: Visit) -> dict[str, str]:
    return {name: visit.form.one(name) for name in FIELDS}


def _body(visit: Visit) -> dict[str, Any]:
    """Return the course that the form describes. Raises invalid_body for meetings."""
    typed = _typed(visit)
    body: dict[str, Any] = {name: typed[name] or None for name in TEXTS}
    # A missing code or title is empty text, which the API explains; null is not.
    body |= {name: typed[name] for name in ("code", "title", *CHOICES)}
    body |= {name: whole(typed[name]) for name in ("capacity", "waitlist_capacity")}
    return body | {
        "credits": decimal(typed["credits"] or "0"),
        "prerequisites": [{"code": code} for code in _codes(typed["prerequisites"])]
        + [{"code": code, "concurrent": True} for code in _codes(typed["concurrent"])],
        "corequisites": _codes(typed["corequisites"]),
        "meetings": read_meetings(typed["meetings"]),
        "repeatable": bool(typed["repeatable"]),
    }


def _codes(text: str) -> list[str]:
    return [code.strip() for code in text.split(",") if code.strip()]


def _form(
    visit: Visit, course: Course | None, values: dict[str, str], problem: Problem | None = None
) -> Result:
    return visit.page(
        "course_form",
        HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK,
        course=course,
        values=values,
        terms=choose_term(visit),
        # Not the tag: new enrollments do not concern whoever edits the fields.
        seen=course.version if course else None,
        errors=by_field(problem),
        changed=bool(problem and problem.code == "precondition_failed"),
    )


PAGES = (
    Operation("GET", "/courses/new", REGISTRARS, show_new, is_page=True),
    Operation("POST", "/courses/new", REGISTRARS, create, is_page=True),
    Operation("GET", "/courses/<course_id:id>/edit", REGISTRARS, show_edit, is_page=True),
    Operation("POST", "/courses/<course_id:id>/edit", REGISTRARS, replace, is_page=True),
)
