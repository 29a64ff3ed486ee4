"""Settings of the process that suit a server of short requests."""

import ctypes
import gc
import resource
import sys
from contextlib import suppress

# How many clients may be connected at a time. Each may hold memory for its headers.
MAX_CONNECTIONS = 2048
# Files that are open besides: the database, what SQLite needs for a while, the log.
OTHER_FILES = 64
# The name of a setting in malloc.h, and how much of the free memory is kept, in bytes.
M_TRIM_THRESHOLD, MEMORY_KEPT = -1, 32 * 1024 * 1024


def tune_runtime() -> None:
    """Tune garbage collection, thread switching and malloc for short requests."""
    # What is there by now stays, and is not looked through again and again for garbage.
    gc.freeze()
    gc.set_threshold(20_000, 50, 50)
    # A thread that waits for the interpreter has it after this time, in seconds.
    sys.setswitchinterval(0.0005)
    # The next query needs the memory that a query has freed. glibc would return it to the kernel,
    # and to have it again takes longer than the query (mallopt(3)). Others have no such function.
    with suppress(AttributeError):
        ctypes.CDLL(None).mallopt(M_TRIM_THRESHOLD, MEMORY_KEPT)


def raise_file_limit() -> int:
    """Let the process open as many files as connections need, if it may. Return how many
    connections fit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = max(soft, min(hard, MAX_CONNECTIONS + OTHER_FILES))
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    return min(MAX_CONNECTIONS, max(files - OTHER_FILES, 1))
