"""Whether the contenders do the same work: they must give the same answers."""

from collections.abc import Iterator, Sequence
from typing import Any

from tests.benchmarks.contenders import Contender
from tests.benchmarks.running import Running, running
from tests.benchmarks.school import School


def disagreements(contenders: Sequence[Contender], school: School) -> Iterator[str]:
    """A line for each answer that is another than the first contender's."""
    expected: dict[str, Any] = {}
    for contender in contenders:
        if contender.command is None:
            continue
        with running(contender, school.database) as process:
            for question, answer in _answers(process, school):
                if expected.setdefault(question, answer) != answer:
                    yield f"{contender.name} answers otherwise to {question}: {answer}"


def _answers(process: Running, school: School) -> Iterator[tuple[str, Any]]:
    """What it says to each question: None if it refuses, which each does in its own words."""
    mine, theirs = process.contender.read_path.format(7), "/v1/students/7/courses"
    first, second, third = school.open[:3]
    stranger = process.request("GET", mine, token="enr_0")
    yield "a token that no one has", stranger.json if stranger.status < 400 else None
    questions = [("a student's courses", "GET", mine, None)]
    if mine == theirs:
        both = {"courses": [{"course_id": second}, {"course_id": third}]}
        questions += [
            ("a roster", "GET", "/v1/courses/1/students?limit=50", None),
            ("all students", "GET", "/v1/students?limit=50", None),
            ("an enrollment", "POST", theirs, {"course_id": first}),
            ("the same once more", "POST", theirs, {"course_id": first}),
            ("an enrollment in no course", "POST", theirs, {"course_id": 0}),
            ("an unknown field", "POST", theirs, {"course_id": second, "seat": 1}),
            ("a whole set", "PUT", theirs, both),
        ]
    for question, method, path, body in questions:
        reply = process.request(method, path, body)
        yield question, _without_moments(reply.json) if reply.status < 400 else None


def _without_moments(answer: Any) -> list[dict[str, Any]]:
    """Of a moment only whether there is one; nor what leads to the next page, which is opaque."""
    items = answer if isinstance(answer, list) else answer.get("items", [answer])
    return [
        {name: bool(value) if name.endswith("_at") else value for name, value in item.items()}
        for item in items
    ]
