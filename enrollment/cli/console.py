"""What the verbs share: how they take settings, and how they print."""

import argparse
import sys
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from enrollment import output
from enrollment.config import Config, flag, shown, variable
from enrollment.maintenance.migrations import Outcome
from enrollment.problems.errors import CommandError
from enrollment.storage.queries import to_json


def add_settings(verb: argparse.ArgumentParser, *names: str) -> None:
    for setting in fields(Config):
        if setting.name in names:
            about = (
                f"{setting.metadata['help']} (${variable(setting.name)}, else "
                f"{shown(setting.default) or 'none'})"
            )
            # Without a default, Config can see whether the flag was given; and a subverb does not
            # overwrite what was given to its verb.
            verb.add_argument(
                flag(setting.name),
                metavar=setting.name.upper(),
                help=about,
                default=argparse.SUPPRESS,
            )


def add_json(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--json", action="store_true", help="print JSON")


def print_json(value: Any) -> None:
    """Print a value of any of our types, on one line."""
    print(to_json(value))


def count(text: str) -> int:
    """Read a number of things; raise ArgumentTypeError if the text is not one."""
    if not (text.isdecimal() and 1 <= int(text) <= 1_000_000):
        raise argparse.ArgumentTypeError("expected a number from 1 to 1000000")
    return int(text)


def print_outcome(done: str, outcome: Outcome) -> None:
    if outcome.backup:
        print(f"backup    {outcome.backup}")
    for id in outcome.ids:
        print(f"{done}  {id}")


def format_counts(counts: Mapping[str, int]) -> str:
    """Return numbers with the names of what they count, which are plurals in -s."""
    return ", ".join(
        f"{n} {what.removesuffix('s') if n == 1 else what}" for what, n in counts.items()
    )


def print_secret(*lines: str) -> None:
    """Print what can't be shown again. Call it inside the transaction that creates the secret: if
    no one can have seen it, nothing is created.

    Raises CommandError, OSError.
    """
    if sys.stdout is None:
        raise CommandError("standard output is closed")
    lost = output.dropped()
    print(*lines, sep="\n", flush=True)
    if output.dropped() > lost:
        raise CommandError("standard output is closed, or no one reads it")
