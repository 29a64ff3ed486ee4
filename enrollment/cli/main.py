"""The command line: which verbs there are, and how a command ends."""

import argparse
import io
import os
import sqlite3
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from enrollment.cli import backup, config, demo, doctor, migrate, openapi, serve, token
from enrollment.config import Config
from enrollment.problems.errors import CommandError, Problem


def main(arguments: Sequence[str] | None = None) -> int:
    """0: done; 1: not done, and why; 2: the command was not understood; 130: interrupted."""
    # A name can hold what the terminal can't show.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    options = _parser().parse_args(arguments)
    try:
        settings = Config.read(vars(options), os.environ)
        options.run(settings, options)
    except Problem as problem:
        reasons = [violation.detail for violation in problem.violations]
        reasons = reasons or [f"{settings.database}: {problem.detail}"]
        print("enrollment:", *reasons, file=sys.stderr)
        return 1
    except sqlite3.Error as error:
        print(f"enrollment: {settings.database}: {error}", file=sys.stderr)
        return 1
    except (CommandError, OSError) as error:
        print(f"enrollment: {error}", file=sys.stderr)
        return getattr(error, "status", 1)
    except KeyboardInterrupt:
        return 130
    return 0


class _Parser(argparse.ArgumentParser):
    """Each verb says itself what it does not know: else only the usage of all of them is told."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        options, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return options, unknown


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="enrollment",
        description="Students, courses, and who is in what: an HTTP service on one SQLite file.",
        epilog="`enrollment VERB --help` tells more of each verb.",
    )
    parser.add_argument(
        "--version", action="version", version=f"enrollment {version('enrollment')}"
    )
    verbs = parser.add_subparsers(metavar="VERB", required=True)

    for command in (serve, migrate, token, backup, doctor, config, openapi, demo):
        command.add(verbs)
    return parser
