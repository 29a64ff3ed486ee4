"""Students who are promoted from a waitlist by what a form does, or has done."""

from collections.abc import Sequence
from typing import Any

from enrollment.data import page
from enrollment.data.page import Person
from enrollment.web.visit import Visit


def preview_promotions(
    visit: Visit, answer: dict[str, Any] | None, without: Sequence[int] = ()
) -> list[tuple[Person, str]]:
    """The students who would get a seat by a write, each with the label of the course: all but
    those whom the write is about. `answer` is that to its dry run. A student is shown none."""
    return _named(
        visit,
        [
            (event["student_id"], event["course_id"])
            for event in (answer["events"] if answer else ())
            if event["student_id"] not in without and event["to_status"] == "enrolled"
        ],
    )


def list_promotions(visit: Visit) -> list[tuple[Person, str]]:
    """The students who got a seat by the form that has led to this page, each with the label of the
    course. A student is shown none."""
    return [] if visit.is_student else _named(visit, visit.query.pairs("seat"))


def _named(visit: Visit, seats: list[tuple[int, int]]) -> list[tuple[Person, str]]:
    people = page.list_people(visit.db, [student_id for student_id, _ in seats])
    labels = page.list_labels(visit.db, [course_id for _, course_id in seats])
    return [
        (people[student_id], labels[course_id])
        for student_id, course_id in seats
        if student_id in people and course_id in labels
    ]
