"""Copies of a database: each one whole file, for its owner alone, with its digest beside it."""

import errno
import fcntl
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

# The name of an unfinished copy: that of the copy, some letters, the process that makes it, and
# what SQLite adds.
PARTIAL = re.compile(r"\.(.+)\.[a-z0-9_]{8}\.([0-9]+)\.enrollment\.partial(-journal|-wal|-shm)?")


@contextmanager
def temporary_file(target: Path) -> Iterator[Path]:
    """A file of its own beside the target, for its owner alone, that is gone afterwards. Raises
    CommandError if the target is there already, or can't be written."""
    if target.exists():
        raise CommandError(f"{target} already exists")
    folder = target.absolute().parent
    try:
        _clear(folder)
        handle, name = tempfile.mkstemp(_suffix(), f".{target.name}.", folder)
    except OSError as error:
        raise CommandError(f"cannot write beside {target}: {error.strerror}") from error
    os.close(handle)
    try:
        yield Path(name)
    except FileExistsError:
        raise CommandError(f"{target} already exists") from None
    except OSError as error:
        raise CommandError(f"{target} can't be written: {error.strerror}") from error
    finally:
        # What can't be removed now is removed by the next one.
        with suppress(OSError):
            for file in folder.glob(f"{escape(Path(name).name)}*"):
                file.unlink()


def _suffix() -> str:
    return f".{os.getpid()}.enrollment.partial"


def _clear(folder: Path) -> None:
    """Remove what processes that were killed have left there."""
    for file in folder.glob(".*.enrollment.partial*"):
        name = PARTIAL.fullmatch(file.name)
        if name and not _runs(int(name[2])):
            with _alone_in(folder):
                # A digest is there before its copy, and after it.
                if not (folder / name[1]).exists():
                    digest_file(folder / name[1]).unlink(missing_ok=True)
                file.unlink(missing_ok=True)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Let others wait who give copies in a folder their names, or remove them."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        # Some network filesystems can't lock a folder. There, two processes that write to the same
        # name at once may mix up the digest, which is then found not to fit.
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


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
    rename, replaces nothing. The digest comes first, so a process that is killed leaves no copy
    without one."""
    folder = name.absolute().parent
    line = f"{digest(file)}  {name.name}\n"
    with _alone_in(folder):
        if name.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(name))
        try:
            # This may replace the digest of a copy that is gone.
            digest_file(name).write_text(line)
            sync(digest_file(name))
            os.link(file, name)
            sync(folder)
        except BaseException:
            if name.exists() and name.samefile(file):
                name.unlink()
            digest_file(name).unlink(missing_ok=True)
            raise


def remove(copy: Path) -> None:
    """Remove a copy and its digest. The name goes first, to one that is cleared if this process is
    killed."""
    with _alone_in(copy.absolute().parent):
        partial = copy.with_name(f".{copy.name}.removing{_suffix()}")
        copy.rename(partial)
        digest_file(copy).unlink(missing_ok=True)
        partial.unlink()


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
