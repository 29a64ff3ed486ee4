"""The commands `enrollment export` and `enrollment school`."""

import argparse
from pathlib import Path
from typing import Any

import msgspec

from enrollment.cli.console import add_verb, complete_file, format_counts, read_flags
from enrollment.cli.opening import open_database, open_to_read
from enrollment.config import Config
from enrollment.data.export import Scope, get_school, update_school
from enrollment.data.sourced import get_left_out
from enrollment.exchange.package_writer import write_path
from enrollment.http.expected import describe_expected
from enrollment.model.exports import PackageScope
from enrollment.model.types import Title
from enrollment.problems.errors import UsageError


def add(verbs: Any) -> None:
    text = "write rosters as a package of OneRoster 1.2, even while the database is served"
    verb = add_verb(verbs, "export", export, text, "database", "time_zone")
    text = "the new folder to write, or the new archive if it ends with .zip"
    complete_file(verb.add_argument("target", metavar="FILE", type=Path, help=text))
    verb.add_argument("--term", metavar="CODE", help="only the courses of this term")
    text = "a delta of what has changed since this date or RFC 3339 time"
    verb.add_argument("--since", metavar="TIME", help=text)
    text = "with enrollments that ended with a drop, and cancelled courses"
    verb.add_argument("--history", action="store_true", help=text)
    text = "the system whose ids count where two know a record; else the first that had it"
    verb.add_argument("--as", metavar="SOURCE", dest="source", help=text)

    text = "show the name and the key of the school in exports, or change the name"
    verb = add_verb(verbs, "school", school, text, "database")
    verb.add_argument("name", metavar="NAME", nargs="?", help="the new name")


def export(config: Config, options: argparse.Namespace) -> None:
    """Run `export`. Raises CommandError, UsageError, Problem."""
    wanted = read_flags(PackageScope, options, config.time_zone, source="--as")
    scope = Scope(wanted.term or None, wanted.since, wanted.history, wanted.source or None)
    if str(options.target) == "-":
        raise UsageError(
            "an export is not printed: name a folder, or an archive that ends with .zip"
        )
    with open_to_read(config) as db:
        counts = write_path(db, scope, config.time_zone, options.target)
        left_out = {name: count for name, count in get_left_out(db, scope).items() if count}
    for name, count in counts.items():
        print(f"wrote     {name}.csv: {format_counts({'rows': count})}")
    if left_out:
        print(f"left out  {format_counts(left_out)}: another system has these ids for others")
    print(f"exported  {options.target}")


def school(config: Config, options: argparse.Namespace) -> None:
    """Run `school`. Raises CommandError, UsageError."""
    if options.name is not None:
        try:
            name = msgspec.convert(options.name, Title)
        except msgspec.ValidationError:
            raise UsageError(f"the name: {describe_expected(options.name, Title)}") from None
        with open_database(config) as database, database.write() as db:
            update_school(db, name)
    with open_to_read(config) as db:
        found = get_school(db)
    print(f"{found.name}, whose ids begin with {found.key}-")
