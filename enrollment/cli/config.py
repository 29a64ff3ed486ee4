"""The command `enrollment config show`."""

import argparse
import os
from dataclasses import fields
from typing import Any

from enrollment.cli.console import add_json, add_verb, print_json
from enrollment.config import Config, given, shown


def add(verbs: Any) -> None:
    text = "show the settings, and where each was set"
    verb = verbs.add_parser("config", help=text, description=text)
    subverbs = verb.add_subparsers(metavar="show", required=True)

    text = "list every setting with its value and its origin; takes the flags of `serve`"
    subverb = add_verb(subverbs, "show", show, text, *(setting.name for setting in fields(Config)))
    add_json(subverb)


def show(config: Config, options: argparse.Namespace) -> None:
    """Print every setting with its value, and the flag, variable or default that set it."""
    if options.json:
        print_json(
            {
                setting.name: {
                    "value": getattr(config, setting.name),
                    "from": given(setting.name, vars(options), os.environ)[0],
                }
                for setting in fields(config)
            }
        )
        return
    rows = [("setting", "value", "from")]
    for setting in fields(config):
        origin, _ = given(setting.name, vars(options), os.environ)
        rows.append((setting.name, shown(getattr(config, setting.name)) or "none", origin))
    names, values, _ = (max(map(len, column)) for column in zip(*rows, strict=True))
    for name, value, origin in rows:
        print(f"{name:{names}}  {value:{values}}  {origin}")
