"""Copies of a database: each one whole file, for its owner alone, with its digest beside it."""

import hashlib
import os
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from glob import escape
from pathlib import Path

from enrollment.problems.errors import CommandError
from enrollment.storage.sqlite import Connection

# What the name of an unfinished copy ends in: the process that makes it, and what SQLite adds.
PARTIAL = re.compile(r"\.([0-9]+)\.enrollment\.partial(-journal|-wal|-shm)?$")


@contextmanager
def temporary_file(target: Path) -> Iterator[Path]:
    """A file of its own beside the target, for its owner alone, that is gone afterwards. Raises
    CommandError if the target is there already, or can't be written."""
    if target.exists():
        raise CommandError(f"{target} is there already")
    folder = target.absolute().parent
    suffix = f".{os.getpid()}.enrollment.partial"
    try:
        _clear(folder)
        handle, name = tempfile.mkstemp(suffix, f".{target.name}.", folder)
    except OSError as error:
        raise CommandError(f"cannot write beside {target}: {error.strerror}") from error
    os.close(handle)
    try:
        yield Path(name)
    except FileExistsError:
        raise CommandError(f"{target} is there already") from None
    except OSError as error:
        raise CommandError(f"{target} can't be written: {error.strerror}") from error
    finally:
        # What can't be removed now is removed by the next one.
        with suppress(OSError):
            for file in folder.glob(f"{escape(Path(name).name)}*"):
                file.unlink()


def _clear(folder: Path) -> None:
    """Remove what processes that were killed have left there."""
    for file in folder.glob(".*.enrollment.partial*"):
        maker = PARTIAL.search(file.name)
        if maker and not _runs(int(maker[1])):
            file.unlink(missing_ok=True)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def copy(source: Path, target: Path) -> None:
    """A consistent copy in one file, on disk (https://www.sqlite.org/backup.html)."""
    if not source.exists():
        raise CommandError(f"{source} does not exist")
    with open_to_read(source) as db:
        try:
            with closing(sqlite3.connect(target.absolute())) as to:
                db.backup(to)
                # Without this it would be read with a -wal and a -shm beside it.
                to.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.Error as error:
            raise CommandError(f"{source} can't be copied: {error}") from error
    sync(target)


def publish_copy(partial: Path, target: Path, like: Path) -> None:
    """Give a copy its name and its digest."""
    shutil.copymode(like, partial)
    publish(partial, target)


def publish(file: Path, name: Path) -> None:
    """Give a file another name, with its digest beside it, or leave it as it is. A link, unlike a
    rename, replaces nothing."""
    os.link(file, name)
    try:
        write_digest(name)
        sync(name.absolute().parent)
    except BaseException:
        digest_file(name).unlink(missing_ok=True)
        name.unlink()
        raise


@contextmanager
def open_to_read(path: Path) -> Iterator[Connection]:
    """A connection that changes nothing. Raises CommandError if the file can't be read."""
    uri = f"{path.absolute().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as db:
            db.row_factory = sqlite3.Row
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


def timestamp() -> str:
    """The time as a part of a name."""
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")


def sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
