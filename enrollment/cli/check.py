"""The command `enrollment check`."""

import argparse
from pathlib import Path
from typing import Any, get_args

from enrollment.cli.console import add_json, add_verb, complete_file, format_counts, print_json
from enrollment.cli.import_report import print_faults
from enrollment.config import Config
from enrollment.exchange.check import Report, check_path
from enrollment.exchange.reading import DateOrder, Mode, Options
from enrollment.exchange.text import is_encoding
from enrollment.problems.errors import CommandError, Problem


def add(verbs: Any) -> None:
    text = "check the roster files of another system, and show all that is wrong with them"
    verb = add_verb(verbs, "check", check, text)
    text = "a folder or zip of a package, or a list of people as CSV or XLSX"
    complete_file(verb.add_argument("files", metavar="FILE", type=Path, help=text))
    text = "the encoding of files that are not UTF-8 (else cp1252)"
    verb.add_argument("--encoding", metavar="NAME", type=_encoding, help=text)
    text = "whether 3/4/2027 is in April (dmy) or March (mdy)"
    verb.add_argument("--date-order", choices=get_args(DateOrder), help=text)
    text = "whether the files hold all there is, or what has changed (else the manifest says so)"
    verb.add_argument("--mode", choices=get_args(Mode), help=text)
    add_json(verb)


def check(config: Config, options: argparse.Namespace) -> None:
    """Run `check`. Raises CommandError if rows or files are at fault, or if there is no room for
    temporary files; OSError."""
    wanted = Options(options.encoding, options.date_order, options.mode)
    try:
        report = check_path(options.files, wanted)
    except Problem as problem:
        raise CommandError(f"{options.files}: {problem.detail}") from problem
    if options.json:
        print_json(report)
    else:
        _print(report)
    if report.refused:
        raise CommandError(f"{options.files} cannot be brought in as it is")
    if report.counts["error"]:
        raise CommandError(f"{options.files} has rows that cannot be brought in")


def _print(report: Report) -> None:
    print(f"format    {report.format or 'unknown'}")
    for file in report.files:
        shown = [format_counts({"rows": file.rows}), file.mode, file.encoding]
        print(f"read      {file.file}: {', '.join(filter(None, shown))}")
    print_faults(report.faults, with_code=True)
    hidden = sum(report.counts.values()) - len(report.faults)
    if hidden:
        print(f"more      {hidden} faults; with --json, the summary counts all of them")


def _encoding(name: str) -> str:
    """Read the name of an encoding. Raises ArgumentTypeError."""
    if not is_encoding(name):
        raise argparse.ArgumentTypeError("expected the name of an encoding, such as cp1251")
    return name
