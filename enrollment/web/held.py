"""Files that were sent for a preview, and are held until they are imported.

A browser keeps no file over a page. So the file waits here, in a file without a name that only this
process can read. It is gone after some time, after the import, after the next file of the same
caller, and when the service stops.
"""

import secrets
from io import BufferedRandom
from tempfile import TemporaryFile
from threading import Lock, Timer
from typing import NamedTuple

# In seconds.
HELD_FOR = 20 * 60
# How many files are held at a time; the oldest makes room.
MOST_HELD = 8


class _Held(NamedTuple):
    caller_id: int
    name: str
    file: BufferedRandom
    timer: Timer


class HeldFiles:
    """The files that are held: one for each caller, each under a secret that the form has."""

    def __init__(self, seconds: float = HELD_FOR) -> None:
        self._seconds = seconds
        self._held: dict[str, _Held] = {}
        self._lock = Lock()

    def keep(self, caller_id: int, name: str, content: bytes) -> str:
        """Hold a file in place of the last one of this caller, and return its secret."""
        file = TemporaryFile()  # noqa: SIM115
        file.write(content)
        secret = secrets.token_urlsafe(16)
        timer = Timer(self._seconds, self.drop, [secret])
        timer.daemon = True
        with self._lock:
            own = [key for key, held in self._held.items() if held.caller_id == caller_id]
            for key in own or [*self._held][: max(0, len(self._held) - MOST_HELD + 1)]:
                self._drop(key)
            self._held[secret] = _Held(caller_id, name, file, timer)
        timer.start()
        return secret

    def find(self, caller_id: int, secret: str) -> tuple[str, bytes] | None:
        """Return the name and the content of a file of this caller, if it is still held."""
        with self._lock:
            held = self._held.get(secret)
            if held is None or held.caller_id != caller_id:
                return None
            held.file.seek(0)
            return held.name, held.file.read()

    def drop(self, secret: str) -> None:
        """Forget a file, if it is held."""
        with self._lock:
            self._drop(secret)

    def close(self) -> None:
        """Forget all files."""
        with self._lock:
            for secret in [*self._held]:
                self._drop(secret)

    def _drop(self, secret: str) -> None:
        if held := self._held.pop(secret, None):
            held.timer.cancel()
            held.file.close()
