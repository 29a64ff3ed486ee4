"""/courses/new and /courses/{id}/edit: the record of a course."""

import re
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

from enrollment.data import page
from enrollment.data.course import get_course
from enrollment.http.operation import REGISTRARS, Operation
from enrollment.http.responses import Result
from enrollment.model.courses import Course
from enrollment.model.meetings import write_meetings
from enrollment.problems.errors import Problem
from enrollment.web.chosen_term import NO_TERM, choose_term
from enrollment.web.fields import decimal, filled_lines, read_codes, whole
from enrollment.web.forms import submit
from enrollment.web.meetings import name_lines, read_meetings
from enrollment.web.prerequisites import read_prerequisites, write_prerequisites
from enrollment.web.record_form import done_of, fill, read_times
from enrollment.web.times import read_time
from enrollment.web.visit import Visit
from enrollment.web.words import link, number

TIMES = ("enroll_from", "enroll_until", "drop_until")
TEXTS = ("code", "section", "title", "term", "instructor")
CHOICES = ("promotion", "status")
NUMBERS = ("credits", "capacity", "waitlist_capacity")
LISTS = ("corequisites", "counts_as", "open_to")
# The day or the time at the end of a line. A group can have blanks in its name, and a time has one.
EARLY = re.compile(r"(?<!\S)\S+(?: \d\d:\d\d\S*)?\Z")
OTHERS = ("prerequisites", "concurrent", "meetings", "early_access", "repeatable")
FIELDS = (*TEXTS, *TIMES, *CHOICES, *NUMBERS, *LISTS, *OTHERS)


# So many of the students whom a change affects are named.
MOST_NAMED = 20


class Affected(NamedTuple):
    """What else a change of a course affects, as the API lists it."""

    students: Sequence[dict[str, Any]] = ()
    # The courses that require the old code.
    courses: Sequence[dict[str, Any]] = ()

    @property
    def amount(self) -> int:
        return len(self.students) + len(self.courses)


NOT_AFFECTED = Affected()


class Unconfirmed(Exception):
    """A change would affect others, and this was not confirmed. Nothing has changed."""

    def __init__(self, affected: Affected) -> None:
        super().__init__()
        self.affected = affected


def show_new(visit: Visit) -> Result:
    """Show an empty record."""
    return _form(visit, None)


def create(visit: Visit) -> Result:
    """Add a course."""

    def act() -> str:
        new = _send(visit, "POST", "/v1/courses")
        term = new["term"] or NO_TERM
        return link(f"/courses/{new['id']}", term=term, done="course_added")

    return submit(visit, act, partial(_form, visit, None))


def show_edit(visit: Visit, course_id: int) -> Result:
    """Show a record to edit."""
    return _form(visit, get_course(visit.db, course_id))


def replace(visit: Visit, course_id: int) -> Result:
    """Change a course, and ask before if students would be in it against a rule (they stay), or
    courses require its old code."""
    course = get_course(visit.db, course_id)

    def act() -> str:
        path, seen = f"/v1/courses/{course_id}", visit.form.one("seen")
        answer = _send(visit, "PATCH", path, if_match=seen)
        affected = Affected(answer["affected"], answer["required_by_old_code"])
        if affected.amount and visit.form.one("confirmed") != str(affected.amount):
            raise Unconfirmed(affected)
        return link(f"/courses/{course_id}", done=done_of(course, answer))

    try:
        return submit(visit, act, partial(_form, visit, course))
    except Unconfirmed as unconfirmed:
        return _form(visit, course, affected=unconfirmed.affected)


def _values(visit: Visit, course: Course) -> dict[str, str]:
    """The texts of the fields of a course."""
    values: dict[str, str] = {name: getattr(course, name) or "" for name in (*TEXTS, *CHOICES)}
    values |= {name: number(getattr(course, name)) for name in NUMBERS}
    values |= {
        name: visit.words.boundary(getattr(course, name), is_end=name != "enroll_from")
        for name in TIMES
    }
    values |= {name: ", ".join(getattr(course, name)) for name in LISTS}
    return values | {
        "prerequisites": write_prerequisites(course.prerequisites, concurrent=False),
        "concurrent": write_prerequisites(course.prerequisites, concurrent=True),
        "meetings": "\n".join(write_meetings(course.meetings)),
        "early_access": "\n".join(
            f"{item.group} {visit.words.boundary(item.enroll_from, is_end=False)}"
            for item in course.early_access
        ),
        "repeatable": "1" if course.repeatable else "",
    }


def _send(visit: Visit, method: str, path: str, if_match: str = "") -> Any:
    try:
        return visit.send(method, path, _body(visit), if_match=if_match)
    except Problem as problem:
        raise name_lines(visit.form.one("meetings"), problem) from None


def _body(visit: Visit) -> dict[str, Any]:
    """Return the course that the form describes. Raises invalid_body for times and meetings."""
    sent = visit.form.typed(FIELDS)
    body: dict[str, Any] = {name: sent[name] or None for name in TEXTS}
    # A missing code or title is empty text, which the API explains; null is not.
    body |= {name: sent[name] for name in ("code", "title", *CHOICES)}
    body |= {name: whole(sent[name]) for name in ("capacity", "waitlist_capacity")}
    body |= {name: read_codes(sent[name]) for name in LISTS}
    return body | {
        **read_times(
            visit,
            TIMES,
            meetings=lambda: read_meetings(sent["meetings"]),
            early_access=lambda: [
                _early(visit, line) for line in filled_lines(sent["early_access"])
            ],
        ),
        "credits": decimal(sent["credits"] or "0"),
        "prerequisites": read_prerequisites(sent["prerequisites"], concurrent=False)
        + read_prerequisites(sent["concurrent"], concurrent=True),
        "repeatable": bool(sent["repeatable"]),
    }


def _early(visit: Visit, line: str) -> dict[str, str | None]:
    found = EARLY.search(line)
    assert found  # whatever is written ends with something that may be a time
    when = read_time(visit.context.zone, "early_access", found[0])
    return {"group": line[: found.start()].strip(), "enroll_from": when}


def _form(
    visit: Visit,
    course: Course | None,
    problem: Problem | None = None,
    affected: Affected = NOT_AFFECTED,
) -> Result:
    terms = choose_term(visit)
    named = [each["student_id"] for each in affected.students[:MOST_NAMED]]
    empty = dict.fromkeys(FIELDS, "") | {"promotion": "automatic", "status": "open"}
    present = _values(visit, course) if course else empty | {"term": terms.code or ""}
    # Not the tag: new enrollments do not concern a registrar who edits the fields.
    seen = str(course.version) if course else ""
    return visit.page(
        "course_form",
        problem,
        course=course,
        terms=terms,
        affected=affected,
        people=page.list_people(visit.db, named),
        **fill(visit, present, seen, problem),
    )


PAGES = (
    Operation("GET", "/courses/new", REGISTRARS, show_new),
    Operation("POST", "/courses/new", REGISTRARS, create),
    Operation("GET", "/courses/<course_id:id>/edit", REGISTRARS, show_edit),
    Operation("POST", "/courses/<course_id:id>/edit", REGISTRARS, replace),
)
