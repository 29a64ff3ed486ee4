"""Rate limits: counts in fixed windows of time, kept in memory."""

import math
import threading
import time
from collections.abc import Hashable
from typing import NamedTuple

# How many keys are counted. If there are more, the key that was not used for longest is forgotten.
KEYS_KEPT = 10_000


class Usage(NamedTuple):
    """What is left of a limit."""

    # How many more times are allowed. Below 0, the limit has been exceeded.
    remaining: int
    # In how many seconds the next window begins.
    resets_in: int


class RateLimiter:
    """A limit of so many uses in so many seconds, for each key. The caller enforces it."""

    def __init__(self, limit: int, seconds: int) -> None:
        self.limit = limit
        self.seconds = seconds
        self._counts: dict[Hashable, tuple[float, int]] = {}
        self._lock = threading.Lock()

    def hit(self, key: Hashable) -> Usage:
        """Count one use of the key, and return what is left of its limit."""
        now = time.monotonic()
        with self._lock:
            begun, count = self._counts.pop(key, (now, 0))
            if now >= begun + self.seconds:
                begun, count = now, 0
            self._counts[key] = begun, count + 1
            if len(self._counts) > KEYS_KEPT:
                self._counts.pop(next(iter(self._counts)))
        return Usage(self.limit - count - 1, math.ceil(begun + self.seconds - now))
