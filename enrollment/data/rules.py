"""Rules are queries: each row that one returns is a reason to refuse."""

import json
from collections.abc import Iterable

from enrollment.database import Row
from enrollment.errors import Fault, refusal


def refuse_if_broken(broken: Iterable[Row]) -> None:
    """Raise all the broken rules as one Problem, if there is one."""
    faults = [
        Fault(
            pointer=row["pointer"],
            code=row["code"],
            detail=row["detail"],
            details=json.loads(row["details"]),
        )
        for row in broken
    ]
    if faults:
        raise refusal(faults)
