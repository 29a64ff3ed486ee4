"""The errors: what a refusal tells, and what stops a command."""

from collections.abc import Sequence

from enrollment.model.results import Violation


class Problem(Exception):
    """A refusal with a code of KINDS; raised, never returned, so that nothing is committed."""

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


class CommandError(Exception):
    """A command can't do what it was asked for; the message says why in one line."""

    status = 1


class UsageError(CommandError):
    """A command was not asked for anything that it could do."""

    status = 2


def violations_problem(violations: Sequence[Violation]) -> Problem:
    """All the rules that were broken as one Problem, named after the first of them."""
    detail = (
        violations[0].detail if len(violations) == 1 else f"{len(violations)} rules refuse this."
    )
    return Problem(violations[0].code, detail, violations)
