"""/courses/{id}/delete and /terms/{id}/delete: a record that was made by mistake."""

from functools import partial

from enrollment.data.course import get_course
from enrollment.data.term import get_term
from enrollment.http.conditional import etag_of
from enrollment.http.operation import REGISTRARS, Operation
from enrollment.http.responses import Result
from enrollment.problems.errors import Problem
from enrollment.web.chosen_term import NO_TERM
from enrollment.web.forms import submit
from enrollment.web.visit import Visit
from enrollment.web.words import link


def ask_for_course(visit: Visit, course_id: int, problem: Problem | None = None) -> Result:
    """Ask whether a course is to be deleted."""
    course = get_course(visit.db, course_id)
    keeps = "A course in which a student is or was cannot be deleted: set its status to cancelled."
    return visit.page(
        "deletion",
        problem,
        what=f"{course.label} {course.title}",
        keeps=keeps,
        back=f"/courses/{course_id}/edit",
        seen=course.version,
    )


def delete_course(visit: Visit, course_id: int) -> Result:
    """Delete a course."""

    def act() -> str:
        term = get_course(visit.db, course_id).term or NO_TERM
        visit.send("DELETE", f"/v1/courses/{course_id}", if_match=visit.form.one("seen"))
        return link("/courses", term=term, done="course_deleted")

    return submit(visit, act, partial(ask_for_course, visit, course_id))


def ask_for_term(visit: Visit, term_id: int, problem: Problem | None = None) -> Result:
    """Ask whether a term is to be deleted."""
    term = get_term(visit.db, term_id)
    return visit.page(
        "deletion",
        problem,
        what=term.title,
        keeps="A term with courses cannot be deleted.",
        back=f"/terms/{term_id}/edit",
        seen=etag_of(term),
    )


def delete_term(visit: Visit, term_id: int) -> Result:
    """Delete a term."""

    def act() -> str:
        visit.send("DELETE", f"/v1/terms/{term_id}", if_match=visit.form.one("seen"))
        return link("/terms", done="term_deleted")

    return submit(visit, act, partial(ask_for_term, visit, term_id))


COURSE, TERM = "/courses/<course_id:id>/delete", "/terms/<term_id:id>/delete"
PAGES = (
    Operation("GET", COURSE, REGISTRARS, ask_for_course),
    Operation("POST", COURSE, REGISTRARS, delete_course),
    Operation("GET", TERM, REGISTRARS, ask_for_term),
    Operation("POST", TERM, REGISTRARS, delete_term),
)
