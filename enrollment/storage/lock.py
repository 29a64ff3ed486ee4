"""The lock of a database: which process serves it, and whether its files are still in place."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from enum import Enum
from pathlib import Path

from enrollment.problems.errors import CommandError
from enrollment.storage.files import SUFFIXES, identity

# A service that starts opens its files one after the other. So a file is called lost only after so
# many looks, with so many seconds between them.
LOOKS = 3
SECONDS_BETWEEN_LOOKS = 0.1


class Purpose(Enum):
    """What a process wants to do with a database that it locks."""

    # Answer requests.
    SERVE = "serve"
    # Read and write as a service does, perhaps beside one.
    USE = "use"
    # Change the schema, or fill the database, while it is not served.
    CHANGE = "change"
    # Put another database in its place.
    REPLACE = "replace"
    # Read a file that may not change meanwhile.
    FREEZE = "freeze"


# Of a file there can be one service.
EXCLUSIVE = (Purpose.SERVE, Purpose.REPLACE, Purpose.FREEZE)


@contextmanager
def lock_file(path: Path, purpose: Purpose) -> Iterator[None]:
    """Lock the file of a database during the `with`. The lock also ends with its process.

    The lock is on a file beside the database: closing a second handle of the database itself would
    free the locks of SQLite (https://www.sqlite.org/howtocorrupt.html, section 2.2).

    Raises CommandError if another process has locked the database, if the file of the lock can't be
    opened, or as `check_path` does.
    """
    # Otherwise the file of the lock would stay where no database can be.
    check_path(path)
    mode = fcntl.LOCK_EX if purpose in EXCLUSIVE else fcntl.LOCK_SH
    lock = lock_of(path)
    with ExitStack() as stack:
        try:
            # Only the right to read is needed: the file may belong to another user. A pipe would be
            # waited for without O_NONBLOCK.
            flags = os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
            file = os.open(lock, flags, 0o644)
            stack.callback(os.close, file)
            if not lock.is_file():
                raise CommandError(f"{lock} is not a file")
            fcntl.flock(file, mode | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _holder(lock)
            process = f"process {holder}" if holder else "another process"
            raise CommandError(f"{path} is in use by {process}. Stop it first.") from None
        except OSError as error:
            if os.path.exists(lock):
                raise CommandError(f"cannot lock {lock}: {error.strerror}") from error
            raise CommandError(f"cannot write beside {path}: {error.strerror}") from error
        # Another process that wants the lock names this process in its message. A file of another
        # user can't be written, and stays as it is.
        with suppress(OSError):
            lock.write_text(f"{os.getpid()}\n", "ascii")
        yield


def check_path(path: Path) -> None:
    """Raise CommandError if the path can't be that of a database: it is a folder, a device or a
    pipe, or a link that leads in a circle."""
    if path.is_dir():
        raise CommandError(f"{path} is a folder, not a database")
    if path.exists() and not path.is_file():
        raise CommandError(f"{path} is not a file")
    if os.path.islink(os.path.realpath(path)):
        raise CommandError(f"{path} is a link that leads in a circle, not a database")


def lock_of(path: Path) -> Path:
    """Return the file of the lock of a database: it is beside the real file."""
    return Path(f"{path.resolve()}.lock")


def _holder(lock: Path) -> int | None:
    """Return the id of the process that has locked a database, if its lock file has one."""
    try:
        return int(lock.read_text("ascii")) if lock.is_file() else None
    except (OSError, ValueError):
        return None


def check_served_files(path: Path) -> None:
    """Raise CommandError if the process that serves a database has one of its files open that is no
    longer at its path. Then others can't read what that process has written. What they write is
    lost, and opening what is at the path may empty the log."""
    process = _holder(lock_of(path))
    if process in (None, os.getpid()):
        return
    real = path.resolve()
    for _ in range(LOOKS):
        lost = _lost_files(real, process)
        if not lost:
            return
        time.sleep(SECONDS_BETWEEN_LOOKS)
    names, verb = " and ".join(lost), "has" if len(lost) == 1 else "have"
    raise CommandError(
        f"{path} is in use by process {process}, whose {names} {verb} been moved,"
        " replaced or removed: stop that process first"
    )


def _lost_files(real: Path, process: int) -> list[str]:
    """Return the names of the files that the process has open and that are no longer at their
    paths. Only /proc of Linux shows this, to the same user or to root."""
    # The paths of the open files, by device and inode.
    held = {}
    with suppress(OSError):
        for handle in Path(f"/proc/{process}/fd").iterdir():
            # The process may have closed the file meanwhile.
            with suppress(OSError):
                found = os.stat(handle)
                held[found.st_dev, found.st_ino] = os.readlink(handle)
    # The process that an old lock file names may be another program by now.
    if identity(lock_of(real)) not in held:
        return []
    names = [f"{real}{suffix}" for suffix in SUFFIXES]
    # A process that has locked the database, and has the index of a log, has opened the database.
    has_log = any(name.removesuffix(" (deleted)").endswith(SUFFIXES[-1]) for name in held.values())
    is_open = has_log or identity(real) in held
    return [
        Path(name).name
        for name in names
        if f"{name} (deleted)" in held.values() or (is_open and identity(name) not in held)
    ]
