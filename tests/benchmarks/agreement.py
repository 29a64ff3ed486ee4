"""Whether the contenders do the same work: they must give the same answers."""

import json
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
    first, second, third = school.open[:3]
    mine = process.contender.read_path
    questions = [("GET", mine.format(7), None)]
    if mine.startswith("/v1"):
        questions += [
            ("GET", "/v1/courses/1/students?limit=50", None),
            ("GET", "/v1/students?limit=50", None),
            ("POST", "/v1/students/7/courses", {"course_id": first}),
            ("POST", "/v1/students/7/courses", {"course_id": first}),
            ("POST", "/v1/students/7/courses", {"course_id": 0}),
            (
                "PUT",
                "/v1/students/7/courses",
                {"courses": [{"course_id": c} for c in (second, third)]},
            ),
        ]
    for number, (method, path, body) in enumerate(questions, start=1):
        reply = process.request(method, path, body)
        answer = _timeless(reply.json) if reply.status < 400 else None
        # Who is refused is told why in each contender's own words, and with its own status.
        yield (
            f"question {number}, {method} {path.partition('?')[0] if number > 1 else ''}",
            (
                reply.status < 400,
                answer,
            ),
        )


def _timeless(answer: Any) -> str:
    """Without the present moment, and without what leads to the next page: that is opaque."""
    items = answer if isinstance(answer, list) else answer.get("items", [answer])
    return json.dumps(
        [{name: value for name, value in item.items() if name[-3:] != "_at"} for item in items]
    )
