"""The command `enrollment completion`."""

import argparse
from functools import partial
from typing import Any

import shtab

from enrollment.config import Config


def add(verbs: Any, parser: argparse.ArgumentParser) -> None:
    text = "print what makes a shell complete the commands and their flags"
    verb = verbs.add_parser("completion", help=text, description=text)
    verb.set_defaults(run=partial(show, parser))
    verb.add_argument("shell", choices=("bash", "zsh", "tcsh"), help="the shell")


def show(parser: argparse.ArgumentParser, config: Config, options: argparse.Namespace) -> None:
    """Print a script for the shell to read."""
    print(shtab.complete(parser, options.shell))
