"""The command `enrollment manual`."""

import argparse
from functools import partial
from typing import Any

from argparse_manpage.manpage import Manpage

from enrollment.config import Config
from enrollment.model.release import RELEASE

# What a manual page has at its top and at its end, in the words of argparse-manpage.
TITLES = {"project_name": "enrollment", "manual_title": "Enrollment"}


def add(verbs: Any, parser: argparse.ArgumentParser) -> None:
    text = "print the manual page of all commands, for man"
    verb = verbs.add_parser("manual", help=text, description=text)
    verb.set_defaults(run=partial(show, parser))


def show(parser: argparse.ArgumentParser, config: Config, options: argparse.Namespace) -> None:
    """Print a manual page for man to read (man(7))."""
    data = TITLES | {"version": RELEASE}
    print(Manpage(parser, data, format="single-commands-section"))
