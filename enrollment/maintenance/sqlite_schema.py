"""Migrations of a file of SQLite, in one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from yoyo import internalmigrations
from yoyo.backends.core.sqlite3 import SQLiteBackend
from yoyo.connections import DatabaseURI

from enrollment.maintenance.schema import (
    LOCK_TIMEOUT,
    MIGRATION_TABLE,
    MigrationError,
    OwnLog,
    Run,
    Schema,
)
from enrollment.maintenance.snapshot import publish_copy, sync, temporary_file, timestamp
from enrollment.problems.errors import CommandError
from enrollment.storage.connection import Connection
from enrollment.storage.offline import copy, missing_references, open_plainly
from enrollment.storage.queries import resource_dir
from enrollment.storage.sqlite import StorageError, connect, split_statements


class SQLiteSchema(Schema):
    """The schema of a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.folder = resource_dir("migrations")

    def exists(self) -> bool:
        return self._path.exists()

    def applied(self) -> set[str]:
        if not self._path.exists():
            return set()
        if self._path.is_dir():
            raise MigrationError(f"{self._path} is a folder, not a database")
        with self._errors(), open_plainly(self._path) as db:
            return self._applied(db)

    @contextmanager
    def run(self, dry_run: bool = False) -> Iterator[Run]:
        uri = DatabaseURI("sqlite", None, None, None, None, str(self._path), {})
        with (
            self._errors(),
            _Backend(uri, MIGRATION_TABLE) as backend,
            backend.transaction(rollback_on_exit=dry_run),
        ):
            applied = self._applied(backend.connection)
            if internalmigrations.needs_upgrading(backend):
                internalmigrations.upgrade(backend)
            backend._internal_schema_updated = True
            yield Run(backend, applied)
            _check_references(backend.connection)

    def run_file(self, run: Run, name: str) -> None:
        # yoyo's own way to split a file takes nearly all of the time of a migration.
        for statement in split_statements((self.folder / name).read_text()):
            run.backend.connection.execute(statement)

    def back_up(self, why: str) -> Path:
        """Write the backup beside the database."""
        path = self._path
        backup = path.with_name(f"{path.name}.{why}.{timestamp()}.backup")
        with temporary_file(backup) as partial:
            copy(path, partial)
            sync(partial)
            with open_plainly(partial) as db:
                (report,) = db.execute("PRAGMA integrity_check(1)").fetchone()
                if report != "ok":
                    raise MigrationError(f"the backup is damaged: {report}")
                _check_references(db)
            publish_copy(partial, backup, like=path)
        return backup

    def _applied(self, db: Connection) -> set[str]:
        tables = {
            name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        }
        known = MIGRATION_TABLE in tables
        found = db.execute(f"SELECT migration_id FROM {MIGRATION_TABLE}") if known else ()
        return self.check_known(tables, {id for (id,) in found})

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Turn every expected error into a MigrationError that names the database."""
        try:
            yield
        except (CommandError, OSError, StorageError) as error:
            raise MigrationError(f"{self._path} is left as it was: {error}") from error


class _Backend(OwnLog, SQLiteBackend):  # type: ignore[misc]
    """yoyo's backend on a connection of `storage`. SQLite's write lock keeps other runs out: unlike
    yoyo's lock table, it is released when its process ends."""

    def connect(self, dburi: DatabaseURI) -> Connection:
        db = connect(Path(dburi.database), LOCK_TIMEOUT, create=True)
        # A table can be rebuilt while others refer to it. The run checks the references at its end
        # (https://www.sqlite.org/lang_altertable.html#otheralter).
        db.execute("PRAGMA foreign_keys = OFF")
        return db

    def begin(self) -> None:
        self._in_transaction = True
        self.execute("BEGIN IMMEDIATE")


def _check_references(db: Connection) -> None:
    if missing := next(missing_references(db), None):
        raise MigrationError(missing)
