"""Backups: how they are made, verified and restored."""

import os
import shutil
import tempfile
from glob import escape
from pathlib import Path

from enrollment.data.integrity import get_counts, list_corruptions, list_history_mismatches
from enrollment.maintenance import migrations
from enrollment.maintenance.snapshot import (
    digest,
    digest_file,
    publish,
    publish_copy,
    remove,
    sync,
    temporary_file,
    timestamp,
)
from enrollment.problems.errors import CommandError
from enrollment.storage.lock import check_served_files
from enrollment.storage.offline import bring_in_log, copy, open_to_read


def back_up(database: Path, target: Path) -> Path:
    """Back up the database, even while it is served, to a file, or to a folder under a new name.
    Return the file.

    Raises CommandError, also for the database of another program; then there is no backup.
    """
    _last_applied(database)
    check_served_files(database)
    if target.is_dir():
        target = target / f"{database.stem}-{timestamp()}.backup"
    with temporary_file(target) as partial:
        copy(database, partial)
        sync(partial)
        # A file may have been removed meanwhile.
        check_served_files(database)
        publish_copy(partial, target, like=database)
    return target


def prune(database: Path, made: Path, keep: int) -> list[Path]:
    """Remove all but the newest `keep` backups that back_up has made in the folder of `made`, which
    is the newest, whatever the clock says. Return those that were removed."""
    found = list(made.parent.glob(f"{escape(database.stem)}-{'[0-9]' * 8}T*.backup"))
    found.sort(key=lambda backup: (backup == made, backup.name))
    old = found[: max(len(found) - keep, 0)]
    for backup in old:
        remove(backup)
    return old


def verify(backup: Path) -> tuple[str, dict[str, int]]:
    """Check that a backup is as it was written, intact, and that its state and history agree.
    Return its last migration and its numbers of rows.

    Raises CommandError, which lists everything that is wrong.
    """
    if not backup.is_file():
        raise CommandError(f"{backup} does not exist, or is not a file")
    try:
        expected = digest_file(backup).read_text().split()[0]
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


def _examine(copy: Path) -> tuple[str, dict[str, int]]:
    schema = _last_applied(copy)
    with open_to_read(copy) as db:
        _refuse_if_wrong(copy, list_corruptions(db))
    # Only the newest schema says what state and history must be.
    migrations.migrate(copy, scratch=True)
    with open_to_read(copy) as db:
        _refuse_if_wrong(copy, list_history_mismatches(db))
        return schema, get_counts(db)


def _refuse_if_wrong(copy: Path, wrong: list[str]) -> None:
    if wrong:
        raise CommandError(f"{copy} is damaged: {'; '.join(wrong)}")


def _last_applied(database: Path) -> str:
    """Return the last migration that is applied. Raises CommandError if there is no file, or if it
    is not a database of this service and release."""
    if not database.exists():
        raise CommandError(f"{database} does not exist")
    applied = [id for id, is_applied in migrations.status(database) if is_applied]
    if not applied:
        raise CommandError(f"{database} is not a database of this service")
    return applied[-1]


def restore(database: Path, backup: Path) -> Path | None:
    """Verify a backup and replace the database with it. Return the file that keeps the old one, or
    None. Lock the database before. Raises CommandError."""
    verify(backup)
    database = database.resolve() if database.is_symlink() else database
    kept = database.with_name(f"{database.name}.before-restore.{timestamp()}.backup")
    # If this process is killed, the name of the partial copy says which digest it has left.
    with temporary_file(kept) as partial:
        copy(backup, partial)
        sync(partial)
        if database.exists():
            shutil.copymode(database, partial)
            # A log that a crash has left belongs to the database that is put aside.
            bring_in_log(database)
            _swap(database, partial, kept)
            return kept
        os.replace(partial, database)
        sync(database.parent)
    return None


def _swap(database: Path, copy: Path, kept: Path) -> None:
    """Keep the database under another name and give its name to the copy; or leave everything as it
    is. A log that could not be brought in is kept beside the old database."""
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
            # Where both names are still those of one file, this does nothing.
            os.replace(kept, database)
            kept.unlink(missing_ok=True)
            digest_file(kept).unlink(missing_ok=True)
        if kept_log.exists():
            os.replace(kept_log, log)
        raise
