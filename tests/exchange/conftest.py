"""Fixtures: a package that was imported, and a second database for what one exports and another
imports."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from enrollment.model.location import Location
from enrollment.storage.database import Database
from enrollment.storage.engine import open_database
from tests.exchange.imports import import_path
from tests.exchange.packages import package
from tests.support.postgresql import PostgreSQL


@pytest.fixture
def two_databases(
    database: Database, location: Location, request: pytest.FixtureRequest
) -> Iterator[tuple[Database, Database]]:
    """The database of the test, and another one like it."""
    if isinstance(location, Path):
        template = request.getfixturevalue("template")
        other: Location = Path(shutil.copy(template, location.with_name("other.db")))
    else:
        server: PostgreSQL = request.getfixturevalue("postgresql")
        other = server.create_database("other", template="unused")
    with closing(open_database(other, 1)) as opened:
        yield database, opened
    if not isinstance(location, Path):
        server.drop_database("other")


@pytest.fixture
def path(database: Database, tmp_path: Path) -> Path:
    """The clean package, which was imported: students 1 to 4 have the numbers 00412 to 00415."""
    path = package(tmp_path)
    import_path(database, path)
    return path
