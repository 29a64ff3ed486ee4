"""All rows of a file of SQLite."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from enrollment.problems.errors import CommandError
from enrollment.storage.offline import missing_references, open_to_read
from enrollment.storage.tables import Tables, is_copied


class SQLiteTables(Tables):
    def __init__(self, db: Any) -> None:
        self._db = db

    def columns(self) -> dict[str, list[str]]:
        found = self._db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {
            table: [row[1] for row in self._db.execute(f"PRAGMA table_info({table})")]
            for (table,) in found
            if is_copied(table)
        }

    def parents(self) -> dict[str, set[str]]:
        return {
            table: {row[2] for row in self._db.execute(f"PRAGMA foreign_key_list({table})")}
            - {table}
            for table in self.columns()
        }

    def rows(self, table: str, columns: Sequence[str]) -> Iterator[Sequence[Any]]:
        rows: Iterator[Sequence[Any]] = self._db.execute(
            f"SELECT {', '.join(columns)} FROM {table}"
        )
        return rows

    def replace(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        self._db.execute(f"DELETE FROM {table}")
        marks = ", ".join("?" * len(columns))
        self._db.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)

    def last_ids(self) -> dict[str, int]:
        return dict(self._db.execute("SELECT name, seq FROM sqlite_sequence").fetchall())

    def set_last_ids(self, ids: Mapping[str, int]) -> None:
        # SQLite has set what follows from the rows.
        self._db.executemany(
            "DELETE FROM sqlite_sequence WHERE name = ?", [(table,) for table in ids]
        )
        self._db.executemany("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", ids.items())


@contextmanager
def read_file(path: Path) -> Iterator[SQLiteTables]:
    """Read a file, as it is at the beginning of the `with`. Raises CommandError."""
    with open_to_read(path) as db:
        yield SQLiteTables(db)


@contextmanager
def fill_file(path: Path) -> Iterator[SQLiteTables]:
    """Fill a file that has been migrated, without its triggers: what they would write is among the
    rows. Nothing is kept if the `with` raises. Raises CommandError."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        # Rows can come before those that they refer to. References are checked at the end.
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute("BEGIN IMMEDIATE")
        triggers = db.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall()
        for name, _ in triggers:
            db.execute(f"DROP TRIGGER {name}")
        yield SQLiteTables(db)
        for _, sql in triggers:
            db.execute(sql)
        if missing := next(missing_references(db), None):
            raise CommandError(missing)
        db.execute("COMMIT")
        # Otherwise a -wal and a -shm would appear beside a backup when it is read.
        db.execute("PRAGMA journal_mode = DELETE")
