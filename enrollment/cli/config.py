"""The command `enrollment config show`."""

import argparse
import os
from typing import Any

from enrollment.cli.console import add_json, add_verb, print_json
from enrollment.config import SETTINGS, Config, given, shown


def add(verbs: Any) -> None:
    text = "show the settings, and where each was set"
    verb = verbs.add_parser("config", help=text, description=text)
    subverbs = verb.add_subparsers(metavar="show", required=True)

    text = "list every setting with its value and its origin; takes the flags of `serve`"
    subverb = add_verb(subverbs, "show", show, text, *SETTINGS)
    add_json(subverb)


def show(config: Config, options: argparse.Namespace) -> None:
    """Print every setting with its value, and the flag, variable or default that set it."""
    settings = [
        (name, getattr(config, name), given(name, vars(options), os.environ)[0])
        for name in SETTINGS
    ]
    if options.json:
        print_json({name: {"value": value, "from": origin} for name, value, origin in settings})
        return
    rows = [("setting", "value", "from")]
    rows += [(name, shown(value) or "none", origin) for name, value, origin in settings]
    names, values, _ = (max(map(len, column)) for column in zip(*rows, strict=True))
    for name, value, origin in rows:
        print(f"{name:{names}}  {value:{values}}  {origin}")
