"""The registry of all problem types. Each is defined once, in the module of its family.

The OpenAPI document, the pages of /problems and the rules of each operation are made from it.
"""

from enrollment.problems.families import access, enrollment, record, request, service
from enrollment.problems.problem_type import ProblemType, Subject

PROBLEM_TYPES: dict[str, ProblemType] = {
    problem_type.code: problem_type
    for family in (request, access, record, enrollment, service)
    for problem_type in family.PROBLEM_TYPES
}

OPERATOR_PROBLEMS = frozenset(
    code for code, problem_type in PROBLEM_TYPES.items() if problem_type.operator_only
)

# The codes of single fields and parameters. They occur only in `errors`, within a problem.
FIELD_CODES = {
    "missing": "A required field is missing",
    "invalid_value": "The value has the wrong type, or is out of range",
    "unknown_name": "There is no field or parameter with this name",
    "duplicate_name": "The name is sent more than once",
    "not_a_number": "NaN and Infinity are not JSON",
}


def families() -> dict[str, list[ProblemType]]:
    """Return the problem types by family, in the order of the registry."""
    grouped: dict[str, list[ProblemType]] = {}
    for problem_type in PROBLEM_TYPES.values():
        grouped.setdefault(problem_type.family, []).append(problem_type)
    return grouped


def rules_for(*subjects: Subject) -> tuple[str, ...]:
    """Return the codes of all rules for any of these subjects, in the order of the registry."""
    return tuple(
        code
        for code, problem_type in PROBLEM_TYPES.items()
        if not set(subjects).isdisjoint(problem_type.rule_for)
    )
