"""The errors that are raised: `Problem` refuses a request, `CommandError` ends a command."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Self

from enrollment.model.results import Violation
from enrollment.problems.registry import PROBLEM_TYPES


class Problem(Exception):
    """A refusal of a request, with a code of the registry. Raise it, never return it: a transaction
    whose function returns is committed."""

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

    @property
    def codes(self) -> list[str]:
        """The codes of all reasons. A problem without reasons is its own reason."""
        return [violation.code for violation in self.violations] or [self.code]

    @property
    def status(self) -> int:
        """The status of a response that is this problem. Raises KeyError if the code is not
        registered."""
        return PROBLEM_TYPES[self.code].status

    @classmethod
    def from_violations(cls, violations: Sequence[Violation]) -> Self:
        """Make one problem of one or more violations.

        The code, and so the status, is that of the first violation with the status 422, or else of
        the first violation. A 422 means that the body contradicts itself: the client must correct
        it before the other rules can be checked.
        """
        first = next(filter(_is_contradiction, violations), violations[0])
        count = len(violations)
        detail = first.detail if count == 1 else f"{count} rules refuse this."
        return cls(first.code, detail, violations)


class CommandError(Exception):
    """A command failed. The message gives the reason in one line. `status` is the exit status."""

    status = 1


class UsageError(CommandError):
    """A command was called with invalid arguments, or with arguments that exclude each other."""

    status = 2


def _is_contradiction(violation: Violation) -> bool:
    # An unknown code is a bug of the service. It is reported later, by problem_body.
    problem_type = PROBLEM_TYPES.get(violation.code)
    return problem_type is not None and problem_type.status == HTTPStatus.UNPROCESSABLE_ENTITY
