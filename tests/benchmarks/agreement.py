"""Whether the contenders do the same work: they must give the same answers."""

from collections.abc import Iterator, Sequence
from typing import Any

from tests.benchmarks.contenders import Contender
from tests.benchmarks.running import READ_PATH, Running, running
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
                    words = _difference(expected[question], answer)
                    yield f"{contender.name} answers otherwise to {question}: {words}"


def _difference(expected: Any, answer: Any) -> str:
    """What is expected, and what is answered: of lists, the fields in which two items differ."""
    if not isinstance(expected, list) or not isinstance(answer, list):
        return f"{expected} and {answer}"
    for one, other in zip(expected, answer, strict=False):
        names = [name for name in one | other if one.get(name) != other.get(name)]
        if names:
            return ", ".join(f"{name} {one.get(name)} and {other.get(name)}" for name in names)
    return f"{len(expected)} and {len(answer)} items"


def _answers(process: Running, school: School) -> Iterator[tuple[str, Any]]:
    """What it says to each question: None if it refuses, which each does in its own words."""
    path = READ_PATH.format(7)
    first, second, third = school.open[:3]
    stranger = process.request("GET", path, token="enr_0")
    yield "a token that no one has", stranger.json if stranger.status < 400 else None
    elsewhere = process.request("GET", path, host="elsewhere.example")
    yield "another host", elsewhere.json if elsewhere.status < 400 else None
    yield "the id of a request", bool(process.request("GET", path).request_id)
    yield "a line in the log", process.has_logged(path)
    both = {"courses": [{"course_id": second}, {"course_id": third}]}
    questions = [
        ("a student's courses", "GET", path, None),
        ("a roster", "GET", "/v1/courses/1/students?limit=50", None),
        ("a roster with people who wait", "GET", f"/v1/courses/{school.full}/students", None),
        ("all students", "GET", "/v1/students?limit=50", None),
        ("an enrollment", "POST", path, {"course_id": first}),
        ("the same once more", "POST", path, {"course_id": first}),
        ("an enrollment in no course", "POST", path, {"course_id": 0}),
        ("an unknown field", "POST", path, {"course_id": second, "seat": 1}),
        ("a whole set", "PUT", path, both),
    ]
    for question, method, path, body in questions:
        reply = process.request(method, path, body)
        yield question, _without_moments(reply.json) if reply.status < 400 else None


def _without_moments(answer: Any) -> list[dict[str, Any]]:
    """Of a moment only whether there is one; nor what leads to the next page, which is opaque."""
    items = answer.get("items", [answer])
    return [
        {name: bool(value) if name.endswith("_at") else value for name, value in item.items()}
        for item in items
    ]
