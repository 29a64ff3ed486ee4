"""The write queue: writes that are ready together share one transaction, on a thread of its own."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

from enrollment.storage.database import Database

# How many writes share a transaction at most.
MAX_BATCH = 64

T = TypeVar("T")


class WriteQueue(Generic[T]):
    """The writer's thread, and the writes that wait for it. All that are ready when the thread is
    free are done in one transaction, and answered after its one commit. `after_commit` is then
    called on the loop."""

    def __init__(self, database: Database, after_commit: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._database = database
        self._after_commit = after_commit
        self._ready: list[tuple[Callable[[], T], asyncio.Future[T]]] = []
        # Whether the thread is at work on a batch.
        self._is_writing = False
        self._thread = ThreadPoolExecutor(1, "writer")
        # If there can be no thread, the start fails, not the first write.
        self._thread.submit(int).result()

    def close(self) -> None:
        """Wait for what is being written."""
        self._thread.shutdown()

    def submit(self, write: Callable[[], T]) -> asyncio.Future[T]:
        """What the write returns, once all that it has written is on disk."""
        result: asyncio.Future[T] = self._loop.create_future()
        self._ready.append((write, result))
        if not self._is_writing:
            self._write()
        return result

    def submit_background(self, act: Callable[[], None]) -> None:
        """Do this on the writer's thread too, with no one waiting for it."""
        self._thread.submit(act)

    def _write(self) -> None:
        batch, self._ready = self._ready[:MAX_BATCH], self._ready[MAX_BATCH:]
        self._is_writing = bool(batch)
        if not batch:
            return
        results = [result for _, result in batch]
        done = self._thread.submit(self._database.group_commit, [write for write, _ in batch])
        # The callback is given the future that is done. One that held it by itself would be a
        # cycle, which keeps every body of the batch until a rare collection of garbage.
        done.add_done_callback(
            lambda done: self._loop.call_soon_threadsafe(self._finish, results, done)
        )

    def _finish(self, results: list[asyncio.Future[T]], done: Future[list[T | Exception]]) -> None:
        for result, value in zip(results, done.result(), strict=True):
            # One whose request was given up is done already.
            if result.done():
                continue
            if isinstance(value, Exception):
                result.set_exception(value)
            else:
                result.set_result(value)
        self._write()
        self._after_commit()
