"""Fixtures: every test has a real SQLite file of its own, made by the migrations alone."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from enrollment.app import App, make_app
from enrollment.config import Config
from enrollment.maintenance.migrations import migrate
from enrollment.storage.database import Database
from tests.support.client import Client
from tests.support.server import Server, serving
from tests.support.tokens import let_in

BUSY_TIMEOUT = 0.05


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database with nothing but tokens: copying it is faster than migrating again."""
    path = tmp_path_factory.mktemp("template") / "enrollment.db"
    migrate(path)
    let_in(path)
    return path


@pytest.fixture
def database_file(template: Path, tmp_path: Path) -> Path:
    """A migrated database with nothing but tokens."""
    return shutil.copy(template, tmp_path / "enrollment.db")


@pytest.fixture
def database(database_file: Path) -> Iterator[Database]:
    database = Database(database_file, BUSY_TIMEOUT)
    yield database
    database.close()


@pytest.fixture
def app(database_file: Path) -> Iterator[App]:
    app = make_app(Config(database=database_file, busy_timeout=BUSY_TIMEOUT))
    yield app
    app.database.close()


@pytest.fixture
def server(database_file: Path) -> Iterator[Server]:
    with serving(database_file) as server:
        yield server


@pytest.fixture
def client(app: App) -> Client:
    return Client(app)
