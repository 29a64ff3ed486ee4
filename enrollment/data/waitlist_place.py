"""The order of a waitlist: a registrar can move a student within it."""

from itertools import count

from enrollment.data.enrollment import get_enrollment
from enrollment.data.violations import raise_broken_rules
from enrollment.model.records import Change, Enrollment
from enrollment.storage.connection import Connection
from enrollment.storage.queries import queries

SQL = queries("waitlist")


def move_on_waitlist(
    db: Connection, present: Enrollment, position: int, change: Change
) -> Enrollment:
    """Move a student to a position on the waitlist. One who has it already does not move.

    Raises not_waitlisted, no_such_position.
    """
    enrollment = {"student_id": present.student_id, "course_id": present.course_id}
    raise_broken_rules(SQL.list_broken_move_rules(db, position=position, **enrollment))
    if present.position == position:
        return present
    gap = SQL.get_gap(db, position=position, **enrollment)
    fraction = fraction_between(gap["queue_fraction"], gap["next_fraction"])
    place = {"queue_number": gap["queue_number"], "queue_fraction": fraction}
    details = {"at": change.at, "actor": change.actor, "reason": change.reason}
    SQL.update_place(db, **enrollment, **place, **details)
    return get_enrollment(db, present.student_id, present.course_id)


def fraction_between(low: str, high: str | None) -> str:
    """Return the digits of a fraction between two others; the shortest that are near the middle.

    Each is what follows the decimal point, without zeros at the end; None stands for one.
    """
    for digits in count(1):
        first = int(low.ljust(digits, "0")[:digits])
        last = 10**digits if high is None else int(high.ljust(digits, "0")[:digits])
        middle = (first + last) // 2
        if middle > first:
            return f"{middle:0{digits}}".rstrip("0")
    raise AssertionError("there is a fraction between any two")
