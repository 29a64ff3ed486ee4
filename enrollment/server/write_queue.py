"""The write queue: writes that are ready together share one transaction, on the writer's thread."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

from enrollment.storage.database import Database

log = logging.getLogger("enrollment")
# How many writes share a transaction at most.
MAX_BATCH = 64

T = TypeVar("T")
U = TypeVar("U")


class WriteQueue(Generic[T]):
    """The writer's thread, and the writes that wait for it.

    When the thread is free, it does the writes that are ready in one transaction. They get their
    results after its one commit.
    """

    def __init__(self, database: Database) -> None:
        self._loop = asyncio.get_running_loop()
        self._database = database
        self._ready: list[tuple[Callable[[], T], asyncio.Future[T]]] = []
        # Whether the thread is busy with a batch.
        self._is_writing = False
        self._thread = start_thread("writer")

    def close(self) -> None:
        """Wait for the writes that have begun, and end the thread."""
        self._thread.shutdown()

    def submit(self, write: Callable[[], T]) -> asyncio.Future[T]:
        """Queue a write. Return a future of what it returns, which is done when that is on disk."""
        result: asyncio.Future[T] = self._loop.create_future()
        self._ready.append((write, result))
        if not self._is_writing:
            self._write_batch()
        return result

    def submit_background(self, act: Callable[[], None]) -> None:
        """Run `act` on the writer's thread, after the current batch. Its failure is logged."""
        self._thread.submit(act).add_done_callback(_log_failure)

    def pause_for(self, act: Callable[[], U]) -> U:
        """Return what `act` returns, which has another process write. It runs on the writer's
        thread, after the current batch. Call this on another thread."""

        def run() -> U:
            with self._database.pause_writes():
                return act()

        return self._thread.submit(run).result()

    def _write_batch(self) -> None:
        """Have the thread write what is ready, if anything is."""
        batch, self._ready = self._ready[:MAX_BATCH], self._ready[MAX_BATCH:]
        self._is_writing = bool(batch)
        if not batch:
            return
        results = [result for _, result in batch]
        done = self._thread.submit(self._database.group_commit, [write for write, _ in batch])
        # The callback takes the future as its argument. If it held the future itself, they would be
        # a cycle, which keeps every body of the batch in memory until garbage is collected.
        done.add_done_callback(
            lambda done: self._loop.call_soon_threadsafe(self._finish, results, done)
        )

    def _finish(self, results: list[asyncio.Future[T]], done: Future[list[T | Exception]]) -> None:
        """Give each write of a batch its result, and begin the next batch."""
        for result, value in zip(results, done.result(), strict=True):
            # The result of a request that was cancelled is done already.
            if result.done():
                continue
            if isinstance(value, Exception):
                result.set_exception(value)
            else:
                result.set_result(value)
        self._write_batch()


def start_thread(name: str) -> ThreadPoolExecutor:
    """Start a thread that does one thing after the other. If there can be none, this fails, and not
    the first request that needs the thread."""
    thread = ThreadPoolExecutor(1, name)
    thread.submit(int).result()
    return thread


def _log_failure(done: Future[None]) -> None:
    if error := done.exception():
        log.error("background work failed", exc_info=error)
