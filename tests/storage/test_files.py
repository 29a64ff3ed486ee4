"""The files of a database: what SQLite does with them is never taken for what it does not do."""

import random
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from enrollment.problems.errors import Problem
from enrollment.storage.database import Database
from enrollment.storage.engine import open_database

INSERT = "INSERT INTO course (code, title) VALUES (hex(randomblob(8)), hex(randomblob(90)))"
DELETE = "DELETE FROM course WHERE id % 2"


def steps(database: Database, other: sqlite3.Connection) -> list[Callable[[], object]]:
    """What the service and another program may do, one of them at a time."""

    def write(statement: str) -> None:
        with database.write() as db:
            db.execute(statement)

    def undo() -> None:
        with pytest.raises(ZeroDivisionError), database.write() as db:
            for _ in range(60):
                db.execute(INSERT)
            raise ZeroDivisionError

    by_other = (
        INSERT,
        DELETE,
        "VACUUM",
        "PRAGMA user_version = 7",
        *(f"PRAGMA wal_checkpoint({mode})" for mode in ("PASSIVE", "FULL", "RESTART", "TRUNCATE")),
    )
    return [
        lambda: write(INSERT),
        lambda: write(INSERT),
        lambda: write(DELETE),
        undo,
        *(lambda text=text: other.execute(text).fetchall() for text in by_other),  # type: ignore
    ]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_no_order_of_writes_and_checkpoints_is_refused(database_file: Path, seed: int):
    chance = random.Random(seed)
    pages = chance.choice((1, 5, 30, 4000))
    with (
        closing(open_database(database_file, 1)) as database,
        closing(sqlite3.connect(database_file, isolation_level=None)) as other,
        closing(sqlite3.connect(database_file, isolation_level=None)) as reader,
    ):
        # In the second half a reader keeps the log from being brought in as a whole.
        for is_read in (False, True):
            with database.read() as db:
                db.execute(f"PRAGMA wal_autocheckpoint = {chance.choice((1, pages))}")
            other.execute(f"PRAGMA wal_autocheckpoint = {pages}")
            other.execute("PRAGMA busy_timeout = 0")
            for _ in range(100):
                if is_read and chance.random() < 0.1:
                    reader.execute("COMMIT" if reader.in_transaction else "BEGIN")
                    reader.execute("SELECT count(*) FROM course").fetchone()
                chance.choice(steps(database, other))()


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm"])
def test_a_write_within_which_a_file_is_removed_is_the_last(database_file: Path, suffix: str):
    with closing(open_database(database_file, 1)) as database:
        with database.write() as db:
            db.execute(INSERT)
            Path(f"{database_file}{suffix}").unlink()

        with pytest.raises(Problem) as caught, database.write():
            pass

        assert caught.value.code == "database_moved"


def test_a_database_that_is_closed_keeps_the_locks_of_another(database_file: Path):
    first, second = open_database(database_file, 1), open_database(database_file, 1)
    first.close()

    # Only the one that has the database open alone can leave the mode that has a log.
    leave = (
        "import sqlite3, sys\n"
        "db = sqlite3.connect(sys.argv[1], timeout=0)\n"
        "print(db.execute('PRAGMA journal_mode = DELETE').fetchone()[0])\n"
    )
    command = [sys.executable, "-c", leave, database_file]
    ended = subprocess.run(command, capture_output=True, text=True)
    second.close()

    assert "database is locked" in ended.stderr
    assert subprocess.run(command, capture_output=True, text=True).stdout == "delete\n"
