"""Backups: copies of the database, each with its digest beside it, by which it is verified."""

import hashlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from enrollment import migrate
from enrollment.data.check import get_counts, list_contradictions, list_damages
from enrollment.database import Connection
from enrollment.errors import CommandError


def back_up(database: Path, target: Path) -> Path:
    """Copy the database, served or not, to a file, or into a folder under a name of its own.

    Raises CommandError; then no backup is left.
    """
    if target.is_dir():
        target = target / f"{database.stem}-{_moment()}.backup"
    with _partial(target) as partial:
        _copy(database, partial)
        _write_digest(target, _digest(partial))
        # Unlike a rename, a link does not replace what is there.
        os.link(partial, target)
    _sync(target.parent)
    return target


def prune(database: Path, folder: Path, keep: int) -> list[Path]:
    """Remove all but the newest backups that back_up has made in the folder."""
    found = sorted(folder.glob(f"{database.stem}-{'[0-9]' * 8}T*.backup"))
    old = found[: max(len(found) - keep, 0)]
    for backup in old:
        backup.unlink()
        _digest_file(backup).unlink(missing_ok=True)
    return old


def verify(backup: Path) -> tuple[str, dict[str, int]]:
    """The schema and the numbers of rows of a backup that is sound: as it was written, whole, and
    with a history that agrees. Raises CommandError, which tells all that is wrong."""
    try:
        expected = _digest_file(backup).read_text().split()[0]
    except (OSError, IndexError):
        raise CommandError(f"{_digest_file(backup)} is missing, or holds no digest") from None
    with tempfile.TemporaryDirectory(dir=backup.parent) as folder:
        scratch = Path(folder) / "scratch.db"
        shutil.copyfile(backup, scratch)
        if _digest(scratch) != expected:
            raise CommandError(f"{backup} is not as it was written: its digest is another")
        applied = [id for id, is_applied in migrate.status(scratch) if is_applied]
        if not applied:
            raise CommandError(f"{backup} is no database of this service")
        with open_to_read(scratch) as db:
            wrong = list_damages(db) or list_contradictions(db)
            if wrong:
                raise CommandError(f"{backup} is damaged: {'; '.join(wrong)}")
            return applied[-1], get_counts(db)


def restore(database: Path, backup: Path) -> Path | None:
    """Put a verified backup in the place of the database; where the old one is kept, if there was
    one. Claim the database before."""
    verify(backup)
    kept = None
    with _partial(database.with_name(f"{database.name}.restored")) as partial:
        _copy(backup, partial)
        if database.exists():
            shutil.copymode(database, partial)
            kept = database.with_name(f"{database.name}.before-restore.{_moment()}.backup")
            _set_aside(database, kept)
        os.replace(partial, database)
    _sync(database.parent)
    return kept


def _set_aside(database: Path, kept: Path) -> None:
    """Link what is there under another name; a write-ahead log that is left of a crash goes along,
    and must not meet the file that comes in its place."""
    os.link(database, kept)
    log = database.with_name(f"{database.name}-wal")
    if log.exists() and log.stat().st_size:
        os.link(log, kept.with_name(f"{kept.name}-wal"))
        _sync(kept.parent)
    log.unlink(missing_ok=True)
    database.with_name(f"{database.name}-shm").unlink(missing_ok=True)


def _copy(source: Path, target: Path) -> None:
    """A consistent copy in one file, on disk (https://www.sqlite.org/backup.html)."""
    if not source.exists():
        raise CommandError(f"{source} does not exist")
    try:
        with (
            open_to_read(source) as db,
            closing(sqlite3.connect(target.absolute())) as copy,
        ):
            db.backup(copy)
            # Without this it would be read with a -wal and a -shm beside it.
            copy.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        raise CommandError(f"{source} can't be copied: {error}") from error
    shutil.copymode(source, target)
    _sync(target)


@contextmanager
def _partial(target: Path) -> Iterator[Path]:
    """Where a file is made before it has its name. Raises CommandError if the name is taken."""
    if target.exists():
        raise CommandError(f"{target} is there already")
    partial = target.with_name(f"{target.name}.partial")
    try:
        yield partial
    except FileExistsError:
        raise CommandError(f"{target} is there already") from None
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def open_to_read(path: Path) -> Iterator[Connection]:
    """A connection that changes nothing. Raises CommandError if the file can't be read."""
    uri = f"{path.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as db:
        db.row_factory = sqlite3.Row
        try:
            yield db
        except sqlite3.DatabaseError as error:
            raise CommandError(f"{path.name} can't be read: {error}") from error


def _digest_file(backup: Path) -> Path:
    return backup.with_name(f"{backup.name}.sha256")


def _write_digest(backup: Path, digest: str) -> None:
    """As `sha256sum` writes and checks it."""
    file = _digest_file(backup)
    file.write_text(f"{digest}  {backup.name}\n")
    _sync(file)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _moment() -> str:
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
