"""The verbs of the command line, one module each: it adds its parser, calls, and prints."""

import argparse
import sys
from collections.abc import Mapping
from dataclasses import fields

from enrollment import output
from enrollment.config import Config, flag, shown, variable
from enrollment.errors import CommandError
from enrollment.migrate import Outcome


def add_settings(verb: argparse.ArgumentParser, *names: str) -> None:
    for setting in fields(Config):
        if setting.name in names:
            about = (
                f"{setting.metadata['help']} (${variable(setting.name)}, else "
                f"{shown(setting.default) or 'none'})"
            )
            # No default: Config knows whether the flag or the variable was given, and that of a
            # subverb would undo what was given to its verb.
            verb.add_argument(
                flag(setting.name),
                metavar=setting.name.upper(),
                help=about,
                default=argparse.SUPPRESS,
            )


def count(text: str) -> int:
    if not (text.isdecimal() and 1 <= int(text) <= 1_000_000):
        raise argparse.ArgumentTypeError("expected a number from 1 to 1000000")
    return int(text)


def report(done: str, outcome: Outcome) -> None:
    if outcome.backup:
        print(f"backup    {outcome.backup}")
    for id in outcome.ids:
        print(f"{done}  {id}")


def counted(counts: Mapping[str, int]) -> str:
    """How many of what, whose names are plurals in -s."""
    return ", ".join(
        f"{n} {what.removesuffix('s') if n == 1 else what}" for what, n in counts.items()
    )


def show_once(*lines: str) -> None:
    """Print what can't be shown again. Raises CommandError or OSError if no one can have seen it:
    so it belongs inside the transaction that makes it."""
    if sys.stdout is None:
        raise CommandError("standard output is closed")
    lost = output.dropped()
    print(*lines, sep="\n", flush=True)
    if output.dropped() > lost:
        raise CommandError("standard output is closed, or no one reads it")
