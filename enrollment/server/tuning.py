"""Tuning of the process for short requests."""

import ctypes
import gc
import resource
import sys
from contextlib import suppress

from enrollment.problems.errors import CommandError

# How many clients may be connected at a time. Each one's headers may take memory.
MAX_CONNECTIONS = 2048
# How many other files may be open: the database, temporary files of SQLite, the log.
OTHER_FILES = 64
# A parameter of mallopt, from malloc.h.
M_TRIM_THRESHOLD = -1
# In bytes: how much free memory is kept.
MEMORY_KEPT = 32 * 1024 * 1024


def tune_runtime() -> None:
    """Tune garbage collection, thread switching and malloc for short requests."""
    # The objects that exist by now stay. The collector need not look at them again and again.
    gc.freeze()
    gc.set_threshold(20_000, 50, 50)
    # In seconds: how long a thread waits before it asks for the interpreter.
    sys.setswitchinterval(0.0005)
    # The next query needs the memory that a query has freed. glibc would return it to the kernel,
    # and getting it back takes longer than the query (mallopt(3)). Other C libraries have no
    # mallopt.
    with suppress(AttributeError):
        ctypes.CDLL(None).mallopt(M_TRIM_THRESHOLD, MEMORY_KEPT)


def raise_file_limit() -> None:
    """Raise the limit of open files to what MAX_CONNECTIONS need, or as far as is allowed. Raises
    CommandError if not even one connection fits."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = max(soft, min(hard, MAX_CONNECTIONS + OTHER_FILES))
    if files <= OTHER_FILES:
        raise CommandError(
            f"the limit of open files is {files}, and the service needs more than {OTHER_FILES}:"
            " raise it with `ulimit -n`, or LimitNOFILE of systemd"
        )
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))


def most_connections() -> int:
    """Return how many connections fit into the limit of open files, once it was raised."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(MAX_CONNECTIONS, soft - OTHER_FILES)
