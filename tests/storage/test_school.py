"""The school in the schema: there is one, and it keeps its key."""

import sqlite3
from pathlib import Path

import pytest

from enrollment.maintenance.migrations import migrate
from enrollment.storage.database import Database
from enrollment.storage.engine import open_database
from tests.support.engine import REFUSALS, connected


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO school (id) VALUES (2)",
        "DELETE FROM school",
        "UPDATE school SET key = 'aaaaaaaaaaaa'",
        "UPDATE school SET id = 2",
        "UPDATE school SET name = ''",
        "UPDATE school SET name = NULL",
        "INSERT INTO school (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET key = 'aaaaaaaaaaaa'",
    ],
)
def test_a_statement_that_would_break_it_is_refused(database: Database, sql: str):
    with pytest.raises(REFUSALS), database.write() as db:
        db.execute(sql)


def test_it_is_never_replaced(database_file: Path):
    with (
        connected(database_file) as db,
        pytest.raises(sqlite3.IntegrityError, match="one school, and it is never replaced"),
    ):
        db.execute("INSERT OR REPLACE INTO school (id) VALUES (1)")


def test_two_databases_have_two_keys(tmp_path: Path):
    keys = set()
    for name in ("a.db", "b.db"):
        migrate(tmp_path / name)
        database = open_database(tmp_path / name, 1)
        with database.read() as db:
            keys.add(db.execute("SELECT key FROM school").fetchone()["key"])
        database.close()

    assert len(keys) == 2
