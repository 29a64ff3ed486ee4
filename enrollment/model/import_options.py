"""Imports: their query parameters, which are also the flags of the commands."""

from typing import Annotated, Literal

from msgspec import Meta

from enrollment.model.queries import WriteOptions
from enrollment.model.text import NO_ODD_CHARACTERS
from enrollment.model.types import UNBOUNDED, Id, Reason

SourceName = Annotated[
    str,
    Meta(max_length=100, pattern=NO_ODD_CHARACTERS, description="Expected at most 100 characters"),
]


class ImportOptions(WriteOptions, frozen=True, kw_only=True):
    """How a file is brought in."""

    source: Annotated[
        SourceName,
        Meta(
            description="The system that the file is from; without it, the one that a package"
            " names, else its format"
        ),
    ] = ""
    file_name: Annotated[SourceName, Meta(description="What the file is called in the report")] = ""
    errors: Annotated[
        Literal["refuse", "skip"],
        Meta(description="Do nothing if a row is at fault, or leave such rows out"),
    ] = "refuse"
    rules: Annotated[
        Literal["record", "refuse", ""],
        Meta(
            description="Enroll students against a rule and record that, or make it an error of the"
            " row; without it, `record` for packages and `refuse` for lists"
        ),
    ] = ""
    mode: Annotated[
        Literal["bulk", "delta", ""],
        Meta(
            description="Whether the files of a package hold all there is (`bulk`) or what has"
            " changed (`delta`); without it, the manifest says so"
        ),
    ] = ""
    missing: Annotated[
        Literal["drop", "keep"], Meta(description="End what a bulk file no longer has, or keep it")
    ] = "drop"
    removals: (
        Annotated[
            int,
            Meta(
                ge=0,
                le=UNBOUNDED,
                description="The number of removals that is confirmed, if it is unusually large",
            ),
        ]
        | None
    ) = None
    relink: Annotated[
        bool,
        Meta(
            description="Take a user with the number, or the address and given name, of a student"
            " whom the source has under an id that is gone for that student"
        ),
    ] = False
    reason: Annotated[Reason, Meta(description="Why the file is brought in")] | None = None
    encoding: Annotated[
        SourceName, Meta(description="The encoding of files that are not UTF-8")
    ] = ""
    date_order: Annotated[
        Literal["dmy", "mdy", ""],
        Meta(description="Whether 3/4/2027 is in April (dmy) or March (mdy)"),
    ] = ""
    columns: Annotated[
        str,
        Meta(
            max_length=1000,
            pattern=NO_ODD_CHARACTERS,
            description="What columns of a list hold, such as `Schulnr=number,Klasse=course`;"
            " `Klasse=ignore` leaves one out",
        ),
    ] = ""
    course_id: (
        Annotated[Id, Meta(description="The course of which a list is the roster")] | None
    ) = None
    create: Annotated[
        bool, Meta(description="Create the students of a roster who are not here yet")
    ] = False
    replace: Annotated[
        bool, Meta(description="Drop students who are in the course and not in its roster")
    ] = False


class UndoOptions(WriteOptions, frozen=True, kw_only=True):
    """How an import is undone."""

    conflicts: Annotated[
        Literal["refuse", "keep"],
        Meta(description="Undo nothing if something cannot be undone, or keep that as it is"),
    ] = "refuse"
    reason: Annotated[Reason, Meta(description="Why the import is undone")] | None = None
