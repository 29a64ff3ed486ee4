"""A watchdog: it ends the wait for a server that does not answer."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg

from enrollment.storage.postgresql import ServerConnection

# In seconds: how often the watchdog looks.
INTERVAL = 0.25


class Watchdog:
    """Cuts connections whose server has not answered in time. Then the wait ends with an error.

    The timeouts of PostgreSQL cannot do this: a server that is stopped looks at no clock, its
    kernel still confirms what arrives, and a commit that waits for a standby has no timeout.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # Until when each connection may wait, in seconds of `time.monotonic`.
        self._deadlines: dict[ServerConnection, float] = {}
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, name="watchdog", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._closing.set()
        self._thread.join()

    @contextmanager
    def watch(self, db: ServerConnection, seconds: float) -> Iterator[None]:
        """Cut a connection if the `with` takes longer than so many seconds."""
        with self._lock:
            self._deadlines[db] = time.monotonic() + seconds
        try:
            yield
        finally:
            with self._lock:
                self._deadlines.pop(db, None)

    def _work(self) -> None:
        while not self._closing.wait(INTERVAL):
            now = time.monotonic()
            with self._lock:
                for db in [db for db, until in self._deadlines.items() if until <= now]:
                    del self._deadlines[db]
                    # It may just have been lost, and then it has no socket.
                    with suppress(psycopg.Error, OSError):
                        _cut(db)


def _cut(db: ServerConnection) -> None:
    """Shut down the socket of a connection. The thread that waits for it closes the connection."""
    with socket.socket(fileno=os.dup(db.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)
