"""Turns: what writes goes together, in one transaction on a thread of its own."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, Generic, TypeVar

from enrollment.database import Database

# How many writes share a transaction at the most.
MOST_TOGETHER = 64

T = TypeVar("T")


class Turns(Generic[T]):
    """The writer's thread, and who waits for it on the loop. All that is ready when it is free is
    done in one turn, and answered after the one commit; `after_each` is then called."""

    def __init__(self, database: Database, after_each: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._database = database
        self._after_each = after_each
        self._ready: list[tuple[Callable[[], T], asyncio.Future[T]]] = []
        self._taken = False
        self._writer = ThreadPoolExecutor(1)
        # A thread that can't be had is told at the start, not at the first write.
        self._writer.submit(int).result()

    def close(self) -> None:
        self._writer.shutdown()

    def run(self, act: Callable[[], None]) -> None:
        """Do this too on the writer's thread, with no one waiting for it."""
        self._writer.submit(act)

    def join(self, act: Callable[[], T]) -> asyncio.Future[T]:
        """What the act returns, once what it has written is on disk: it goes into the next turn."""
        answer: asyncio.Future[T] = self._loop.create_future()
        self._ready.append((act, answer))
        if not self._taken:
            self._take()
        return answer

    def _take(self) -> None:
        turn, self._ready = self._ready[:MOST_TOGETHER], self._ready[MOST_TOGETHER:]
        self._taken = bool(turn)
        if turn:
            done = self._writer.submit(self._database.write_together, [act for act, _ in turn])
            end = partial(self._end, [answer for _, answer in turn], done)
            done.add_done_callback(lambda _: self._loop.call_soon_threadsafe(end))

    def _end(self, waiting: list[asyncio.Future[T]], done: Future[Any]) -> None:
        for place, answer in enumerate(waiting):
            if answer.done():
                continue
            if error := done.exception():
                answer.set_exception(error)
            else:
                answer.set_result(done.result()[place])
        self._take()
        self._after_each()
