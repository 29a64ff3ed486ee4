"""Backups: made, verified, and put back."""

import os
import shutil
import sqlite3
import tempfile
from contextlib import closing
from glob import escape
from pathlib import Path

from enrollment.data.integrity import get_counts, list_corruptions, list_history_mismatches
from enrollment.maintenance import migrations
from enrollment.maintenance.snapshot import (
    copy,
    digest,
    digest_file,
    open_to_read,
    publish,
    publish_copy,
    remove,
    sync,
    temporary_file,
    timestamp,
)
from enrollment.problems.errors import CommandError
from enrollment.storage.lock import check_served_files


def back_up(database: Path, target: Path) -> Path:
    """Copy the database, served or not, to a file, or into a folder under a name of its own.

    Raises CommandError, for another program's database too; then no backup is left.
    """
    _last_applied(database)
    check_served_files(database)
    if target.is_dir():
        target = target / f"{database.stem}-{timestamp()}.backup"
    with temporary_file(target) as partial:
        copy(database, partial)
        # A file may have been removed meanwhile.
        check_served_files(database)
        publish_copy(partial, target, like=database)
    return target


def prune(database: Path, made: Path, keep: int) -> list[Path]:
    """Remove all but the newest backups that back_up has made in this one's folder. This one is the
    newest, whatever the clock says."""
    found = list(made.parent.glob(f"{escape(database.stem)}-{'[0-9]' * 8}T*.backup"))
    found.sort(key=lambda backup: (backup == made, backup.name))
    old = found[: max(len(found) - keep, 0)]
    for backup in old:
        remove(backup)
    return old


def verify(backup: Path) -> tuple[str, dict[str, int]]:
    """The schema and the numbers of rows of a backup that is sound: as it was written, whole, and
    with a history that agrees. Raises CommandError, which tells all that is wrong."""
    if not backup.is_file():
        raise CommandError(f"{backup} does not exist, or is no file")
    try:
        expected = digest_file(backup).read_text().split()[0]
    except (OSError, IndexError, UnicodeDecodeError):
        raise CommandError(f"{digest_file(backup)} is missing, or holds no digest") from None
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder) / backup.name
        try:
            shutil.copyfile(backup, scratch)
        except OSError as error:
            raise CommandError(
                f"{backup} can't be copied to {folder}, to be looked at there: {error.strerror};"
                " TMPDIR may name another place"
            ) from error
        if digest(scratch) != expected:
            raise CommandError(f"{backup} has changed since it was written (SHA-256 differs)")
        try:
            return _examine(scratch)
        except CommandError as error:
            # Who reads this knows nothing of the scratch copy.
            raise CommandError(str(error).replace(str(scratch), str(backup))) from error


def _examine(copy: Path) -> tuple[str, dict[str, int]]:
    schema = _last_applied(copy)
    with open_to_read(copy) as db:
        _refuse_if_wrong(copy, list_corruptions(db))
    # What state and history must be is told by the newest schema alone.
    migrations.migrate(copy, scratch=True)
    with open_to_read(copy) as db:
        _refuse_if_wrong(copy, list_history_mismatches(db))
        return schema, get_counts(db)


def _refuse_if_wrong(copy: Path, wrong: list[str]) -> None:
    if wrong:
        raise CommandError(f"{copy} is damaged: {'; '.join(wrong)}")


def _last_applied(database: Path) -> str:
    """Raises CommandError if the file is missing, or is not for this release of this service."""
    if not database.exists():
        raise CommandError(f"{database} does not exist")
    applied = [id for id, is_applied in migrations.status(database) if is_applied]
    if not applied:
        raise CommandError(f"{database} is no database of this service")
    return applied[-1]


def restore(database: Path, backup: Path) -> Path | None:
    """Put a verified backup in the place of the database; where the old one is kept, if there was
    one. Claim the database before."""
    verify(backup)
    database = database.resolve() if database.is_symlink() else database
    kept = database.with_name(f"{database.name}.before-restore.{timestamp()}.backup")
    # If this process is killed, the name of the partial copy says which digest it has left.
    with temporary_file(kept) as partial:
        copy(backup, partial)
        if database.exists():
            shutil.copymode(database, partial)
            _checkpoint(database)
            _swap(database, partial, kept)
            return kept
        os.replace(partial, database)
        sync(database.parent)
    return None


def _checkpoint(database: Path) -> None:
    """A write-ahead log that a crash has left belongs to the database that is put aside.

    Raises CommandError if another program has the database open: its log would meet the backup.
    """
    try:
        with closing(sqlite3.connect(database, timeout=1)) as db:
            # Only who has it open alone can leave the mode that has a log.
            db.execute("PRAGMA journal_mode = DELETE").fetchone()
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            raise CommandError(f"{database} is in use by another program") from error
        print(f"{database} is kept as it is: {error}")


def _swap(database: Path, copy: Path, kept: Path) -> None:
    """Keep the database under another name and give its own to the copy, or leave all as it was.
    A log that could not be brought in goes along, and meets no other file."""
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
