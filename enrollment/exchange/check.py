"""The check of files before they are brought in anywhere: everything that is wrong with them."""

from contextlib import closing
from pathlib import Path

import msgspec

from enrollment.exchange.faults import FaultCount
from enrollment.exchange.formats import DEFAULT
from enrollment.exchange.reading import FileRead, Format, Options
from enrollment.exchange.upload import Upload
from enrollment.model.imports import ImportFault, Severity


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
    faults: list[ImportFault]


def check_path(path: Path, options: Options = DEFAULT) -> Report:
    """Check a folder, an archive or a file. Raises OSError if it can't be read at all."""
    with closing(Upload.of_path(path, options)) as upload:
        faults = upload.faults
        return Report(
            format=upload.understood.format,
            refused=faults.refuse,
            files=upload.understood.files,
            counts=dict(faults.counts),
            summary=faults.summary(),
            faults=list(faults),
        )
