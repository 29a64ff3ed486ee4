"""Copies between a file of SQLite and a database on a server."""

from pathlib import Path

from enrollment.model.location import ServerUrl


def write_file(source: ServerUrl, target: Path) -> Path:
    raise NotImplementedError
