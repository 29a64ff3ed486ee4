"""Fixtures: every test has a real database, made by the migrations alone: a file of SQLite, or with
`--engine postgresql` a database on a server that the tests start.

A test that names `location`, `database_file` or `database` has one of its own. The others share
one, and what a test writes is undone: to open a database and to compile the large queries takes
longer than most tests.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
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
from tests.support.undone import undone

BUSY_TIMEOUT = 0.05
# The fixtures of tests that are about a file of SQLite, and of those that run on a server too.
OF_FILES = {"database_file", "template", "college_template"}
OF_ANY_ENGINE = {"app", "location", "module_location", "postgresql"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--engine", choices=("sqlite", "postgresql"), default="sqlite")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is about the other engine, and with PostgreSQL what is about none."""
    is_wanted = _is_for_a_server if config.getoption("engine") == "postgresql" else _is_for_a_file
    config.hook.pytest_deselected(items=[item for item in items if not is_wanted(item)])
    items[:] = filter(is_wanted, items)


def _is_for_a_file(item: pytest.Item) -> bool:
    return "postgresql" not in _fixtures(item)


def _is_for_a_server(item: pytest.Item) -> bool:
    return bool(OF_ANY_ENGINE & _fixtures(item)) and not OF_FILES & _fixtures(item)


def _fixtures(item: pytest.Item) -> set[str]:
    return set(getattr(item, "fixturenames", ()))


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
    add_student_token(app.database, student_id=1)
    app.database.close()


class OnServer(NamedTuple):
    """Databases on a server that tests use one after the other. They stay open, since a server
    plans each query again for each connection."""

    templates: dict[str, tuple[Database, Config]]
    # What is put back here is one of the templates, by its name.
    own: tuple[Database, Config]
    resets: dict[str, str]

    def reset(self, name: str) -> ServerUrl:
        """Give the database `own` the rows of a template. Return its URL."""
        url = self.own[1].database
        assert isinstance(url, ServerUrl)
        with connect(url.text, autocommit=True) as db:
            db.execute(self.resets[name])
        return url


@pytest.fixture(scope="session")
def on_server(postgresql: PostgreSQL) -> Iterator[OnServer]:
    own = postgresql.create_database("own")
    migrate(own)
    add_staff_tokens(own)
    bare = postgresql.create_database("bare", template="own")
    # A database to which someone is connected can't be copied.
    postgresql.create_database("unused", template="own")
    resets = {"template": save_rows(own, "bare")}
    add_college(own)
    college = postgresql.create_database("small_college", template="own")
    resets["college_template"] = save_rows(own, "small_college")
    with (
        closing(open_database(bare, BUSY_TIMEOUT)) as bare_database,
        closing(open_database(college, BUSY_TIMEOUT)) as college_database,
        closing(open_database(own, BUSY_TIMEOUT)) as own_database,
    ):
        templates = {
            "template": (bare_database, _settings(bare)),
            "college_template": (college_database, _settings(college)),
        }
        yield OnServer(templates, (own_database, _settings(own)), resets)


def _settings(location: Location) -> Config:
    return Config(database=location, busy_timeout=BUSY_TIMEOUT)


def _is_on_server(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("engine") == "postgresql")


@pytest.fixture
def location(request: pytest.FixtureRequest, tmp_path: Path) -> Location:
    """A migrated database with nothing but tokens. If the test uses the fixture `small_college`, it
    has the college too."""
    name = "college_template" if "small_college" in request.fixturenames else "template"
    if not _is_on_server(request):
        return Path(shutil.copy(request.getfixturevalue(name), tmp_path / "enrollment.db"))
    server: OnServer = request.getfixturevalue("on_server")
    return server.reset(name)


@pytest.fixture
def database_file(location: Path) -> Path:
    """The file of the database, for a test that is about SQLite."""
    return location


@pytest.fixture
def database(location: Location) -> Iterator[Database]:
    with closing(open_database(location, BUSY_TIMEOUT)) as database:
        yield database


@contextmanager
def _opened(
    request: pytest.FixtureRequest, name: str, factory: pytest.TempPathFactory
) -> Iterator[tuple[Database, Config]]:
    """A copy of a template, and the settings of a service on it. A file is closed with the module:
    as long as a process has any database open, it keeps the files of those that it has closed."""
    if _is_on_server(request):
        yield request.getfixturevalue("on_server").templates[name]
        return
    file = shutil.copy(request.getfixturevalue(name), factory.mktemp("shared") / "enrollment.db")
    with closing(open_database(file, BUSY_TIMEOUT)) as database:
        yield database, _settings(file)


@pytest.fixture(scope="module")
def shared_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Database, Config]]:
    with _opened(request, "template", tmp_path_factory) as shared:
        yield shared


@pytest.fixture(scope="module")
def shared_college(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Database, Config]]:
    with _opened(request, "college_template", tmp_path_factory) as shared:
        yield shared


@pytest.fixture
def app(request: pytest.FixtureRequest) -> Iterator[App]:
    """The service: on a database of its own if the test names one, else on a shared one."""
    is_own = "location" in request.fixturenames
    if is_own and not _is_on_server(request):
        app = make_app(_settings(request.getfixturevalue("location")))
        yield app
        app.database.close()
        return
    if is_own:
        request.getfixturevalue("location")
        database, config = request.getfixturevalue("on_server").own
    else:
        name = "shared_college" if "small_college" in request.fixturenames else "shared_database"
        database, config = request.getfixturevalue(name)
    with nullcontext() if is_own else undone(database):
        yield App(database, Authenticator(database, config), Metrics(database), config)


@pytest.fixture(scope="module")
def module_location(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Location:
    """A migrated database with nothing but tokens, which the tests of a module share."""
    if _is_on_server(request):
        request.getfixturevalue("on_server")
        server: PostgreSQL = request.getfixturevalue("postgresql")
        name = request.module.__name__.rpartition(".")[2]
        return server.create_database(name, template="unused")
    template = request.getfixturevalue("template")
    return Path(shutil.copy(template, tmp_path_factory.mktemp("shared") / "enrollment.db"))


@pytest.fixture(scope="module")
def shared_app(module_location: Location) -> Iterator[App]:
    """An application for those tests of a module that leave its database as they found it."""
    app = make_app(_settings(module_location))
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
