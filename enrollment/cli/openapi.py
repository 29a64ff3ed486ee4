"""The command `enrollment openapi`."""

import argparse
from typing import Any

import msgspec

from enrollment.api.operations import openapi
from enrollment.cli.console import add_verb
from enrollment.config import Config


def add(verbs: Any) -> None:
    text = "print the OpenAPI document of the HTTP interface"
    add_verb(verbs, "openapi", show, text)


def show(config: Config, options: argparse.Namespace) -> None:
    """Print the OpenAPI document, indented."""
    print(msgspec.json.format(openapi(), indent=2).decode())
