"""Rules are queries: each row that one returns is a reason to refuse."""

import json
from collections.abc import Iterable, Sequence

from enrollment.database import Row
from enrollment.errors import Fault, refusal
from enrollment.kinds import KINDS


def fault(row: Row, pointer: str | None) -> Fault:
    """A row with a code, a sentence and its figures, and where in the request the cause stands.

    A code that KINDS does not list is a mistake of ours: it fails here, in the transaction of the
    request, and so undoes and fails that request alone.
    """
    if row["code"] not in KINDS:
        raise LookupError(f"the SQL returned the code {row['code']!r}, which is not in KINDS")
    return Fault(
        pointer=pointer,
        code=row["code"],
        detail=row["detail"],
        details=json.loads(row["details"]),
    )


def list_faults(broken: Iterable[Row]) -> list[Fault]:
    """Rows that have each their own pointer."""
    return [fault(row, row["pointer"]) for row in broken]


def refuse_if_any(faults: Sequence[Fault]) -> None:
    """Raise them all as one Problem, if there is one."""
    if faults:
        raise refusal(faults)


def refuse_if_broken(broken: Iterable[Row]) -> None:
    refuse_if_any(list_faults(broken))
