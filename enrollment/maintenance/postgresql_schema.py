"""Migrations of a database on a PostgreSQL server, in one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from yoyo.backends.core.postgresql import PostgresqlPsycopgBackend
from yoyo.connections import DatabaseURI

from enrollment.maintenance.schema import Backend, Run, Schema
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


class PostgreSQLSchema(Schema):
    """The schema of a database on a server."""

    # Also those that the role may not read.
    table_names = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema"

    def __init__(self, url: ServerUrl) -> None:
        self._url = url
        self.folder = resource_dir("migrations") / "postgresql"

    def exists(self) -> bool:
        return True

    def applied(self) -> set[str]:
        with self.errors(), open_server_to_read(self._url) as db:
            return self.read_applied(db)

    def open(self) -> Any:
        return _Backend(self._url.text)

    def run_file(self, run: Run, name: str) -> None:
        run.backend.connection.execute((self.folder / name).read_text("utf-8"))

    def back_up(self, why: str) -> Path:
        """Write the backup as a file of SQLite in the current folder."""
        backup = Path(f"{self._url.name}.{why}.{timestamp()}.backup")
        write_file(self._url, self.applied(), backup)
        return backup

    @contextmanager
    def errors(self) -> Iterator[None]:
        try:
            with command_errors(self._url):
                yield
        except (CommandError, OSError) as error:
            # The text of a failed connection begins with the URL.
            reason = str(error).removeprefix(f"{self._url}: ")
            raise CommandError(f"{self._url} is left as it was: {reason}") from error


class _Backend(Backend, PostgresqlPsycopgBackend):  # type: ignore[misc]
    """yoyo's backend on a connection of `storage`."""

    begin_write = BEGIN_WRITE

    def connect(self, dburi: DatabaseURI) -> Any:
        return connect_plainly(ServerUrl(dburi.database))
