"""Migrations of a database on a PostgreSQL server, in one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from yoyo import internalmigrations
from yoyo.backends.core.postgresql import PostgresqlPsycopgBackend
from yoyo.connections import DatabaseURI

from enrollment.maintenance.schema import MIGRATION_TABLE, MigrationError, OwnLog, Run, Schema
from enrollment.maintenance.server_backup import write_file
from enrollment.maintenance.snapshot import timestamp
from enrollment.model.location import ServerUrl
from enrollment.problems.errors import CommandError
from enrollment.storage.postgresql import (
    BEGIN_WRITE,
    command_errors,
    connect_plainly,
    open_server_to_read,
)
from enrollment.storage.queries import resource_dir

# Also those that the role may not read.
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema"


class PostgreSQLSchema(Schema):
    """The schema of a database on a server."""

    def __init__(self, url: ServerUrl) -> None:
        self._url = url
        self.folder = resource_dir("migrations") / "postgresql"

    def exists(self) -> bool:
        return True

    def applied(self) -> set[str]:
        with self._errors(), open_server_to_read(self._url) as db:
            return self._applied(db)

    @contextmanager
    def run(self, dry_run: bool = False) -> Iterator[Run]:
        with (
            self._errors(),
            connect_plainly(self._url) as connection,
            _Backend(connection) as backend,
            backend.transaction(rollback_on_exit=dry_run),
        ):
            applied = self._applied(connection)
            if internalmigrations.needs_upgrading(backend):
                internalmigrations.upgrade(backend)
            backend._internal_schema_updated = True
            yield Run(backend, applied)

    def run_file(self, run: Run, name: str) -> None:
        run.backend.connection.execute((self.folder / name).read_text())

    def back_up(self, why: str) -> Path:
        """Write the backup as a file of SQLite in the current folder."""
        backup = Path(f"{self._url.name}.{why}.{timestamp()}.backup")
        write_file(self._url, self.applied(), backup)
        return backup

    def _applied(self, db: Any) -> set[str]:
        tables = {name for (name,) in db.execute(TABLES)}
        known = MIGRATION_TABLE in tables
        found = db.execute(f"SELECT migration_id FROM {MIGRATION_TABLE}") if known else ()
        return self.check_known(tables, {id for (id,) in found})

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Turn every expected error into a MigrationError that names the database."""
        try:
            with command_errors(self._url):
                yield
        except (CommandError, OSError) as error:
            # The text of a failed connection begins with the URL.
            reason = str(error).removeprefix(f"{self._url}: ")
            raise MigrationError(f"{self._url} is left as it was: {reason}") from error


class _Backend(OwnLog, PostgresqlPsycopgBackend):  # type: ignore[misc]
    """yoyo's backend on a connection of `storage`. The lock of all writes keeps other runs out:
    unlike yoyo's lock table, it is released when its process ends."""

    def __init__(self, connection: Any) -> None:
        self._own = connection
        super().__init__(DatabaseURI("postgresql", None, None, None, None, "", {}), MIGRATION_TABLE)

    def connect(self, dburi: DatabaseURI) -> Any:
        return self._own

    def begin(self) -> None:
        self._in_transaction = True
        self.connection.execute(BEGIN_WRITE)
