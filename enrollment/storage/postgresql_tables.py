"""All rows of a database on a PostgreSQL server."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from enrollment.model.location import ServerUrl
from enrollment.storage.postgresql import BEGIN_WRITE, LOCK_TIMEOUT, command_errors, connect
from enrollment.storage.tables import Tables

# How many rows are fetched at a time.
BATCH = 5000
# The tables that never give an id twice.
KEEPERS = """
    SELECT tgrelid::regclass::text
      FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid
     WHERE proname = 'give_an_id'
"""


class PostgreSQLTables(Tables):
    columns_query = """
        SELECT table_name, column_name
          FROM information_schema.columns JOIN information_schema.tables
               USING (table_schema, table_name)
         WHERE table_schema = current_schema AND table_type = 'BASE TABLE'
           AND is_generated = 'NEVER'
         ORDER BY table_name, ordinal_position
    """
    parents_query = """
        SELECT conrelid::regclass::text, confrelid::regclass::text
          FROM pg_constraint
         WHERE contype = 'f' AND connamespace = current_schema::regnamespace
    """

    def rows(self, table: str, columns: Sequence[str]) -> Iterator[Sequence[Any]]:
        names = ", ".join(columns)
        with self.db.cursor(name="rows") as rows:
            rows.itersize = BATCH
            yield from rows.execute(f"SELECT {names} FROM {table}")

    def replace(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        # What the triggers would write is among the rows. The keys are checked.
        self.db.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        self.db.execute(f"DELETE FROM {table}")
        names = ", ".join(columns)
        with self.db.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as out:
            for row in rows:
                out.write_row(row)
        self.db.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")

    def last_ids(self) -> dict[str, int]:
        deleted = dict(self.db.execute("SELECT table_name, highest FROM deleted_id").fetchall())
        last = {}
        for (table,) in self.db.execute(KEEPERS).fetchall():
            (highest,) = self.db.execute(f"SELECT max(id) FROM {table}").fetchone()
            if highest or table in deleted:
                last[table] = max(highest or 0, deleted.get(table, 0))
        return last

    def set_last_ids(self, ids: Mapping[str, int]) -> None:
        self.db.execute("DELETE FROM deleted_id")
        keepers = {table for (table,) in self.db.execute(KEEPERS)}
        with self.db.cursor() as cursor, cursor.copy("COPY deleted_id FROM STDIN") as out:
            for table in keepers & ids.keys():
                out.write_row((table, ids[table]))


@contextmanager
def fill_server(url: ServerUrl) -> Iterator[PostgreSQLTables]:
    """Fill a database that has been migrated. Nothing is kept if the `with` raises.
    Raises CommandError."""
    with command_errors(url), connect(url, LOCK_TIMEOUT) as db:
        db.execute(BEGIN_WRITE)
        yield PostgreSQLTables(db)
        db.execute("COMMIT")
        db.execute("ANALYZE")
