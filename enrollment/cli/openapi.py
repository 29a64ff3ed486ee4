"""The command `enrollment openapi`."""

import argparse
from typing import Any

import msgspec

from enrollment.api.operations import openapi
from enrollment.config import Config


def add(verbs: Any) -> None:
    text = "print the OpenAPI document of the HTTP interface"
    verb = verbs.add_parser("openapi", help=text, description=text)
    verb.set_defaults(run=show)


def show(config: Config, options: argparse.Namespace) -> None:
    """Print the OpenAPI document, indented."""
    print(msgspec.json.format(openapi(), indent=2).decode())
