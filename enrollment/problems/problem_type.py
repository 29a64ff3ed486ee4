"""The type of a problem: its code, status, texts and example."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from enrollment.model.results import Violation

# request: the request cannot be read, or is invalid. access: the caller may not send the request.
# record and enrollment: a rule forbids the change, or the record does not exist. service: the
# service cannot do its work.
Family = Literal["request", "access", "record", "enrollment", "service"]

# What a rule applies to. "enrollment" is to enroll one student, "roster" to enroll many students,
# "status" to complete or drop an enrollment, "drop" only to drop it, "void" to make it void,
# "correction" to correct its latest change, "take_back" to take that back, "position" to move a
# student on a waitlist, "swap" to give one enrollment up for another, "course_replacement" to
# replace all fields of a course.
Subject = Literal[
    "student",
    "student_deletion",
    "term",
    "term_deletion",
    "course",
    "course_replacement",
    "course_deletion",
    "course_copy",
    "batch",
    "hold",
    "token",
    "token_revocation",
    "enrollment",
    "roster",
    "status",
    "drop",
    "void",
    "correction",
    "take_back",
    "erasure",
    "merge",
    "promotion",
    "position",
    "swap",
]


class Example(NamedTuple):
    """One occurrence of a problem: `detail` is its sentence, `pointer` is where the cause is in the
    body."""

    detail: str
    # With a pointer, the problem has one violation with the same code.
    pointer: str | None = None
    details: Mapping[str, Any] = MappingProxyType({})
    # Instead of the pointer: a violation with a code of its own.
    violation: Violation | None = None


@dataclass(frozen=True, kw_only=True)
class ProblemType:
    """What all problems with one code share. A published code never changes its meaning."""

    code: str
    family: Family
    # The HTTP status.
    status: int
    title: str
    # What the client or the operator should do.
    advice: str
    example: Example
    # The subjects of the rule that the problem reports; none if the problem is not a rule.
    rule_for: tuple[Subject, ...] = ()
    # Whether staff may set the rule aside with a reason.
    overridable: bool = False
    # Whether only the operator of the service can fix it.
    operator_only: bool = False
