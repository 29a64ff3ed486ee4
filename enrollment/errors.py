"""The errors: what a refusal tells, and what stops a command."""

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from enrollment.values import MOST, Sentence

ErrorCode = Annotated[str, Meta(max_length=64, pattern="^[a-z_]+$")]
Pointer = Annotated[str, Meta(max_length=MOST, extra_json_schema={"format": "json-pointer"})]
ParameterName = Annotated[str, Meta(max_length=200, pattern="^(?:[^~/]|~[01])*$")]


class Fault(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One reason for a refusal: where (a JSON pointer into the body, RFC 6901, or the name of a
    query parameter), which rule, a sentence for people, and the figures that the sentence tells."""

    pointer: Pointer | None = None
    parameter: ParameterName | None = None
    code: ErrorCode
    detail: Sentence
    details: dict[str, Any] = {}


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
