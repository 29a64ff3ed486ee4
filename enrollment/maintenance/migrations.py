"""Migrations: apply and roll back, in one transaction. yoyo finds the files and records what is
applied."""

import os
import socket
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from yoyo import internalmigrations, read_migrations
from yoyo.backends.core.sqlite3 import SQLiteBackend
from yoyo.connections import DatabaseURI
from yoyo.migrations import Migration, default_migration_table

from enrollment.maintenance.snapshot import publish_copy, sync, temporary_file, timestamp
from enrollment.problems.errors import CommandError, UsageError
from enrollment.storage.offline import copy, open_plainly
from enrollment.storage.queries import resource_dir
from enrollment.storage.sqlite import Connection, StorageError, connect, split_statements

# How long a run waits for another run to end, in seconds.
LOCK_TIMEOUT = 60.0


class MigrationError(CommandError):
    """A migration, a rollback or the reading of their state failed. The database is unchanged."""


class Outcome(NamedTuple):
    """The ids of the migrations that were applied or rolled back, and the backup made before."""

    ids: list[str]
    backup: Path | None


def status(path: Path) -> list[tuple[str, bool]]:
    """Return the id of every migration, in order, and whether it is applied. None is applied if
    there is no file. Raises MigrationError."""
    applied: set[str] = set()
    if path.exists():
        with _errors(path), open_plainly(path) as db:
            applied = _applied(db)
    return [(id, id in applied) for id in _ids()]


def pending(path: Path) -> list[str]:
    """Return the ids of the migrations that are not applied, in order. Raises MigrationError."""
    return [id for id, applied in status(path) if not applied]


def migrate(
    path: Path, to: str | None = None, dry_run: bool = False, is_scratch: bool = False
) -> Outcome:
    """Apply the pending migrations, up to and including `to`.

    A database that is not new is backed up first, unless it is a scratch copy. A dry run makes no
    backup, and is rolled back. Raises MigrationError; UsageError if there is no migration `to`.
    """
    wanted = _until(_ids(), to)
    if not set(wanted).intersection(pending(path)):
        return Outcome([], None)
    if dry_run and not path.exists():
        return Outcome(wanted, None)
    with _run(path, dry_run) as (backend, applied):
        chosen = [m for m in _read() if m.id in wanted and m.id not in applied]
        backup = None
        if chosen and applied and not dry_run and not is_scratch:
            backup = _back_up(path, f"before-{chosen[0].id}")
        for migration in chosen:
            _run_file(backend.connection, f"{migration.id}.sql")
            backend.log_migration(migration, "apply")
            backend.mark_one(migration, log=False)
    return Outcome([migration.id for migration in chosen], backup)


def ensure_current(path: Path, may_migrate: bool) -> Outcome:
    """Bring the database to the newest schema. A new database is always migrated, an existing one
    only if `may_migrate`.

    Raises MigrationError if migrations stay pending.
    """
    missing = pending(path)
    is_new = missing == _ids()
    if may_migrate or is_new:
        return migrate(path)
    if missing:
        raise MigrationError(
            f"{path} has pending migrations: {', '.join(missing)}; "
            f"first run: enrollment migrate --database {path}"
        )
    return Outcome([], None)


def list_rollbacks(path: Path, to: str) -> list[str]:
    """Return the ids of the applied migrations after `to` ("0000": all), the last first.
    Raises MigrationError; UsageError if there is no migration `to`."""
    if not path.exists():
        raise MigrationError(f"there is no database {path}")
    return _applied_after([id for id, applied in status(path) if applied], to)


def rollback(path: Path, to: str) -> Outcome:
    """Undo every migration after `to`, after a backup. Raises MigrationError, UsageError."""
    if not list_rollbacks(path, to):
        return Outcome([], None)
    with _run(path) as (backend, applied):
        undone = _applied_after(applied, to)
        chosen = [m for m in reversed(_read()) if m.id in undone]
        backup = _back_up(path, f"before-rollback-to-{to}")
        for migration in chosen:
            _run_file(backend.connection, f"{migration.id}.rollback.sql")
            backend.log_migration(migration, "rollback")
            backend.unmark_one(migration, log=False)
    return Outcome([migration.id for migration in chosen], backup)


class _Backend(SQLiteBackend):  # type: ignore[misc]
    """yoyo's backend on a connection of `storage`. SQLite's write lock keeps other runs out: unlike
    yoyo's lock table, it is released when its process ends."""

    def connect(self, dburi: DatabaseURI) -> Connection:
        db = connect(Path(dburi.database), LOCK_TIMEOUT, create=True)
        # A table can be rebuilt while others refer to it. _run checks the references at the end
        # (https://www.sqlite.org/lang_altertable.html#otheralter).
        db.execute("PRAGMA foreign_keys = OFF")
        return db

    def begin(self) -> None:
        self._in_transaction = True
        self.execute("BEGIN IMMEDIATE")

    def get_log_data(self, migration: Any = None, operation: str = "apply") -> dict[str, Any]:
        # yoyo's own method asks the DNS, and fails for a user without a name, as in containers.
        return {
            "id": str(uuid4()),
            "migration_id": migration.id,
            "migration_hash": migration.hash,
            "operation": operation,
            "username": f"uid {os.getuid()}",
            "hostname": socket.gethostname(),
            "created_at_utc": datetime.now(UTC).replace(tzinfo=None),
        }


@contextmanager
def _run(path: Path, dry_run: bool = False) -> Iterator[tuple[_Backend, set[str]]]:
    """Open a transaction. Yield the backend and the ids of the applied migrations."""
    uri = DatabaseURI("sqlite", None, None, None, None, str(path), {})
    with (
        _errors(path),
        _Backend(uri, default_migration_table) as backend,
        backend.transaction(rollback_on_exit=dry_run),
    ):
        applied = _applied(backend.connection)
        if internalmigrations.needs_upgrading(backend):
            internalmigrations.upgrade(backend)
        backend._internal_schema_updated = True
        yield backend, applied
        _check_references(backend.connection)


@contextmanager
def _errors(path: Path) -> Iterator[None]:
    """Turn every expected error into a MigrationError that names the database."""
    try:
        yield
    except (CommandError, OSError, StorageError) as error:
        raise MigrationError(f"{path} is left as it was: {error}") from error


def _run_file(db: Connection, name: str) -> None:
    # yoyo's own way to split a file takes nearly all of the time of a migration.
    for statement in split_statements((resource_dir("migrations") / name).read_text()):
        db.execute(statement)


def _read() -> list[Migration]:
    """Return the migrations by number, not yet parsed. Raises MigrationError if there are none,
    which yoyo would accept."""
    migrations = list(read_migrations(str(resource_dir("migrations"))))
    if not migrations:
        raise MigrationError("the migrations are missing from this installation")
    return migrations


def _ids() -> list[str]:
    return [migration.id for migration in _read()]


def _until(ids: list[str], to: str | None) -> list[str]:
    """Return the ids up to and including the one that begins with `to`, or all without `to`.
    Raises UsageError if not exactly one begins with it."""
    if to is None:
        return ids
    if to == "0000":
        return []
    last = [index for index, id in enumerate(ids) if id.startswith(to)]
    if len(last) != 1:
        raise UsageError(f"{to!r} is not one of: {', '.join(ids)}")
    return ids[: last[0] + 1]


def _applied_after(applied: Collection[str], to: str) -> list[str]:
    """Return the applied ids after `to`, the last first. Raises UsageError."""
    kept = _until(_ids(), to)
    return [id for id in reversed(_ids()) if id in applied and id not in kept]


def _applied(db: Connection) -> set[str]:
    """Return the ids of the applied migrations. Raises MigrationError if another program or a newer
    release made the database."""
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if default_migration_table not in tables:
        if tables:
            raise MigrationError("the file is the database of another program")
        return set()
    applied = {id for (id,) in db.execute(f"SELECT migration_id FROM {default_migration_table}")}
    unknown = applied.difference(_ids())
    if unknown:
        raise MigrationError(
            f"the database was made by a newer release of enrollment ({', '.join(sorted(unknown))})"
        )
    return applied


def _back_up(path: Path, why: str) -> Path:
    """Write a verified backup beside the database. `why` is a part of its name."""
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


def _check_references(db: Connection) -> None:
    orphan = db.execute("PRAGMA foreign_key_check").fetchone()
    if orphan:
        raise MigrationError(f"a row of {orphan[0]} refers to a row of {orphan[2]} that is missing")
