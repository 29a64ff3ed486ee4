"""Claims: who has a database for itself, or shares it with others of its kind."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from enrollment.problems.errors import CommandError


@contextmanager
def lock_database(path: Path, *, exclusive: bool) -> Iterator[None]:
    """Keep a database to one server, which claims it `alone`; so does, with others of its kind, who
    changes a database that must not be served meanwhile. A claim ends with its process.

    Raises CommandError. The lock is on a file beside the database: to close another handle of the
    database itself frees SQLite's locks (https://www.sqlite.org/howtocorrupt.html, section 2.2).
    """
    with ExitStack() as stack:
        try:
            # To read is enough for a lock: so it does not matter which user has made the file.
            real = path.resolve()
            lock = real.with_name(real.name + ".lock")
            file = os.open(lock, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
            stack.callback(os.close, file)
            fcntl.flock(file, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = lock.read_text("ascii", "replace").strip() or "whose id is not known"
            told = f"{path} is in use by another enrollment process, {holder}"
            raise CommandError(told) from None
        except OSError as error:
            raise CommandError(f"cannot write beside {path}: {error.strerror}") from error
        # For who is refused meanwhile. Where another user has made the file, it stays as it was.
        with suppress(OSError):
            lock.write_text(f"{os.getpid()}\n", "ascii")
        yield
