"""The templates of pages."""

from functools import cache
from pathlib import Path

from bottle import SimpleTemplate


@cache
def template(folder: Path, name: str) -> SimpleTemplate:
    """Return a template of a folder. It is compiled once, with the templates that it includes."""
    return SimpleTemplate(name=f"{name}.html", lookup=[str(folder)])
