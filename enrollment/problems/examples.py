"""An example of each problem, as the service would send it."""

from enrollment.model.results import Violation
from enrollment.problems.body import ProblemBody, problem_body
from enrollment.problems.errors import Problem
from enrollment.problems.registry import PROBLEM_TYPES


def example(code: str) -> Problem:
    example = PROBLEM_TYPES[code].example
    violation = example.violation
    if example.pointer is not None:
        violation = Violation(
            pointer=example.pointer,
            code=code,
            detail=example.detail,
            details=dict(example.details),
        )
    return Problem(code, example.detail, [violation] if violation else [])


def example_body(code: str) -> ProblemBody:
    return problem_body(example(code), request_id="8c1f9d02b5a4e673")
