"""The report of an import on the command line, and as a file."""

from collections.abc import Iterable
from pathlib import Path

import msgspec
from msgspec.json import format as indent

from enrollment.cli.console import format_counts
from enrollment.exchange.fault_list import write_faults
from enrollment.exchange.marking import can_be_marked, write_marked
from enrollment.exchange.upload import Upload
from enrollment.model.imports import ImportFault, ImportReport
from enrollment.problems.errors import CommandError
from enrollment.storage.queries import to_json

# The faults that are printed.
MOST_SHOWN = 100


def write_report(report: ImportReport, path: Path) -> None:
    """Write a report: it may have names, so only its owner can read it."""
    path.touch(0o600, exist_ok=False)
    if path.suffix == ".csv":
        with path.open("wb") as target:
            write_faults(report.faults, target)
    else:
        path.write_bytes(indent(to_json(report)).encode() + b"\n")


def write_marked_list(upload: Upload, faults: Iterable[ImportFault], path: Path) -> None:
    """Write a list with its faults. Raises CommandError if it is none."""
    if not can_be_marked(upload):
        raise CommandError("only a list is marked, not a package")
    path.touch(0o600, exist_ok=False)
    with path.open("wb") as target:
        write_marked(upload, faults, "xlsx" if path.suffix == ".xlsx" else "csv", target)


def print_report(report: ImportReport, *, is_made: bool) -> None:
    """Print a report: what was read, the faults, and what was done."""
    for file in report.files:
        print(f"read      {file.file}: {format_counts({'rows': file.rows})}")
    for fault in report.faults[:MOST_SHOWN]:
        print_fault(fault)
    if len(report.faults) > MOST_SHOWN:
        print(f"more      {len(report.faults) - MOST_SHOWN} faults; --report writes them to a file")
    for name, counts in msgspec.to_builtins(report.counts).items():
        done = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
        if done:
            print(f"{name:9} {done}" if len(name) < 9 else f"{name} {done}")
    for code, count in report.set_aside.items():
        print(f"set aside {code}: {count}")
    if is_made:
        print(f"imported  {report.source}, import {report.id}")
    else:
        print("dry run   nothing was changed")


def print_fault(fault: ImportFault, *, with_code: bool = False) -> None:
    """Print a fault with its place."""
    row = f"row {fault.row}" if fault.row else None
    place = ", ".join(filter(None, (fault.file or "-", row, fault.column)))
    code = f" ({fault.code})" if with_code else ""
    print(f"{fault.severity:9} {place}: {fault.detail}{code}")
