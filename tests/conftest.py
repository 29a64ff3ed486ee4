"""Fixtures: every test has a real database of its own, made by the migrations alone: a file of
SQLite, or with `--engine postgresql` a database on a server that the tests start."""

import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import NamedTuple

import pytest
from psycopg import connect

from enrollment.app import App, make_app
from enrollment.config import Config
from enrollment.http.authentication import Authenticator
from enrollment.maintenance.migrations import migrate
from enrollment.metrics import Metrics
from enrollment.model.location import Location, ServerUrl
from enrollment.storage.database import Database
from enrollment.storage.engine import open_database
from tests.support.client import Client
from tests.support.postgresql import QUICK, PostgreSQL, running_postgresql
from tests.support.saved_rows import save_rows
from tests.support.server import Server, serving
from tests.support.tokens import add_staff_tokens, add_student_token

BUSY_TIMEOUT = 0.05


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--engine", choices=("sqlite", "postgresql"), default="sqlite")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With PostgreSQL, leave out what is about a file of SQLite."""
    if config.getoption("engine") == "postgresql":
        files = [item for item in items if "database_file" in getattr(item, "fixturenames", ())]
        config.hook.pytest_deselected(items=files)
        items[:] = [item for item in items if item not in files]


def pytest_xdist_auto_num_workers() -> int:
    """Return what `-n auto` means: tests wait for the disk and for processes, and meanwhile the
    cores have time for others."""
    return (os.cpu_count() or 1) * 3 // 2


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A server that does not wait for the disk."""
    with running_postgresql(**QUICK) as server:
        yield server


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file with nothing but tokens: copying it is faster than migrating again."""
    path = tmp_path_factory.mktemp("template") / "enrollment.db"
    migrate(path)
    add_staff_tokens(path)
    return path


@pytest.fixture(scope="session")
def college_template(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the small college."""
    path = Path(shutil.copy(template, tmp_path_factory.mktemp("college") / "enrollment.db"))
    add_college(path)
    return path


def add_college(location: Location) -> None:
    """Add a small college: a term, a course, two students who are both enrolled in it, a released
    hold, an import that found nothing, and a token of the first student."""
    app = make_app(Config(database=location))
    client = Client(app)
    client.term()
    course = client.course()
    for _ in range(2):
        client.enroll(client.student(), course)
    client.post_json("/v1/students/1/holds", {"reason": "unpaid fees"}, status=201)
    client.delete("/v1/students/1/holds/1", status=204)
    client.post("/v1/imports", "Number,Email\n", headers={"Content-Type": "text/csv"}, status=201)
    app.database.close()
    add_student_token(location, student_id=1)


class Shared(NamedTuple):
    """A database on a server that tests use one after the other."""

    url: ServerUrl
    # It stays open, since a server plans each query again for each connection.
    database: Database
    # The statements that make it what the templates are, by their names.
    resets: dict[str, str]


@pytest.fixture(scope="session")
def shared(postgresql: PostgreSQL) -> Iterator[Shared]:
    """A database with both templates."""
    url = postgresql.create_database("school")
    migrate(url)
    add_staff_tokens(url)
    resets = {"template": save_rows(url, "bare")}
    add_college(url)
    resets["college_template"] = save_rows(url, "college")
    with closing(open_database(url, BUSY_TIMEOUT)) as database:
        yield Shared(url, database, resets)


@pytest.fixture
def location(request: pytest.FixtureRequest, tmp_path: Path) -> Location:
    """A migrated database with nothing but tokens. If the test uses the fixture `small_college`, it
    has the college too."""
    name = "college_template" if "small_college" in request.fixturenames else "template"
    if request.config.getoption("engine") == "sqlite":
        return Path(shutil.copy(request.getfixturevalue(name), tmp_path / "enrollment.db"))
    shared: Shared = request.getfixturevalue("shared")
    with connect(shared.url.text, autocommit=True) as db:
        db.execute(shared.resets[name])
    return shared.url


@pytest.fixture
def database_file(location: Path) -> Path:
    """The file of the database, for a test that is about SQLite."""
    return location


@pytest.fixture
def database(location: Location) -> Iterator[Database]:
    with closing(open_database(location, BUSY_TIMEOUT)) as database:
        yield database


@pytest.fixture
def app(request: pytest.FixtureRequest, location: Location) -> Iterator[App]:
    config = Config(database=location, busy_timeout=BUSY_TIMEOUT)
    if isinstance(location, Path):
        app = make_app(config)
        yield app
        app.database.close()
    else:
        database = request.getfixturevalue("shared").database
        yield App(database, Authenticator(database, config), Metrics(database), config)


@pytest.fixture
def server(database_file: Path) -> Iterator[Server]:
    with serving(database_file) as server:
        yield server


@pytest.fixture
def client(app: App) -> Client:
    return Client(app)


@pytest.fixture
def small_college(client: Client) -> Client:
    """A client of the small college. It numbers new records from 100, so that their names and codes
    differ from those of the college."""
    client.numbers = count(100)
    return client
