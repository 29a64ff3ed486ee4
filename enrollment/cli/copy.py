"""The command `enrollment copy`."""

import argparse
import os
from pathlib import Path
from typing import Any

from enrollment.cli.console import add_verb, complete_file, format_counts
from enrollment.config import Config
from enrollment.maintenance.migrations import lock_migratable
from enrollment.maintenance.transfer import check_source, copy_school
from enrollment.model.location import EXPECTED, Location, location
from enrollment.problems.errors import CommandError
from enrollment.storage.lock import Purpose


def add(verbs: Any) -> None:
    text = "copy a whole school between a file of SQLite and a PostgreSQL server, in both ways"
    verb = add_verb(verbs, "copy", copy, text)
    text = "the database to copy, which may be served meanwhile: a file or postgresql://..."
    _add_database(verb, "--from", "source", text)
    text = "the database to fill, which must be empty: a file or postgresql://..."
    _add_database(verb, "--to", "target", text)


def _add_database(verb: argparse.ArgumentParser, flag: str, name: str, text: str) -> None:
    """Add a flag for a database. Its name is another one, as `from` is a word of Python."""
    argument = verb.add_argument(
        flag, dest=name, metavar="DATABASE", type=_database, required=True, help=text
    )
    complete_file(argument)


def copy(config: Config, options: argparse.Namespace) -> None:
    """Run `copy`. Raises CommandError."""
    if _identity(options.source) == _identity(options.target):
        raise CommandError(f"--from and --to are the same database, {options.target}")
    check_source(options.source)
    with lock_migratable(options.target, Purpose.CHANGE):
        counts = copy_school(options.source, options.target)
    print(f"{options.target} now has", format_counts(counts))


def _identity(database: Location) -> str:
    """Return a text by which a database is known, however its file is named."""
    return os.path.realpath(database) if isinstance(database, Path) else database.text


def _database(text: str) -> Location:
    """Read a database. Raises ArgumentTypeError."""
    try:
        return location(text)
    except ValueError:
        # Without the text, which may have a password in it.
        raise argparse.ArgumentTypeError(f"expected {EXPECTED}") from None
