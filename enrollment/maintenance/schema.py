"""The schema of one database: which migrations it has, and how they are applied to it. yoyo finds
the files and records what is applied."""

import os
import socket
from abc import ABC, abstractmethod
from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from yoyo import read_migrations
from yoyo.migrations import Migration, default_migration_table

from enrollment.problems.errors import CommandError

MIGRATION_TABLE = default_migration_table
# How long a run waits for another run to end, in seconds.
LOCK_TIMEOUT = 60.0


class MigrationError(CommandError):
    """A migration, a rollback or the reading of their state failed. The database is unchanged."""


class Run(NamedTuple):
    """A transaction in which migrations are applied or rolled back."""

    # yoyo's backend.
    backend: Any
    # The ids of the migrations that are applied.
    applied: set[str]


class Schema(ABC):
    """The schema of a database."""

    # Where the migrations of its engine are.
    folder: Path

    @abstractmethod
    def exists(self) -> bool:
        """Whether there is a database, perhaps an empty one."""

    @abstractmethod
    def applied(self) -> set[str]:
        """Return the ids of the migrations that are applied; none if there is no database.
        Raises MigrationError if another program or a newer release made the database."""

    @abstractmethod
    def run(self, dry_run: bool = False) -> AbstractContextManager[Run]:
        """Open a transaction that keeps others from writing. A dry run is rolled back.
        Raises MigrationError."""

    @abstractmethod
    def run_file(self, run: Run, name: str) -> None:
        """Run the statements of a file."""

    @abstractmethod
    def back_up(self, why: str) -> Path:
        """Write a verified backup. `why` is a part of its name. Raises CommandError."""

    def read(self) -> list[Migration]:
        """Return the migrations by number, not yet parsed. Raises MigrationError if there are none,
        which yoyo would accept."""
        migrations = list(read_migrations(str(self.folder)))
        if not migrations:
            raise MigrationError("the migrations are missing from this installation")
        return migrations

    def apply(self, run: Run, migrations: Iterable[Migration]) -> None:
        """Apply migrations, in this order."""
        for migration in migrations:
            self.run_file(run, f"{migration.id}.sql")
            run.backend.log_migration(migration, "apply")
            run.backend.mark_one(migration, log=False)

    def ids(self) -> list[str]:
        return [migration.id for migration in self.read()]

    def check_known(self, tables: set[str], applied: set[str]) -> set[str]:
        """Return the ids of the applied migrations of a database with these tables.
        Raises MigrationError."""
        if tables and MIGRATION_TABLE not in tables:
            raise MigrationError("the database is that of another program")
        unknown = applied.difference(self.ids())
        if unknown:
            raise MigrationError(
                "the database was made by a newer release of enrollment"
                f" ({', '.join(sorted(unknown))})"
            )
        return applied


class OwnLog:
    """For a backend of yoyo: what it notes of a run. yoyo's own method asks the DNS, and fails for
    a user without a name, as in containers."""

    def get_log_data(self, migration: Any = None, operation: str = "apply") -> dict[str, Any]:
        return {
            "id": str(uuid4()),
            "migration_id": migration.id,
            "migration_hash": migration.hash,
            "operation": operation,
            "username": f"uid {os.getuid()}",
            "hostname": socket.gethostname(),
            "created_at_utc": datetime.now(UTC).replace(tzinfo=None),
        }
