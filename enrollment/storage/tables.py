"""All rows of a database, table by table, as they are: to copy them to another engine."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from graphlib import TopologicalSorter
from typing import Any

# What the migrations fill themselves, and what an engine alone needs.
FILLED_BY_MIGRATIONS = frozenset({"letter", "school"})
OF_ONE_ENGINE = frozenset({"changed_column", "deleted_id"})


class Tables(ABC):
    """The tables of a database, within a transaction."""

    # Queries for the tables with each of their columns, in order, and with each table to which they
    # refer.
    columns_query: str
    parents_query: str

    def __init__(self, db: Any) -> None:
        self.db = db

    def columns(self) -> dict[str, list[str]]:
        """Return the names of the columns of each table that is copied."""
        found: dict[str, list[str]] = {}
        for table, column in self.db.execute(self.columns_query).fetchall():
            if _is_copied(table):
                found.setdefault(table, []).append(column)
        return found

    def parents(self) -> dict[str, set[str]]:
        """Return the tables to which each table refers."""
        found: dict[str, set[str]] = {table: set() for table in self.columns()}
        for table, parent in self.db.execute(self.parents_query).fetchall():
            if table != parent:
                found[table].add(parent)
        return found

    @abstractmethod
    def rows(self, table: str, columns: Sequence[str]) -> Iterator[Sequence[Any]]:
        """Return the rows of a table."""

    @abstractmethod
    def replace(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Remove the rows of a table, and write these."""

    @abstractmethod
    def last_ids(self) -> dict[str, int]:
        """Return the highest id that each table has given so far, perhaps to a row that is gone."""

    @abstractmethod
    def set_last_ids(self, ids: Mapping[str, int]) -> None:
        """Let each table give higher ids than these from now on."""

    def first_filled(self) -> str | None:
        """Return the name of a table that has rows, apart from what migrations fill; or None."""
        for table, columns in self.columns().items():
            if table not in FILLED_BY_MIGRATIONS and next(self.rows(table, columns), None):
                return table
        return None


def copy_rows(source: Tables, target: Tables) -> None:
    """Replace all rows of the target by those of the source. Both have the same tables."""
    columns = target.columns()
    for table in TopologicalSorter(target.parents()).static_order():
        target.replace(table, columns[table], source.rows(table, columns[table]))
    target.set_last_ids(source.last_ids())


def _is_copied(table: str) -> bool:
    """Whether a table has data of the school: yoyo and SQLite have tables of their own."""
    return "yoyo" not in table and not table.startswith("sqlite_") and table not in OF_ONE_ENGINE
