"""The errors: what a refusal tells, and what stops a command."""

from collections.abc import Sequence

from enrollment.model.results import Fault


class Problem(Exception):
    """A refusal with a code of KINDS; raised, never returned, so that nothing is committed."""

    def __init__(
        self,
        code: str,
        detail: str,
        faults: Sequence[Fault] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.faults = tuple(faults)
        self.headers = headers or {}


class CommandError(Exception):
    """A command can't do what it was asked for; the message says why in one line."""

    status = 1


class NotUnderstood(CommandError):
    """A command was not asked for anything that it could do."""

    status = 2


def refusal(faults: Sequence[Fault]) -> Problem:
    """All the rules that were broken as one Problem, named after the first of them."""
    detail = faults[0].detail if len(faults) == 1 else f"{len(faults)} rules refuse this."
    return Problem(faults[0].code, detail, faults)
