"""The lock of a database: which process serves it, and whether that still has its files."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from enrollment.problems.errors import CommandError
from enrollment.storage.files import SUFFIXES, identity

# A service that starts opens its files one after the other: how often, and after how many seconds,
# to look again before a file is said to be lost.
LOOKS, BETWEEN_LOOKS = 3, 0.1


@contextmanager
def lock_database(path: Path, *, exclusive: bool) -> Iterator[None]:
    """Lock a database: exclusively to serve it, or shared to change it while it is not served. The
    lock ends with its process.

    Raises CommandError if another process has it. The lock is on a file beside the database: to
    close another handle of the database itself would free SQLite's locks
    (https://www.sqlite.org/howtocorrupt.html, section 2.2).
    """
    with ExitStack() as stack:
        try:
            # To lock a file one only needs to read it, so another user may have created it.
            real = path.resolve()
            lock = _lock_of(real)
            file = os.open(lock, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
            stack.callback(os.close, file)
            fcntl.flock(file, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = lock.read_text("ascii", "replace").strip()
            process = f"process {holder}" if holder else "another process"
            raise CommandError(f"{path} is in use by {process}. Stop it first.") from None
        except OSError as error:
            raise CommandError(f"cannot write beside {path}: {error.strerror}") from error
        # For the message of a process that is refused. A file of another user stays as it is.
        with suppress(OSError):
            lock.write_text(f"{os.getpid()}\n", "ascii")
        yield


def _lock_of(real: Path) -> Path:
    return real.with_name(real.name + ".lock")


def check_served_files(path: Path) -> None:
    """Raise CommandError if the process that serves a database has a file of it open that is no
    longer at its path: what was written lately is missing from what others read."""
    real = path.resolve()
    try:
        process = int(_lock_of(real).read_text("ascii"))
    except (OSError, ValueError):
        return
    for _ in range(LOOKS):
        lost = _lost_files(real, process)
        if not lost:
            return
        time.sleep(BETWEEN_LOOKS)
    raise CommandError(
        f"{path} is in use by process {process}, whose {' and '.join(lost)} has been moved,"
        " replaced or removed: stop that process first"
    )


def _lost_files(real: Path, process: int) -> list[str]:
    """List the files that the process has open and that are no longer at their paths. Only /proc of
    Linux shows this, to the same user or to root."""
    held = {}
    with suppress(OSError):
        for handle in Path(f"/proc/{process}/fd").iterdir():
            # The file may be closed by now.
            with suppress(OSError):
                found = os.stat(handle)
                held[found.st_dev, found.st_ino] = os.readlink(handle)
    names = [f"{real}{suffix}" for suffix in SUFFIXES]
    is_open = identity(real) in held
    return [
        Path(name).name
        for name in names
        if f"{name} (deleted)" in held.values() or (is_open and identity(name) not in held)
    ]
