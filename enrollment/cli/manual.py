"""The command `enrollment manual`."""

import argparse
from typing import Any

from argparse_manpage.manpage import Manpage

from enrollment.cli.console import add_verb
from enrollment.cli.main import parser_of
from enrollment.config import Config
from enrollment.model.release import RELEASE

# What a manual page has at its top and at its end, in the words of argparse-manpage.
TITLES = {"project_name": "enrollment", "manual_title": "Enrollment"}


def add(verbs: Any) -> None:
    text = "print the manual page of all commands, for man"
    add_verb(verbs, "manual", show, text)


def show(config: Config, options: argparse.Namespace) -> None:
    """Print a manual page for man to read (man(7))."""
    data = TITLES | {"version": RELEASE}
    print(Manpage(parser_of(), data, format="single-commands-section"))
