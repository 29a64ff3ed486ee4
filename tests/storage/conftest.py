"""Fixtures: a file as raw SQL finds it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest


@pytest.fixture(params=["OFF", "ON"])
def db(database_file: Path, request: pytest.FixtureRequest) -> Iterator[sqlite3.Connection]:
    """What someone gets who opens the file with another tool, foreign keys and recursive triggers
    off or on. It has the ROWS of the module."""
    with closing(sqlite3.connect(database_file, isolation_level=None)) as db:
        for name in ("foreign_keys", "recursive_triggers"):
            db.execute(f"PRAGMA {name} = {request.param}")
        for statement in request.module.ROWS:
            db.execute(statement)
        yield db
