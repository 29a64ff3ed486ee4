"""The body of a problem (RFC 9457)."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from enrollment.model.results import ErrorCode, Fault
from enrollment.model.types import MOST, Address, RequestId, Sentence, Status
from enrollment.problems.errors import Problem
from enrollment.problems.registry import KINDS


class ProblemBody(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 9457, with a code, and in `errors` every single reason."""

    type: Address
    title: Sentence
    status: Status
    detail: Sentence
    code: ErrorCode
    errors: Annotated[Sequence[Fault], Meta(max_length=MOST)]
    request_id: RequestId | msgspec.UnsetType = msgspec.UNSET


def problem_body(problem: Problem, request_id: str) -> ProblemBody:
    kind = KINDS[problem.code]
    return ProblemBody(
        type=f"/problems/{problem.code}",
        title=kind.title,
        status=kind.status,
        detail=problem.detail,
        code=problem.code,
        errors=problem.faults,
        request_id=request_id if problem.code == "internal_error" else msgspec.UNSET,
    )
