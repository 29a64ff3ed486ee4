"""/courses/{id}/add: enroll many students in a course, from pasted numbers, emails or ids."""

from collections import Counter
from functools import partial
from http import HTTPStatus
from typing import Any

from enrollment.data import page
from enrollment.data.course import get_course, get_course_tag, list_possible_corequisites
from enrollment.data.page import Person
from enrollment.http.operation import REGISTRARS, Operation
from enrollment.http.responses import Result
from enrollment.model.results import Violation
from enrollment.problems.errors import Problem
from enrollment.web.change_details import override_of
from enrollment.web.fields import filled_lines
from enrollment.web.forms import preview_or_submit
from enrollment.web.history import done_query
from enrollment.web.refusal import by_item, overridable, reasons
from enrollment.web.visit import Visit
from enrollment.web.words import link

# The most students of one form.
MOST = 1000
# Each sentence of the next page, and the status of the students whom it counts; None: not added.
OUTCOMES = {"added_students": "enrolled", "students_wait": "waitlisted", "not_added": None}


def show_form(
    visit: Visit,
    course_id: int,
    problem: Problem | None = None,
    results: list[tuple[Person, str, list[Violation]]] | None = None,
    wrong: dict[str, list[int]] | None = None,
) -> Result:
    """Ask for the students."""
    against = [reason for _, _, found in results or [] for reason in found]
    general = [] if problem is None or results else reasons(problem)
    of_override = [reason for reason in general if (reason.pointer or "").startswith("/override/")]
    return visit.page(
        "course_add",
        problem,
        status=HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK,
        course=get_course(visit.db, course_id),
        names=visit.form.one("names") or visit.query.one("names"),
        mode=visit.form.one("mode") or visit.query.one("mode") or "all",
        waits=bool(visit.form.one("waitlist")),
        seen=get_course_tag(visit.db, course_id),
        reasons=[reason for reason in general if reason not in of_override],
        rules=overridable([*visit.form.all("rule"), *(reason.code for reason in against)]),
        wrong_override=[reason.detail for reason in of_override],
        results=results or [],
        solvable=_solvable(visit, course_id, against),
        wrong=wrong or {},
    )


def add(visit: Visit, course_id: int) -> Result:
    """Preview the students, or enroll them: all of them or none, or each who can be."""
    names = [*dict.fromkeys(filled_lines(visit.form.one("names")))]
    if not names or len(names) > MOST:
        detail = f"Expected 1 to {MOST} numbers, emails, or ids such as #6, one on each line."
        return show_form(visit, course_id, Problem("invalid_query", detail))
    found = page.find_students(visit.db, names)
    wrong = {name: ids for name, ids in found.items() if len(ids) != 1}
    if wrong:
        return show_form(visit, course_id, wrong=wrong)
    return _enroll(visit, course_id, {id: name for name, (id,) in found.items()})


def _enroll(visit: Visit, course_id: int, lines: dict[int, str]) -> Result:
    """Enroll the students with these ids, who were named in these lines."""
    ids = [*lines]
    path, seen = f"/v1/courses/{course_id}/students", visit.form.one("seen")
    waits, mode = bool(visit.form.one("waitlist")), visit.form.one("mode") or "all"
    items = [{"student_id": id, "waitlist": waits} for id in ids]
    body = {"students": items, "mode": mode, **override_of(visit.form)}

    def done(answer: Any) -> str:
        states = Counter(item.get("enrollment", {}).get("status") for item in answer["items"])
        outcomes = [(said, states[status]) for said, status in OUTCOMES.items()]
        left = [lines[item["student_id"]] for item in answer["items"] if "errors" in item]
        if left:
            again = {"names": "\n".join(left), "mode": "each"}
            return link(f"/courses/{course_id}/add", **again, **done_query(outcomes))
        return link(f"/courses/{course_id}", **done_query(outcomes))

    def show_again(problem: Problem | None, answer: Any) -> Result:
        results = _refused(visit, ids, problem) if problem else _results(visit, answer)
        return show_form(visit, course_id, problem, results)

    send = partial(visit.send, "POST", path, body, if_match=seen)
    return preview_or_submit(visit, send, done, show_again)


def _solvable(visit: Visit, course_id: int, against: list[Violation]) -> set[str]:
    """Return which of the missing corequisites an open course of the term would meet: their
    codes."""
    return {code for _, code in list_possible_corequisites(visit.db, {course_id: against})}


def _results(visit: Visit, answer: dict[str, Any]) -> list[tuple[Person, str, list[Violation]]]:
    """What would become of each student: a status, or the reasons why not."""
    people = page.list_people(visit.db, [item["student_id"] for item in answer["items"]])
    return [
        (
            people[item["student_id"]],
            item["enrollment"]["status"] if "enrollment" in item else "",
            [Violation(**reason) for reason in item.get("errors", ())],
        )
        for item in answer["items"]
    ]


def _refused(
    visit: Visit, ids: list[int], problem: Problem
) -> list[tuple[Person, str, list[Violation]]]:
    """The students against whom there are reasons, each with the reasons."""
    against, _ = by_item(problem, "students", ids)
    people = page.list_people(visit.db, [*against])
    return [(people[id], "", found) for id, found in against.items() if id in people]


ONE = "/courses/<course_id:id>/add"
PAGES = (
    Operation("GET", ONE, REGISTRARS, show_form),
    Operation("POST", ONE, REGISTRARS, add),
)
