"""Migrations: apply them and roll them back, in one transaction."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from enrollment.maintenance.schema import Schema
from enrollment.maintenance.sqlite_schema import SQLiteSchema
from enrollment.model.location import Location
from enrollment.problems.errors import CommandError, UsageError
from enrollment.storage.engine import lock_database
from enrollment.storage.lock import Purpose


class Outcome(NamedTuple):
    """The ids of the migrations that were applied or rolled back, and the backup made before."""

    ids: list[str]
    backup: Path | None


def status(location: Location) -> list[tuple[str, bool]]:
    """Return the id of every migration, in order, and whether it is applied. None is applied if
    there is no database. Raises CommandError."""
    schema = schema_of(location)
    applied = schema.applied()
    return [(id, id in applied) for id in schema.ids()]


def pending(location: Location, to: str | None = None) -> list[str]:
    """Return the ids of the migrations that are not applied, in order, up to and including `to`.

    Raises CommandError if there is another thing than a database of this service; UsageError if
    there is no migration `to`.
    """
    states = status(location)
    wanted = _until([id for id, _ in states], to)
    return [id for id, applied in states if id in wanted and not applied]


@contextmanager
def lock_migratable(location: Location, purpose: Purpose, to: str | None = None) -> Iterator[None]:
    """Keep other processes out of a database that may be new or have pending migrations.

    Raises what `pending` does, before there is a file of a lock: a command that is refused leaves
    nothing behind. Raises CommandError if another process has locked the database.
    """
    pending(location, to)
    with lock_database(location, purpose):
        yield


def last_applied(location: Location) -> str:
    """Return the id of the last migration that is applied.

    Raises CommandError if the file does not exist, or is not a database of this service, or was
    made by a newer release.
    """
    require_database(location)
    applied = [id for id, is_applied in status(location) if is_applied]
    if not applied:
        raise CommandError(f"{location} is not a database of this service")
    return applied[-1]


def migrate(
    location: Location, to: str | None = None, dry_run: bool = False, is_scratch: bool = False
) -> Outcome:
    """Apply the pending migrations, up to and including `to`.

    A database that is not new is backed up first, unless it is a scratch copy. A dry run makes no
    backup, and is rolled back. Raises CommandError; UsageError if there is no migration `to`.
    """
    schema = schema_of(location)
    wanted = pending(location, to)
    if not wanted or (dry_run and not schema.exists()):
        return Outcome(wanted, None)
    with schema.run(dry_run) as run:
        chosen = [m for m in schema.read() if m.id in wanted and m.id not in run.applied]
        backup = None
        if chosen and run.applied and not dry_run and not is_scratch:
            backup = schema.back_up(f"before-{chosen[0].id}")
        schema.apply(run, chosen)
    return Outcome([migration.id for migration in chosen], backup)


def ensure_current(location: Location) -> Outcome:
    """Bring a new database to the newest schema. Raises CommandError if migrations are pending on
    one that is not new."""
    if pending(location) == schema_of(location).ids():
        return migrate(location)
    require_current(location)
    return Outcome([], None)


def require_database(location: Location) -> None:
    """Raise CommandError if there is no database."""
    if not schema_of(location).exists():
        raise CommandError(f"{location} does not exist")


def require_current(location: Location) -> None:
    """Raise CommandError if migrations are pending."""
    if missing := pending(location):
        raise CommandError(
            f"{location} has pending migrations: {', '.join(missing)}; "
            f"first run: enrollment migrate --database {location}"
        )


def list_rollbacks(location: Location, to: str) -> list[str]:
    """Return the ids of the applied migrations after `to` ("0000": all), the last first.
    Raises CommandError; UsageError if there is no migration `to`."""
    schema = schema_of(location)
    if not schema.exists():
        raise CommandError(f"there is no database {location}")
    return _applied_after(schema.ids(), schema.applied(), to)


def rollback(location: Location, to: str) -> Outcome:
    """Undo every migration after `to`, after a backup. Raises CommandError, UsageError."""
    if not list_rollbacks(location, to):
        return Outcome([], None)
    schema = schema_of(location)
    with schema.run() as run:
        undone = _applied_after(schema.ids(), run.applied, to)
        chosen = [m for m in reversed(schema.read()) if m.id in undone]
        backup = schema.back_up(f"before-rollback-to-{to}")
        for migration in chosen:
            schema.run_file(run, f"{migration.id}.rollback.sql")
            run.backend.log_migration(migration, "rollback")
            run.backend.unmark_one(migration, log=False)
    return Outcome([migration.id for migration in chosen], backup)


def schema_of(location: Location) -> Schema:
    """Return the schema of a database."""
    if isinstance(location, Path):
        return SQLiteSchema(location)
    from enrollment.maintenance.postgresql_schema import PostgreSQLSchema

    return PostgreSQLSchema(location)


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


def _applied_after(ids: list[str], applied: Collection[str], to: str) -> list[str]:
    """Return those of the applied ids that come after `to`, the last first. Raises UsageError."""
    kept = _until(ids, to)
    return [id for id in reversed(ids) if id in applied and id not in kept]
