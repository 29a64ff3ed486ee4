"""What is passed through a reading: what was asked for, what is found, and where each row goes."""

from collections.abc import Callable, Mapping
from datetime import tzinfo
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import msgspec

from enrollment.data.staging import RowFault
from enrollment.exchange.faults import Faults

DateOrder = Literal["dmy", "mdy"]
Mode = Literal["bulk", "delta"]
Format = Literal["oneroster-1.1", "oneroster-1.2", "sds-2.1", "clever", "list"]


class Options(NamedTuple):
    """What the sender of the files knows better: the encoding of files that are not UTF-8, the
    order of day and month, whether the files of a package hold all there is, what columns of a list
    hold, by the spelling of their headers, and where the school is: a time with an offset is a day
    there."""

    encoding: str | None = None
    date_order: DateOrder | None = None
    mode: Mode | None = None
    columns: Mapping[str, str] = MappingProxyType({})
    zone: tzinfo | None = None


class Record(NamedTuple):
    """One row that was read."""

    file: str
    row: int
    # The table that it is a row of, or "list".
    kind: str
    # Its cells by the names of their columns in the standard, without blank ones.
    content: dict[str, str]
    # Whether it has no error of its own, so that it can be brought in.
    is_sound: bool


class FileRead(msgspec.Struct, kw_only=True):
    """What a file was taken for: its kind, its mode, its encoding, what each of its columns is, and
    how many rows it has."""

    file: str
    kind: str
    mode: str | None = None
    encoding: str | None = None
    date_order: DateOrder | None = None
    columns: dict[str, str] = msgspec.field(default_factory=dict)
    rows: int = 0

    def header(self, column: str) -> str:
        """Return what a column is called in this file."""
        return next((header for header, name in self.columns.items() if name == column), column)


class Understood(msgspec.Struct, kw_only=True):
    """What the files were taken for. Without a format, for nothing. The source is the system that
    wrote them, if they name one."""

    format: Format | None
    files: list[FileRead]
    # Of each kind of rows: "bulk" if all there are are in the files, "delta" if those that changed.
    modes: dict[str, str] = msgspec.field(default_factory=dict)
    source: str | None = None

    def kinds(self, mode: str) -> list[str]:
        """Return the kinds of rows that have this mode."""
        return [kind for kind, found in self.modes.items() if found == mode]

    def shown(self, fault: RowFault) -> dict[str, Any]:
        """Return a fault for `Faults.add`: with its column as it is called in the file."""
        read = next((read for read in self.files if read.file == fault.file), None)
        column = read.header(fault.column) if read and fault.column else fault.column
        return fault._asdict() | {"column": column}


class Reading(NamedTuple):
    """A reading under way: where each row goes, where each fault goes, and what was asked for."""

    take: Callable[[Record], object]
    faults: Faults
    options: Options
