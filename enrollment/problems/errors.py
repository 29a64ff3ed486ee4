"""The errors that are raised: a refusal of a request, and a command that fails."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Self

from enrollment.model.results import Violation
from enrollment.problems.registry import PROBLEM_TYPES


class Problem(Exception):
    """A refusal with a code of the registry. Raise it, never return it: a transaction that
    returns is committed."""

    def __init__(
        self,
        code: str,
        detail: str,
        violations: Sequence[Violation] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.violations = tuple(violations)
        self.headers = headers or {}

    @classmethod
    def from_violations(cls, violations: Sequence[Violation]) -> Self:
        """One problem for all broken rules.

        The first violation gives the code, and so the status. A body that contradicts itself goes
        first: if any violation is a 422, the first of those gives the code. The client must correct
        the body before the rules can be checked for what it means.
        """
        first = next(filter(_is_contradiction, violations), violations[0])
        count = len(violations)
        detail = first.detail if count == 1 else f"{count} rules refuse this."
        return cls(first.code, detail, violations)


class CommandError(Exception):
    """A command failed. The message gives the reason in one line."""

    status = 1


class UsageError(CommandError):
    """A command was called with arguments that make no sense."""

    status = 2


def _is_contradiction(violation: Violation) -> bool:
    # A code that is not registered is an error of the service. It shows when the body is rendered.
    problem_type = PROBLEM_TYPES.get(violation.code)
    return problem_type is not None and problem_type.status == HTTPStatus.UNPROCESSABLE_ENTITY
