"""sql/schema.sql: it shows the schema that the migrations make."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from enrollment.storage.queries import resource_dir
from tests.support.schema import COMMENTS, Objects, read_schema, render

FILE = resource_dir("sql") / "schema.sql"
REGENERATE = "run: python -m tests.support.schema > sql/schema.sql"


@pytest.fixture
def migrated(database_file: Path) -> Iterator[Objects]:
    with closing(sqlite3.connect(database_file)) as db:
        yield read_schema(db)


def test_the_schema_is_the_one_that_the_migrations_make(migrated: Objects):
    with closing(sqlite3.connect(":memory:")) as db:
        db.executescript(FILE.read_text())
        shown = read_schema(db)

    assert migrated.keys() - shown.keys() == set(), f"not in sql/schema.sql; {REGENERATE}"
    assert shown.keys() - migrated.keys() == set(), f"only in sql/schema.sql; {REGENERATE}"
    changed = {name for name, sql in migrated.items() if shown[name] != sql}
    assert changed == set(), f"other in sql/schema.sql; {REGENERATE}"
    assert FILE.read_text() == render(migrated), REGENERATE


def test_every_comment_is_one_line_on_something_that_exists(migrated: Objects):
    assert COMMENTS.keys() <= migrated.keys()
    assert not [text for text in COMMENTS.values() if "\n" in text or len(text) > 97]
