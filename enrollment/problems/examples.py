"""An example of each problem, as the service would send it."""

from enrollment.model.results import Violation
from enrollment.problems.body import ProblemBody, problem_body
from enrollment.problems.errors import Problem
from enrollment.problems.registry import PROBLEM_TYPES


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
