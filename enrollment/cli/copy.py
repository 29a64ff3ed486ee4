"""The command `enrollment copy`."""

import argparse
from typing import Any

from enrollment.cli.console import complete_file, format_counts
from enrollment.config import Config
from enrollment.maintenance.transfer import copy_school
from enrollment.model.location import Location, location
from enrollment.storage.engine import lock_database
from enrollment.storage.lock import Purpose


def add(verbs: Any) -> None:
    text = "copy a whole school between a file of SQLite and a PostgreSQL server, in both ways"
    verb = verbs.add_parser("copy", help=text, description=text)
    verb.set_defaults(run=copy)
    # `from` is a word of Python.
    text = "the database to copy, which may be served meanwhile: a file or postgresql://..."
    complete_file(verb.add_argument("--from", dest="source", metavar="DATABASE", type=_database,
                                    required=True, help=text))  # fmt: skip
    text = "the database to fill, which must be empty: a file or postgresql://..."
    complete_file(verb.add_argument("--to", dest="target", metavar="DATABASE", type=_database,
                                    required=True, help=text))  # fmt: skip


def copy(config: Config, options: argparse.Namespace) -> None:
    """Run `copy`. Raises CommandError."""
    with lock_database(options.target, Purpose.CHANGE):
        counts = copy_school(options.source, options.target)
    print(f"{options.target} now has", format_counts(counts))


def _database(text: str) -> Location:
    """Read a database. Raises ArgumentTypeError."""
    try:
        return location(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not the name of a file, nor postgresql://..."
        ) from None
