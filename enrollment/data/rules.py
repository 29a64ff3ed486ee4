"""Rules are queries: each row that one returns is a reason to refuse."""

import json
from collections.abc import Iterable

from enrollment.database import Row
from enrollment.errors import Fault, refusal


def fault(row: Row, pointer: str | None) -> Fault:
    """A row with a code, a sentence and its figures, and where in the request the cause stands."""
    return Fault(
        pointer=pointer,
        code=row["code"],
        detail=row["detail"],
        details=json.loads(row["details"]),
    )


def refuse_if_broken(broken: Iterable[Row]) -> None:
    """Raise all the broken rules as one Problem, if there is one; each row has its own pointer."""
    faults = [fault(row, row["pointer"]) for row in broken]
    if faults:
        raise refusal(faults)
