"""Violations: each row of a query of rules is one broken rule."""

from collections.abc import Iterable, Sequence

from enrollment.model.results import Violation
from enrollment.problems.errors import Problem
from enrollment.problems.registry import PROBLEM_TYPES
from enrollment.storage.connection import Row
from enrollment.storage.queries import from_json


def violation(row: Row, pointer: str | None) -> Violation:
    """Return the violation in a row. `pointer` is the JSON pointer of its cause in the request.

    A code that is not registered is a mistake in the SQL. It fails here, in the transaction of the
    request, and so undoes and fails that request alone.
    """
    if row["code"] not in PROBLEM_TYPES:
        raise LookupError(f"the SQL returned the code {row['code']!r}, which is not registered")
    return Violation(
        pointer=pointer,
        code=row["code"],
        detail=row["detail"],
        details=from_json(row["details"]),
    )


def list_violations(broken: Iterable[Row]) -> list[Violation]:
    """Return the violations in rows that have a pointer each."""
    return [violation(row, row["pointer"]) for row in broken]


def raise_violations(violations: Sequence[Violation]) -> None:
    """Raise the violations as one problem, if there are any."""
    if violations:
        raise Problem.from_violations(violations)


def raise_broken_rules(broken: Iterable[Row]) -> None:
    raise_violations(list_violations(broken))
