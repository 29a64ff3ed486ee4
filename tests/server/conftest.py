"""Fixtures: servers that stop cleanly, whatever they were sent."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.server import Server, serving


@contextmanager
def stopping_cleanly(database: Path) -> Iterator[Server]:
    with serving(database) as server:
        yield server
        assert server.stop() == 0
        assert "Traceback" not in server.log.read_text()


@pytest.fixture
def clean_server(database_file: Path) -> Iterator[Server]:
    with stopping_cleanly(database_file) as server:
        yield server


@pytest.fixture(scope="module")
def shared_server(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server that those tests of a module share that leave no student in it."""
    database = shutil.copy(template, tmp_path_factory.mktemp("shared") / "enrollment.db")
    with stopping_cleanly(database) as server:
        yield server
