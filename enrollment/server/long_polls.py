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

# How many long polls are woken in one turn of the loop. Thousands would delay other requests.
WOKEN_TOGETHER = 20


class LongPolls:
    """The long polls that wait, in the order in which they arrived."""

    def __init__(self, database: Database) -> None:
        self._loop = asyncio.get_running_loop()
        self._database = database
        # One future for each long poll: it is done when the long poll is woken.
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._is_ended = False
        # How often events may have been committed so far.
        self.commits = 0
        with database.read() as db:
            self._last_event = get_last_event_id(db)
        database.on_commit(self._notify)

    def end(self) -> None:
        """Wake all long polls, and let no other wait."""
        self._is_ended = True
        self._wake_all()

    async def wait(self, request: Request, until: float, commits: int) -> bool:
        """Wait for the next event, until a time of `time.perf_counter`. `commits` is the number of
        commits before the request was last answered.

        Return whether the request is worth answering again: not if the time is over, the client has
        disconnected or the service stops.
        """
        patience = until - time.perf_counter()
        if patience <= 0 or self._is_ended:
            return False
        event, closed = self._loop.create_future(), request.closed()
        self._waiting.append(event)
        # From now on a commit wakes this long poll. If there was one since the request was last
        # answered, that response may lack its events.
        if commits == self.commits:
            either: set[asyncio.Future[Any]] = {event, closed}
            await asyncio.wait(either, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        else:
            event.set_result(None)
        if event in self._waiting:
            self._waiting.remove(event)
        is_gone = closed.done()
        closed.cancel()
        return event.done() and not is_gone and not self._is_ended

    def _notify(self) -> None:
        """Wake all long polls if there is a new event. The database calls this on any thread."""
        self.commits += 1
        if not self._waiting:
            return
        # If this read fails, the next one does too, and its client gets the problem.
        with suppress(Problem), self._database.read() as db:
            last = get_last_event_id(db)
            if last != self._last_event:
                self._last_event = last
                self._loop.call_soon_threadsafe(self._wake_all)

    def _wake_all(self) -> None:
        self._wake(len(self._waiting))

    def _wake(self, count: int) -> None:
        """Wake the first `count` long polls, a few in each turn of the loop."""
        for _ in range(min(count, WOKEN_TOGETHER, len(self._waiting))):
            event = self._waiting.popleft()
            if not event.done():
                event.set_result(None)
        if count > WOKEN_TOGETHER:
            self._loop.call_soon(self._wake, count - WOKEN_TOGETHER)
