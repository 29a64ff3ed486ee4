"""Long polls: requests that wait for the next event."""

import asyncio
import time
from collections import deque
from contextlib import suppress
from typing import Any

from enrollment.data.event import get_last_event_id
from enrollment.problems.errors import Problem
from enrollment.server.adapter import Request
from enrollment.storage.database import Database

# How many are woken at once: thousands of them would hold up everyone else.
WOKEN_TOGETHER = 20


class LongPolls:
    """The requests that wait, in the order in which they came."""

    def __init__(self, database: Database) -> None:
        self._loop = asyncio.get_running_loop()
        self._database = database
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._is_ended = False
        with database.read() as db:
            self._last_event = get_last_event_id(db)

    def end(self) -> None:
        """From now on nothing is waited for."""
        self._is_ended = True
        self._wake(len(self._waiting))

    async def wait(self, request: Request, until: float) -> bool:
        """Whether there may be an event now, in time; False if the time is over, the client is gone
        or the service stops."""
        patience = until - time.perf_counter()
        if patience <= 0 or self._is_ended:
            return False
        event, closed = self._loop.create_future(), request.closed()
        self._waiting.append(event)
        either: set[asyncio.Future[Any]] = {event, closed}
        await asyncio.wait(either, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        if not event.done():
            event.cancel()
            self._waiting.remove(event)
        is_gone = closed.done()
        closed.cancel()
        return event.done() and not is_gone and not self._is_ended

    def notify(self) -> None:
        """Something was written: wake those who wait if it was an event."""
        if not self._waiting:
            return
        # A disk that fails now says so to whoever asks next.
        with suppress(Problem), self._database.read() as db:
            last = get_last_event_id(db)
            if last != self._last_event:
                self._last_event = last
                self._wake(len(self._waiting))

    def _wake(self, count: int) -> None:
        """Wake the first so many, a few in each turn of the loop."""
        for _ in range(min(count, WOKEN_TOGETHER, len(self._waiting))):
            event = self._waiting.popleft()
            if not event.done():
                event.set_result(None)
        if count > WOKEN_TOGETHER:
            self._loop.call_soon(self._wake, count - WOKEN_TOGETHER)
