"""Outcomes: whether a student who completed a course has passed it, and the grade."""

from typing import Any, NamedTuple

from msgspec import UNSET, UnsetType

from enrollment.model.records import Enrollment


class Outcome(NamedTuple):
    """What a request says about the outcome of a completion."""

    # None: nothing is said.
    passed: bool | None = None
    grade: str | None = None
    # Whether the grade is said: that there is none can be said too.
    names_grade: bool = False

    @classmethod
    def of(cls, passed: bool | UnsetType, grade: str | UnsetType | None) -> "Outcome":
        """Return the outcome that the fields of a request say."""
        return cls(
            passed=None if passed is UNSET else bool(passed),
            grade=None if grade is UNSET else grade,
            names_grade=grade is not UNSET,
        )


def as_bool(stored: int | None) -> bool | None:
    """Return a truth value that the database has as a number."""
    return None if stored is None else bool(stored)


def enrollment_of(passed: int | None, **row: Any) -> Enrollment:
    """Return the enrollment in a row."""
    return Enrollment(**row, passed=as_bool(passed))
