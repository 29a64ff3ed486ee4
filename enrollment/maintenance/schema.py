"""The schema of one database: which migrations it has, and how they are applied to it. yoyo finds
the files and records what is applied."""

import os
import socket
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from yoyo import internalmigrations, read_migrations
from yoyo.connections import DatabaseURI
from yoyo.migrations import Migration, default_migration_table

from enrollment.problems.errors import CommandError

MIGRATION_TABLE = default_migration_table
# How long a run waits for another run to end, in seconds.
LOCK_TIMEOUT = 60.0


class Backend:
    """What the backends of yoyo do otherwise here. The write lock of the engine keeps other runs
    out: unlike yoyo's lock table, it is released when its process ends."""

    # The statement that begins a transaction and takes the write lock.
    begin_write: str
    connection: Any

    def __init__(self, database: str) -> None:
        uri = DatabaseURI("", None, None, None, None, database, {})
        super().__init__(uri, MIGRATION_TABLE)  # type: ignore[call-arg]

    def begin(self) -> None:
        self._in_transaction = True
        self.connection.execute(self.begin_write)

    def get_log_data(self, migration: Any = None, operation: str = "apply") -> dict[str, Any]:
        """Return what yoyo notes of a run. Its own method asks the DNS, and fails for a user
        without a name, as in containers."""
        return {
            "id": str(uuid4()),
            "migration_id": migration.id,
            "migration_hash": migration.hash,
            "operation": operation,
            "username": f"uid {os.getuid()}",
            "hostname": socket.gethostname(),
            "created_at_utc": datetime.now(UTC).replace(tzinfo=None),
        }


class Run(NamedTuple):
    """A transaction in which migrations are applied or rolled back."""

    # A Backend, and a backend of yoyo.
    backend: Any
    # The ids of the migrations that are applied.
    applied: set[str]


class Schema(ABC):
    """The schema of a database."""

    # Where the migrations of its engine are.
    folder: Path
    # A query for the names of all tables.
    table_names: str

    @abstractmethod
    def exists(self) -> bool:
        """Whether there is a database, perhaps an empty one. Raises CommandError if there is
        something that can't be one."""

    @abstractmethod
    def applied(self) -> set[str]:
        """Return the ids of the migrations that are applied; none if there is no database.
        Raises CommandError if another program or a newer release made the database."""

    @abstractmethod
    def open(self) -> Any:
        """Open the database for the `with`, as a Backend."""

    @abstractmethod
    def errors(self) -> AbstractContextManager[None]:
        """Turn every expected error into a CommandError that names the database."""

    @abstractmethod
    def run_file(self, run: Run, name: str) -> None:
        """Run the statements of a file."""

    @abstractmethod
    def back_up(self, why: str) -> Path:
        """Write a verified backup. `why` is a part of its name. Raises CommandError."""

    @contextmanager
    def run(self, dry_run: bool = False) -> Iterator[Run]:
        """Open a transaction that keeps others from writing. A dry run is rolled back.
        Raises CommandError."""
        with (
            self.errors(),
            self.open() as backend,
            backend.transaction(rollback_on_exit=dry_run),
        ):
            applied = self.read_applied(backend.connection)
            if internalmigrations.needs_upgrading(backend):
                internalmigrations.upgrade(backend)
            backend._internal_schema_updated = True
            yield Run(backend, applied)

    def read(self) -> list[Migration]:
        """Return the migrations by number, not yet parsed. Raises CommandError if there are none,
        which yoyo would accept."""
        migrations = list(read_migrations(str(self.folder)))
        if not migrations:
            raise CommandError("the migrations are missing from this installation")
        return migrations

    def apply(self, run: Run, migrations: Iterable[Migration]) -> None:
        """Apply migrations, in this order."""
        for migration in migrations:
            self.run_file(run, f"{migration.id}.sql")
            run.backend.log_migration(migration, "apply")
            run.backend.mark_one(migration, log=False)

    def ids(self) -> list[str]:
        return [migration.id for migration in self.read()]

    def read_applied(self, db: Any) -> set[str]:
        """Return the ids of the migrations that are applied, on a connection. Raises
        CommandError."""
        tables = {name for (name,) in db.execute(self.table_names)}
        if not tables:
            return set()
        if MIGRATION_TABLE not in tables:
            raise CommandError("the database is that of another program")
        applied = {id for (id,) in db.execute(f"SELECT migration_id FROM {MIGRATION_TABLE}")}
        if unknown := applied.difference(self.ids()):
            raise CommandError(
                "the database was made by a newer release of enrollment"
                f" ({', '.join(sorted(unknown))})"
            )
        return applied
