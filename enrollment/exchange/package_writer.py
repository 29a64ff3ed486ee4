"""The files of an export, as an archive or a folder. The same records make the same bytes."""

import csv
import io
import os
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import tzinfo
from itertools import chain
from pathlib import Path
from secrets import token_hex
from shutil import rmtree
from typing import IO, BinaryIO

from enrollment.data.export import Scope, get_school
from enrollment.exchange.export import Sheet, manifest, sheets
from enrollment.problems.errors import CommandError
from enrollment.storage.connection import Connection

# The first time that an archive can hold: when it was written is no part of an export.
NO_TIME = (1980, 1, 1, 0, 0, 0)
PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700


def write_archive(db: Connection, scope: Scope, zone: tzinfo, target: BinaryIO) -> dict[str, int]:
    """Write an export as a zip, row by row, and return the number of rows of each file."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:

        def create(name: str) -> IO[bytes]:
            member = zipfile.ZipInfo(name, NO_TIME)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = PRIVATE_FILE << 16
            return archive.open(member, "w", force_zip64=True)

        return _write(db, scope, zone, create)


def write_path(db: Connection, scope: Scope, zone: tzinfo, path: Path) -> dict[str, int]:
    """Write an export to a new zip, or to a new folder if the name does not end with .zip.

    It has its name only when it is complete. Raises CommandError if there is something already, no
    folder for it, or no space.
    """
    if path.exists():
        raise CommandError(f"{path} exists already")
    if not path.parent.is_dir():
        raise CommandError(f"the folder of {path} does not exist")
    if path.suffix == ".zip":
        with _new(path) as part, open(part, "xb", opener=_private) as target:
            return write_archive(db, scope, zone, target)
    with _new(path) as part:
        part.mkdir(PRIVATE_FOLDER)
        return _write(db, scope, zone, lambda name: open(part / name, "xb", opener=_private))


@contextmanager
def _new(path: Path) -> Iterator[Path]:
    """Yield a name beside the path; what stands there becomes the path at the end."""
    part = path.with_name(f".{path.name}.{token_hex(4)}.partial")
    try:
        yield part
        os.rename(part, path)
    except BaseException as error:
        with suppress(OSError):
            rmtree(part) if part.is_dir() else part.unlink()
        if isinstance(error, OSError):
            # A failed write, unlike a failed open, does not name its file.
            raise CommandError(f"{path} can't be written: {error.strerror}") from error
        raise


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, PRIVATE_FILE)


def _write(
    db: Connection, scope: Scope, zone: tzinfo, create: Callable[[str], IO[bytes]]
) -> dict[str, int]:
    counts = {}
    for sheet in sheets(db, scope, zone):
        if count := _write_sheet(sheet, create):
            counts[sheet.name] = count
    _write_sheet(manifest(get_school(db), scope, {*counts}), create)
    return counts


def _write_sheet(sheet: Sheet, create: Callable[[str], IO[bytes]]) -> int:
    """Write a file, unless it has no rows, and return how many it has."""
    first = next(sheet.rows, None)
    if first is None:
        return 0
    with (
        create(f"{sheet.name}.csv") as stream,
        io.TextIOWrapper(stream, "utf-8", newline="") as text,
    ):
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow(sheet.header)
        count = 0
        for row in chain([first], sheet.rows):
            writer.writerow(row)
            count += 1
    return count
