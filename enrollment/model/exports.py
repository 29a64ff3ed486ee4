"""The query parameters of exports."""

from typing import Annotated

from msgspec import Meta

from enrollment.model.import_options import SourceName
from enrollment.model.records import Input
from enrollment.model.types import EnrollmentStatus, ExactCode, Since, StudentStatus


class PackageScope(Input, frozen=True, kw_only=True):
    """What a package of OneRoster holds."""

    term: Annotated[ExactCode, Meta(description="Only the courses of the term with this code")] = ""
    since: (
        Annotated[Since, Meta(description="A delta of what has changed at this time or later")]
        | None
    ) = None
    history: Annotated[
        bool, Meta(description="With enrollments that ended with a drop, and cancelled courses")
    ] = False
    source: Annotated[
        SourceName,
        Meta(description="The system whose ids count where two know a record; else the first"),
    ] = ""


class StudentListFilter(Input, frozen=True, kw_only=True):
    """Which students a list has."""

    status: StudentStatus | None = None


class RosterListFilter(Input, frozen=True, kw_only=True):
    """Which enrollments a roster has."""

    status: EnrollmentStatus | None = None
