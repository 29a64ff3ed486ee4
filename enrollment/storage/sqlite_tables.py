"""All rows of a file of SQLite."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from enrollment.problems.errors import CommandError
from enrollment.storage.offline import missing_references
from enrollment.storage.tables import Tables


class SQLiteTables(Tables):
    columns_query = """
        SELECT tables.name, columns.name
          FROM sqlite_master AS tables JOIN pragma_table_info(tables.name) AS columns
         WHERE tables.type = 'table'
         ORDER BY tables.name, columns.cid
    """
    parents_query = """
        SELECT tables.name, keys."table"
          FROM sqlite_master AS tables JOIN pragma_foreign_key_list(tables.name) AS keys
         WHERE tables.type = 'table'
    """

    def rows(self, table: str, columns: Sequence[str]) -> Iterator[Sequence[Any]]:
        rows: Iterator[Sequence[Any]] = self.db.execute(f"SELECT {', '.join(columns)} FROM {table}")
        return rows

    def replace(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        self.db.execute(f"DELETE FROM {table}")
        marks = ", ".join("?" * len(columns))
        self.db.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)

    def last_ids(self) -> dict[str, int]:
        return dict(self.db.execute("SELECT name, seq FROM sqlite_sequence").fetchall())

    def set_last_ids(self, ids: Mapping[str, int]) -> None:
        # SQLite has set what follows from the rows.
        self.db.executemany(
            "DELETE FROM sqlite_sequence WHERE name = ?", [(table,) for table in ids]
        )
        self.db.executemany("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", ids.items())


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
