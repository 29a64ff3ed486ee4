"""Rules are queries: each row that one returns is a reason to refuse."""

import json
from collections.abc import Iterable, Sequence

from enrollment.model.results import Violation
from enrollment.problems.errors import Problem
from enrollment.problems.registry import PROBLEM_TYPES
from enrollment.storage.sqlite import Row


def violation(row: Row, pointer: str | None) -> Violation:
    """A row with a code, a sentence and its figures, and where in the request the cause stands.

    A code that is not registered is a mistake in the SQL. It fails here, in the transaction of the
    request, and so undoes and fails that request alone.
    """
    if row["code"] not in PROBLEM_TYPES:
        raise LookupError(f"the SQL returned the code {row['code']!r}, which is not registered")
    return Violation(
        pointer=pointer,
        code=row["code"],
        detail=row["detail"],
        details=json.loads(row["details"]),
    )


def list_violations(broken: Iterable[Row]) -> list[Violation]:
    """Rows that have each their own pointer."""
    return [violation(row, row["pointer"]) for row in broken]


def raise_violations(violations: Sequence[Violation]) -> None:
    """Raise them all as one Problem, if there is one."""
    if violations:
        raise Problem.from_violations(violations)


def raise_broken_rules(broken: Iterable[Row]) -> None:
    raise_violations(list_violations(broken))
