"""The command `enrollment completion`."""

import argparse
from typing import Any

import shtab

from enrollment.cli.console import add_verb
from enrollment.cli.main import parser_of
from enrollment.config import Config


def add(verbs: Any) -> None:
    text = "print what makes a shell complete the commands and their flags"
    verb = add_verb(verbs, "completion", show, text)
    verb.add_argument("shell", choices=("bash", "zsh", "tcsh"), help="the shell")


def show(config: Config, options: argparse.Namespace) -> None:
    """Print a script for the shell to read."""
    print(shtab.complete(parser_of(), options.shell))
