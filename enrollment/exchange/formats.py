"""Which format files have, and so how they are read: as rows, with every fault of every file."""

from collections.abc import Callable, Sequence

from enrollment.exchange.clever import CLEVER
from enrollment.exchange.columns import TABLES
from enrollment.exchange.dialect import find_dialect, read_dialect
from enrollment.exchange.faults import Faults
from enrollment.exchange.manifest import NAME
from enrollment.exchange.package import read_package
from enrollment.exchange.plain_list import read_list
from enrollment.exchange.reading import Options, Reading, Record, Understood
from enrollment.exchange.sds import SDS
from enrollment.exchange.source_files import SourceFile

DEFAULT = Options()


def read_files(
    files: Sequence[SourceFile],
    take: Callable[[Record], object],
    faults: Faults,
    options: Options = DEFAULT,
) -> Understood:
    """Read files and pass each row to `take`. Whatever is wrong with them becomes a fault.

    The names decide: files of OneRoster are a package, and one other file is a list of people. The
    columns decide whose package it is.
    """
    reading = Reading(take, faults, options)
    names = {file.name.lower() for file in files}
    # A package in which nothing has changed has its manifest alone.
    is_oneroster = names == {NAME} or any(f"{table}.csv".lower() in names for table in TABLES)
    if len(files) == 1 and not is_oneroster:
        return Understood(format="list", files=[read_list(files[0], reading)])
    if dialect := find_dialect(files, (SDS, CLEVER)):
        return read_dialect(files, dialect, reading)
    if is_oneroster:
        return read_package(files, reading)
    # An archive that can't be read has no files, and its fault already.
    if not faults.refuse:
        text = "There is no package of a roster, and not one list: nothing can be read."
        faults.add("unknown_format", text, files[0].name if files else "")
    return Understood(format=None, files=[])
