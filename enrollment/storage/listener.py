"""A listener: the server notifies it when any process has committed events."""

import threading
from collections.abc import Callable

import psycopg

from enrollment.model.location import ServerUrl
from enrollment.storage.postgresql import LOCK_TIMEOUT, SERVICE_LOCK, connect

# A trigger notifies this channel (https://www.postgresql.org/docs/current/sql-notify.html).
CHANNEL = "student_course_event"
# In seconds: how long the listener waits before it asks whether it is to end, and after a failure.
INTERVAL = 0.5


class Listener:
    """A thread with a connection of its own, which calls `notify` for each notification. What was
    missed while the connection was lost counts as one."""

    def __init__(self, url: ServerUrl, notify: Callable[[], None]) -> None:
        self._url = url
        self._notify = notify
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, name="listener", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread."""
        self._closing.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._closing.is_set():
            try:
                self._listen()
            except psycopg.Error:
                self._closing.wait(INTERVAL)

    def _listen(self) -> None:
        with connect(self._url, LOCK_TIMEOUT) as db:
            db.execute(f"LISTEN {CHANNEL}")
            # The lock that `serve` has taken may be lost, as this connection may.
            db.execute(f"SELECT pg_try_advisory_lock_shared({SERVICE_LOCK})")
            self._notify()
            while not self._closing.is_set():
                for _ in db.notifies(timeout=INTERVAL):
                    self._notify()
