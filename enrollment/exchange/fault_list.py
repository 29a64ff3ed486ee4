"""The faults of an import as a list for a spreadsheet."""

from collections.abc import Iterable
from typing import BinaryIO

from msgspec.structs import asdict

from enrollment.exchange.lists import Layout, write_list
from enrollment.model.imports import ImportFault

FAULTS = Layout(
    "Faults",
    {
        "file": "File",
        "row": "Row",
        "column": "Column",
        "value": "Value",
        "severity": "Severity",
        "code": "Code",
        "detail": "What is wrong",
    },
)


def write_faults(faults: Iterable[ImportFault], target: BinaryIO) -> None:
    """Write faults as CSV, the worst first."""
    write_list(FAULTS, map(asdict, faults), "csv", target)
