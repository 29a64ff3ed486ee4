"""The report of an import on the command line, and as a file."""

from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import msgspec
from msgspec.json import format as indent
from msgspec.structs import replace

from enrollment.cli.console import format_counts, open_private
from enrollment.exchange.lists import write_faults
from enrollment.exchange.marking import can_be_marked, write_marked
from enrollment.exchange.upload import Upload
from enrollment.model.imports import ImportFault, ImportReport, UnreadableImport
from enrollment.problems.errors import CommandError
from enrollment.storage.queries import to_json

# The faults that are printed.
MOST_SHOWN = 100


def write_report(report: ImportReport | UnreadableImport, path: Path) -> None:
    """Write a report: it may have names, so only its owner can read it."""
    with open_private(path) as target:
        if path.suffix == ".csv":
            write_faults(report.faults, target)
        else:
            target.write(indent(to_json(report)).encode() + b"\n")


def write_marked_list(upload: Upload, faults: Iterable[ImportFault], path: Path) -> None:
    """Write a list with its faults. Raises CommandError if it is none."""
    if not can_be_marked(upload):
        raise CommandError("only a list is marked, not a package")
    with open_private(path) as target:
        write_marked(upload, faults, "xlsx" if path.suffix == ".xlsx" else "csv", target)


def print_report(report: ImportReport, *, is_made: bool) -> None:
    """Print a report: what was read, the faults, and what was done."""
    for file in report.files:
        print(f"read      {file.file}: {format_counts({'rows': file.rows})}")
    if report.course_id:
        print(f"course    {report.course_id}")
    hidden = print_faults(report.faults, most=MOST_SHOWN)
    if hidden:
        print(f"more      {hidden} faults; --report writes them to a file")
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


def print_faults(
    faults: Iterable[ImportFault], *, most: int | None = None, with_code: bool = False
) -> int:
    """Print faults with their places: warnings that say the same of a column once, with their
    count. Return how many faults are not shown, if there are more than `most` lines."""
    groups: dict[ImportFault, int] = {}
    firsts: dict[ImportFault, ImportFault] = {}
    for fault in faults:
        same = fault if fault.severity != "warning" else replace(fault, row=None, value=None)
        groups[same] = groups.get(same, 0) + 1
        firsts.setdefault(same, fault)
    for same, count in islice(groups.items(), most):
        _print_fault(firsts[same], count, with_code=with_code)
    return sum(islice(groups.values(), most, None)) if most is not None else 0


def _print_fault(fault: ImportFault, count: int, *, with_code: bool) -> None:
    row = f"row {fault.row}" if fault.row else None
    place = ", ".join(filter(None, (fault.file or "-", row, fault.column)))
    more = f" (and {count - 1} more)" if count > 1 else ""
    code = f" ({fault.code})" if with_code else ""
    print(f"{fault.severity:9} {place}{more}: {fault.detail}{code}")
