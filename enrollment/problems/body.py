"""The body of a problem (RFC 9457), and examples of it, as the service would send them."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from enrollment.model.results import ErrorCode, Violation
from enrollment.model.types import UNBOUNDED, RequestId, Status, Text, UriReference
from enrollment.problems.errors import Problem
from enrollment.problems.registry import PROBLEM_TYPES


class ProblemBody(msgspec.Struct, frozen=True, kw_only=True):
    """A problem (RFC 9457) with a `code`. `errors` lists every reason."""

    type: UriReference
    title: Text
    status: Status
    detail: Text
    code: ErrorCode
    errors: Annotated[Sequence[Violation], Meta(max_length=UNBOUNDED)]
    request_id: RequestId | msgspec.UnsetType = msgspec.UNSET


def problem_body(problem: Problem, request_id: str) -> ProblemBody:
    """Return the body of the response for a problem.

    Only `internal_error` has the id of the request, by which an operator finds it in the log.
    Raises KeyError if the code is not registered.
    """
    problem_type = PROBLEM_TYPES[problem.code]
    return ProblemBody(
        type=f"/problems/{problem.code}",
        title=problem_type.title,
        status=problem_type.status,
        detail=problem.detail,
        code=problem.code,
        errors=problem.violations,
        request_id=request_id if problem.code == "internal_error" else msgspec.UNSET,
    )


def example(code: str) -> Problem:
    """Return the example of a code as a problem. Raises KeyError if the code is not registered."""
    found = PROBLEM_TYPES[code].example
    violation = found.violation
    if found.pointer is not None:
        violation = Violation(
            pointer=found.pointer,
            code=code,
            detail=found.detail,
            details=dict(found.details),
        )
    return Problem(code, found.detail, [violation] if violation else [])


def example_body(code: str) -> ProblemBody:
    """Return the example of a code as a body. Raises KeyError if the code is not registered."""
    return problem_body(example(code), request_id="8c1f9d02b5a4e673")
