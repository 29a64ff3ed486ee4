"""Fixtures: every test has a real database of its own, made by the migrations alone: a file of
SQLite, or with `--engine postgresql` a database on a server that the tests start."""

import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from enrollment.app import App, make_app
from enrollment.config import Config
from enrollment.maintenance.migrations import migrate
from enrollment.model.location import Location
from enrollment.storage.database import Database
from enrollment.storage.engine import open_database
from tests.support.client import Client
from tests.support.postgresql import QUICK, PostgreSQL, running_postgresql
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
def template(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Location:
    """A migrated database with nothing but tokens: copying it is faster than migrating again."""
    if request.config.getoption("engine") == "postgresql":
        location = request.getfixturevalue("postgresql").create_database("template")
    else:
        location = tmp_path_factory.mktemp("template") / "enrollment.db"
    migrate(location)
    add_staff_tokens(location)
    return location


@pytest.fixture(scope="session")
def college_template(
    request: pytest.FixtureRequest, template: Location, tmp_path_factory: pytest.TempPathFactory
) -> Location:
    """A small college: a term, a course, two students who are both enrolled in it, a released hold,
    an import that found nothing, and a token of the first student."""
    location = _copy(request, template, tmp_path_factory.mktemp("college"), "college")
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
    return location


def _copy(request: pytest.FixtureRequest, template: Location, folder: Path, name: str) -> Location:
    """Copy a template to a file in a folder, or to a database with this name."""
    if isinstance(template, Path):
        return Path(shutil.copy(template, folder / "enrollment.db"))
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return server.create_database(name, template=template.name)


@pytest.fixture
def location(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Location]:
    """A migrated database with nothing but tokens. If the test uses the fixture `small_college`, it
    has the college too."""
    name = "college_template" if "small_college" in request.fixturenames else "template"
    location = _copy(request, request.getfixturevalue(name), tmp_path, "school")
    yield location
    if not isinstance(location, Path):
        request.getfixturevalue("postgresql").drop_database(location.name)


@pytest.fixture
def database_file(location: Path) -> Path:
    """The file of the database, for a test that is about SQLite."""
    return location


@pytest.fixture
def database(location: Location) -> Iterator[Database]:
    with closing(open_database(location, BUSY_TIMEOUT)) as database:
        yield database


@pytest.fixture
def app(location: Location) -> Iterator[App]:
    app = make_app(Config(database=location, busy_timeout=BUSY_TIMEOUT))
    yield app
    app.database.close()


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
