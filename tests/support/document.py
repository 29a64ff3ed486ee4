"""The OpenAPI document, for tests that are made from it."""

import json
from collections.abc import Iterator
from typing import Any

from enrollment.api.operations import openapi

DOCUMENT = json.loads(openapi())


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The method, the path and the description of every operation."""
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    """The part that a `$ref` refers to; or the part itself, if it has none."""
    found = DOCUMENT if "$ref" in part else part
    for name in part.get("$ref", "#").split("/")[1:]:
        found = found[name]
    return found


def concrete(path: str, student: int = 1) -> str:
    """A path with 1 for every id, which the small college has, and `student` for the student."""
    ids = {"course_id": 1, "term_id": 1, "hold_id": 1, "token_id": 1, "import_id": 1}
    return path.format(student_id=student, code="forbidden", **ids)
