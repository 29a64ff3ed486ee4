"""Copies of a database. Each copy is one file, with the permissions of the database. Its digest is
in a second file beside it."""

import errno
import fcntl
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from glob import escape
from pathlib import Path

from enrollment.problems.errors import CommandError

# The name of an unfinished copy: the name of the copy, random characters, the id of the process
# that makes it, and what SQLite adds.
PARTIAL = re.compile(r"\.(.+)\.[a-z0-9_]{8}\.([0-9]+)\.enrollment\.partial(-journal|-wal|-shm)?")


@contextmanager
def temporary_file(target: Path) -> Iterator[Path]:
    """Create a file beside the target that only its owner can read, and remove it afterwards.

    Raises CommandError if the target already exists or cannot be written.
    """
    if target.exists():
        raise CommandError(f"{target} already exists")
    folder = target.absolute().parent
    try:
        _remove_leftovers(folder)
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
        # If it cannot be removed now, the next process removes it.
        with suppress(OSError):
            for file in folder.glob(f"{escape(Path(name).name)}*"):
                file.unlink()


def _suffix() -> str:
    return f".{os.getpid()}.enrollment.partial"


def _remove_leftovers(folder: Path) -> None:
    """Remove the temporary files of processes that were killed."""
    for file in folder.glob(".*.enrollment.partial*"):
        name = PARTIAL.fullmatch(file.name)
        if name and not _is_running(int(name[2])):
            with _folder_lock(folder):
                # A digest is written before its copy, and removed after it: without a copy, it is
                # a leftover too.
                if not (folder / name[1]).exists():
                    digest_file(folder / name[1]).unlink(missing_ok=True)
                file.unlink(missing_ok=True)


@contextmanager
def _folder_lock(folder: Path) -> Iterator[None]:
    """Lock a folder against other processes that publish or remove copies in it."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        # Some network filesystems cannot lock a folder. There, if two processes write the same name
        # at once, the digest may be that of the other copy. `backup verify` then reports it.
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def publish(file: Path, name: Path) -> None:
    """Give a file a second name, and write its digest beside that name.

    If this fails, everything is as before. A link is used because, unlike a rename, it replaces
    nothing. The digest is written first, so that a process that is killed leaves no copy without
    one. Raises FileExistsError, OSError.
    """
    folder = name.absolute().parent
    # The name of a file may be no text.
    line = digest(file).encode() + b"  " + os.fsencode(name.name) + b"\n"
    with _folder_lock(folder):
        if name.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(name))
        try:
            # This may replace the digest of a copy that is gone.
            digest_file(name).write_bytes(line)
            sync(digest_file(name))
            os.link(file, name)
            sync(folder)
        except BaseException:
            if name.exists() and name.samefile(file):
                name.unlink()
            digest_file(name).unlink(missing_ok=True)
            raise


def remove(copy: Path) -> None:
    """Remove a copy and its digest.

    The copy is first renamed to a temporary file, which the next process removes if this one is
    killed. Raises OSError.
    """
    with _folder_lock(copy.absolute().parent):
        partial = copy.with_name(f".{copy.name}.removing{_suffix()}")
        copy.rename(partial)
        digest_file(copy).unlink(missing_ok=True)
        partial.unlink()


def digest_file(path: Path) -> Path:
    """Return the path of the digest of a copy, in the format of `sha256sum --check`."""
    return path.with_name(f"{path.name}.sha256")


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def timestamp() -> str:
    """Return the current time in UTC for a file name, such as 20261126T020907.474846Z."""
    return datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%fZ")


def sync(path: Path) -> None:
    """Wait until a file or a folder is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
