"""Copies of a database: each one whole file, for its owner alone, with its digest beside it."""

import hashlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from enrollment.database import Connection
from enrollment.errors import CommandError


@contextmanager
def unfinished(target: Path) -> Iterator[Path]:
    """A file of its own beside the target, for its owner alone, that is gone afterwards. Raises
    CommandError if the target is there already."""
    if target.exists():
        raise CommandError(f"{target} is there already")
    try:
        handle, name = tempfile.mkstemp(".partial", f".{target.name}.", target.absolute().parent)
    except OSError as error:
        raise CommandError(f"cannot write beside {target}: {error.strerror}") from error
    os.close(handle)
    try:
        yield Path(name)
    except FileExistsError:
        raise CommandError(f"{target} is there already") from None
    finally:
        Path(name).unlink(missing_ok=True)


def copy(source: Path, target: Path) -> None:
    """A consistent copy in one file, on disk (https://www.sqlite.org/backup.html)."""
    if not source.exists():
        raise CommandError(f"{source} does not exist")
    try:
        with open_to_read(source) as db, closing(sqlite3.connect(target.absolute())) as to:
            db.backup(to)
            # Without this it would be read with a -wal and a -shm beside it.
            to.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        raise CommandError(f"{source} can't be copied: {error}") from error
    sync(target)


def publish(partial: Path, target: Path, like: Path) -> None:
    """Give a copy its name and its digest. A link, unlike a rename, replaces nothing."""
    shutil.copymode(like, partial)
    os.link(partial, target)
    write_digest(target)
    sync(target.absolute().parent)


@contextmanager
def open_to_read(path: Path) -> Iterator[Connection]:
    """A connection that changes nothing. Raises CommandError if the file can't be read."""
    uri = f"{path.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as db:
        db.row_factory = sqlite3.Row
        try:
            yield db
        except sqlite3.DatabaseError as error:
            raise CommandError(f"{path} can't be read: {error}") from error


def digest_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def write_digest(path: Path) -> None:
    """As `sha256sum` writes and checks it."""
    file = digest_file(path)
    file.write_text(f"{digest(path)}  {path.name}\n")
    sync(file)


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def moment() -> str:
    """The time as a part of a name."""
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")


def sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
