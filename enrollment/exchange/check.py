"""The check of files before they are brought in anywhere: everything that is wrong with them."""

from pathlib import Path
from typing import Any

import msgspec

from enrollment.data.staging import Staging
from enrollment.exchange.faults import Fault, FaultCount, Faults, Severity
from enrollment.exchange.reader import DEFAULT, read
from enrollment.exchange.reading import FileRead, Format, Options, Record
from enrollment.exchange.sources import open_path
from enrollment.storage.scratch import scratch


class Report(msgspec.Struct, kw_only=True):
    """What files were taken for, and what is wrong with them.

    `refused`: nothing could be brought in, whatever is left out. `faults` are the first of each
    severity; `counts` and `summary` count all.
    """

    format: Format | None
    refused: bool
    files: list[FileRead]
    counts: dict[Severity, int]
    summary: list[FaultCount]
    faults: list[Fault]


def check_path(path: Path, options: Options = DEFAULT) -> Report:
    """Check a folder, an archive or a file. Raises OSError if it can't be read at all."""
    faults = Faults()
    with scratch() as db, open_path(path, faults) as files:
        staging = Staging(db)

        def stage(record: Record) -> None:
            staging.add(*record)

        understood = read(files, stage, faults, options)
        whole = [file.kind for file in understood.files if file.mode == "bulk"]
        for fault in staging.list_faults(whole):
            fields: dict[str, Any] = fault._asdict()
            del fields["id"]
            faults.add(**fields)
    return Report(
        format=understood.format,
        refused=faults.refuse,
        files=understood.files,
        counts=dict(faults.counts),
        summary=faults.summary(),
        faults=list(faults),
    )
