"""Backups: make, verify, restore and prune them."""

import os
import shutil
import tempfile
from glob import escape
from pathlib import Path

from enrollment.data.integrity import get_counts, list_history_mismatches
from enrollment.maintenance import migrations
from enrollment.maintenance.server_backup import write_file
from enrollment.maintenance.snapshot import (
    digest,
    digest_file,
    publish,
    remove,
    sync,
    temporary_file,
    timestamp,
)
from enrollment.maintenance.transfer import copy_school
from enrollment.model.location import Location, ServerUrl
from enrollment.problems.errors import CommandError
from enrollment.storage.lock import check_served_files
from enrollment.storage.offline import bring_in_log, copy, list_corruptions, open_to_read


def back_up(database: Location, target: Path) -> Path:
    """Back up the database, even while it is served. Return the file that was written, which is one
    of SQLite whatever the engine of the database is.

    If the target is a folder, the backup gets a new name in it. Raises CommandError, also for the
    database of another program; then no backup is left.
    """
    migrations.last_applied(database)
    if target.is_dir():
        target = target / f"{_stem(database)}-{timestamp()}.backup"
    if not isinstance(database, Path):
        write_file(database, migrations.schema_of(database).applied(), target)
        return target
    with temporary_file(target) as partial:
        copy(database, partial)
        sync(partial)
        # If the database was removed or replaced meanwhile, the copy may be of no one file.
        check_served_files(database)
        shutil.copymode(database, partial)
        publish(partial, target)
    return target


def _stem(database: Location) -> str:
    """Return how the names of the backups of a database begin."""
    return database.stem if isinstance(database, Path) else database.name


def prune(database: Location, made: Path, keep: int) -> list[Path]:
    """Remove all but the newest `keep` backups of the database in the folder of the backup `made`.
    Return those that were removed.

    Only names that back_up chose count. `made` counts as the newest, even if the clock was set
    back.
    """
    found = list(made.parent.glob(f"{escape(_stem(database))}-{'[0-9]' * 8}T*.backup"))
    found.sort(key=lambda backup: (backup == made, backup.name))
    old = found[: max(len(found) - keep, 0)]
    for backup in old:
        remove(backup)
    return old


def verify(backup: Path) -> tuple[str, dict[str, int]]:
    """Check that a backup has its digest, that it is intact, and that its state and history agree.
    Return the id of its last migration, and the number of rows by table.

    The backup is not changed: a copy in TMPDIR is examined. Raises CommandError, which lists what
    is wrong.
    """
    if not backup.is_file():
        raise CommandError(f"{backup} does not exist, or is not a file")
    try:
        expected = digest_file(backup).read_bytes().split()[0].decode("ascii")
    except (OSError, IndexError, UnicodeDecodeError):
        raise CommandError(f"{digest_file(backup)} is missing, or has no digest") from None
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder) / backup.name
        try:
            shutil.copyfile(backup, scratch)
        except OSError as error:
            raise CommandError(
                f"{backup} can't be copied to {folder} to be verified: {error.strerror};"
                " TMPDIR can name another folder"
            ) from error
        if digest(scratch) != expected:
            raise CommandError(f"{backup} has changed since it was written (SHA-256 differs)")
        try:
            return _examine(scratch)
        except CommandError as error:
            # The reader of this message does not know about the scratch copy.
            raise CommandError(str(error).replace(str(scratch), str(backup))) from error


def _examine(scratch: Path) -> tuple[str, dict[str, int]]:
    schema = migrations.last_applied(scratch)
    with open_to_read(scratch) as db:
        _refuse_if_damaged(scratch, list_corruptions(db))
    # The queries that compare state and history are written for the newest schema.
    migrations.migrate(scratch, is_scratch=True)
    with open_to_read(scratch) as db:
        _refuse_if_damaged(scratch, list_history_mismatches(db))
        return schema, get_counts(db)


def _refuse_if_damaged(scratch: Path, damages: list[str]) -> None:
    if damages:
        raise CommandError(f"{scratch} is damaged: {'; '.join(damages)}")


def restore(database: Location, backup: Path) -> Path | None:
    """Replace the database with a backup. Return the file that keeps the old database, or None if
    there was none. A database on a server must be empty: then it is filled.

    Call it with the database locked, and after `verify`. Raises CommandError.
    """
    if not isinstance(database, Path):
        _fill(database, backup)
        return None
    database = database.resolve() if database.is_symlink() else database
    kept = database.with_name(f"{database.name}.before-restore.{timestamp()}.backup")
    # The partial copy is named after `kept`: if this process is killed, the next one finds by that
    # name the digest of `kept`, and removes it.
    with temporary_file(kept) as partial:
        copy(backup, partial)
        sync(partial)
        if database.exists():
            shutil.copymode(database, partial)
            # A log that a crash has left belongs to the old database, not to the backup.
            bring_in_log(database)
            _swap(database, partial, kept)
            return kept
        os.replace(partial, database)
        sync(database.parent)
    return None


def _fill(database: ServerUrl, backup: Path) -> None:
    """Fill a database on a server from a backup. An older one is first brought to the newest
    schema, in a copy."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder) / backup.name
        copy(backup, scratch)
        migrations.migrate(scratch, is_scratch=True)
        copy_school(scratch, database)


def _swap(database: Path, copy: Path, kept: Path) -> None:
    """Rename the database to `kept`, and the copy to the name of the database.

    If this fails, everything is as before. A log that could not be written into the old database
    is kept beside it.
    """
    log, kept_log = (file.with_name(f"{file.name}-wal") for file in (database, kept))
    try:
        if log.exists() and log.stat().st_size:
            os.link(database, kept)
            os.replace(log, kept_log)
        else:
            publish(database, kept)
            log.unlink(missing_ok=True)
        database.with_name(f"{database.name}-shm").unlink(missing_ok=True)
        os.replace(copy, database)
        sync(database.parent)
    except BaseException:
        if kept.exists():
            # This does nothing if both names are still links to one file, which is why `kept` is
            # removed after it (rename(2)).
            os.replace(kept, database)
            kept.unlink(missing_ok=True)
            digest_file(kept).unlink(missing_ok=True)
        if kept_log.exists():
            os.replace(kept_log, log)
        raise
