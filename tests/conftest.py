"""Fixtures: every test has a real SQLite database, made by the migrations alone.

A test that names `database_file` has one of its own. The others of a module share one, and what a
test writes is undone: to open a file and to compile the large queries takes longer than most tests.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path

import pytest

from enrollment.app import App, make_app
from enrollment.config import Config
from enrollment.http.authentication import Authenticator
from enrollment.maintenance.migrations import migrate
from enrollment.metrics import Metrics
from enrollment.storage.database import Database
from tests.support.client import Client
from tests.support.server import Server, serving
from tests.support.tokens import add_staff_tokens, add_student_token
from tests.support.undone import undone

BUSY_TIMEOUT = 0.05


def pytest_xdist_auto_num_workers() -> int:
    """Return what `-n auto` means: tests wait for the disk and for processes, and meanwhile the
    cores have time for others."""
    return (os.cpu_count() or 1) * 3 // 2


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database with nothing but tokens: copying it is faster than migrating again."""
    path = tmp_path_factory.mktemp("template") / "enrollment.db"
    migrate(path)
    add_staff_tokens(path)
    return path


@pytest.fixture(scope="session")
def college_template(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small college: a term, a course, two students who are both enrolled in it, a released hold,
    an import that found nothing, and a token of the first student."""
    path = shutil.copy(template, tmp_path_factory.mktemp("college") / "enrollment.db")
    app = make_app(Config(database=path))
    client = Client(app)
    client.term()
    course = client.course()
    for _ in range(2):
        client.enroll(client.student(), course)
    client.post_json("/v1/students/1/holds", {"reason": "unpaid fees"}, status=201)
    client.delete("/v1/students/1/holds/1", status=204)
    client.post("/v1/imports", "Number,Email\n", headers={"Content-Type": "text/csv"}, status=201)
    app.database.close()
    add_student_token(path, student_id=1)
    return path


@pytest.fixture
def database_file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A migrated database with nothing but tokens. If the test uses the fixture `small_college`, it
    has the college too."""
    name = "college_template" if "small_college" in request.fixturenames else "template"
    return shutil.copy(request.getfixturevalue(name), tmp_path / "enrollment.db")


@pytest.fixture
def database(database_file: Path) -> Iterator[Database]:
    database = Database(database_file, BUSY_TIMEOUT)
    yield database
    database.close()


@contextmanager
def opened(template: Path, folder: Path) -> Iterator[tuple[Database, Config]]:
    """A copy of a database, and the settings of a service on it. It is closed with the module: as
    long as a process has any database open, it keeps the files of those that it has closed."""
    file = shutil.copy(template, folder / "enrollment.db")
    config = Config(database=file, busy_timeout=BUSY_TIMEOUT)
    with closing(Database(file, BUSY_TIMEOUT)) as database:
        yield database, config


@pytest.fixture(scope="module")
def shared_database(
    template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Database, Config]]:
    with opened(template, tmp_path_factory.mktemp("shared")) as shared:
        yield shared


@pytest.fixture(scope="module")
def shared_college(
    college_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Database, Config]]:
    with opened(college_template, tmp_path_factory.mktemp("shared-college")) as shared:
        yield shared


@pytest.fixture
def app(request: pytest.FixtureRequest) -> Iterator[App]:
    """The service: on `database_file` if the test has that, else on a database that it shares."""
    if "database_file" in request.fixturenames:
        file = request.getfixturevalue("database_file")
        app = make_app(Config(database=file, busy_timeout=BUSY_TIMEOUT))
        yield app
        app.database.close()
        return
    name = "shared_college" if "small_college" in request.fixturenames else "shared_database"
    database, config = request.getfixturevalue(name)
    with undone(database):
        metrics = Metrics(database, config.database)
        yield App(database, Authenticator(database, config), metrics, config)


@pytest.fixture(scope="module")
def shared_app(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """An application for those tests of a module that leave its database as they found it."""
    file = shutil.copy(template, tmp_path_factory.mktemp("shared") / "enrollment.db")
    app = make_app(Config(database=file, busy_timeout=BUSY_TIMEOUT))
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
