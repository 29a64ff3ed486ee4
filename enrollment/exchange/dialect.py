"""A dialect: a package of another system in columns of its own. Each of its rows becomes rows of
OneRoster."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

from enrollment.exchange.columns import TABLES, Table
from enrollment.exchange.headers import joined
from enrollment.exchange.manifest import NAME
from enrollment.exchange.package import note_left_out
from enrollment.exchange.reading import Format, Reading, Record, Understood
from enrollment.exchange.source_files import Damaged, SourceFile
from enrollment.exchange.table import read_table
from enrollment.exchange.text import peek_header

ID_LENGTH = 32


class Dialect(NamedTuple):
    """What a system calls its files and columns, and how its rows become rows of OneRoster."""

    format: Format
    # By the names of the files, those that others refer to first.
    tables: Mapping[str, Table]
    # The files that every package has.
    needed: Collection[str]
    # The kinds of rows, each with the files that have all of them.
    kinds: Mapping[str, Collection[str]]
    # Make the function that yields what a row of a file becomes.
    translator: Callable[[Reading], Callable[[str, Record], Iterator[Record]]]


def find_dialect(files: Sequence[SourceFile], dialects: Sequence[Dialect]) -> Dialect | None:
    """Return the dialect whose columns the files have, or None if they are those of OneRoster.
    Whatever has a manifest is OneRoster."""
    named = {file.name.lower(): file for file in files}
    if NAME in named:
        return None
    headers = {name: _header(file) for name, file in named.items() if name.endswith(".csv")}
    found, likeness = None, max(0, _likeness(TABLES, headers))
    for dialect in dialects:
        own = _likeness(dialect.tables, headers)
        if own > likeness:
            found, likeness = dialect, own
    return found


def _header(file: SourceFile) -> set[str]:
    try:
        return {joined(cell) for cell in peek_header(file)}
    except Damaged:
        return set()


def _likeness(tables: Mapping[str, Table], headers: Mapping[str, set[str]]) -> int:
    """How many columns are those of these tables, without those that are missing and needed."""
    total = 0
    for name, table in tables.items():
        header = headers.get(f"{name}.csv".lower())
        if header is not None:
            known = {joined(name) for name in (*table.columns, *table.renamed)}
            needed = {joined(name) for name, column in table.columns.items() if column.needed}
            total += len(header & known) - len(needed - header)
    return total


def read_dialect(files: Sequence[SourceFile], dialect: Dialect, reading: Reading) -> Understood:
    """Read the files of a package. They hold all there is, unless it is said that they do not."""
    named = {file.name.lower(): file for file in files}
    understood, present = Understood(format=dialect.format, files=[]), set()
    translate, mode = dialect.translator(reading), reading.options.mode or "bulk"
    for name, table in dialect.tables.items():
        file = named.pop(f"{name}.csv".lower(), None)
        if file is None:
            if mode == "bulk" and name in dialect.needed:
                text = f"There is no {name}.csv."
                reading.faults.add("missing_file", text, f"{name}.csv")
            continue
        present.add(name)

        def take(record: Record, name: str = name) -> None:
            for made in translate(name, record):
                reading.take(made)

        understood.files.append(read_table(file, table, mode, reading._replace(take=take)))
    understood.modes = {
        kind: mode for kind, sources in dialect.kinds.items() if present.issuperset(sources)
    }
    for file in named.values():
        note_left_out(file, reading.faults)
    return understood


def made_id(*parts: str | None) -> str:
    """Return the id of a row that has none, made of what identifies it."""
    text = "\x1f".join(part or "" for part in parts)
    return sha256(text.encode()).hexdigest()[:ID_LENGTH]
