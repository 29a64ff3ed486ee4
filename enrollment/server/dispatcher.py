"""How a request gets its response. A quick read is answered on the loop's thread at once, a slow
one on a thread of its own. Writes are queued: those that are ready together share one transaction,
and so one wait for the disk."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

from enrollment.app import App
from enrollment.config import Config
from enrollment.http.context import Context
from enrollment.http.responses import Response
from enrollment.server.adapter import Request
from enrollment.server.long_polls import LongPolls
from enrollment.server.write_queue import WriteQueue

# How soon a database that another process has locked is tried again, in seconds.
BUSY_INTERVAL = 0.02
# How long a stop waits for bodies that are on their way through the server, in seconds.
LAST_BODIES = 0.5


class Dispatcher:
    """Passes a request through the application, and on where it is to be run."""

    def __init__(self, app: App, config: Config) -> None:
        self._app = app
        self._config = config
        self._loop = asyncio.get_running_loop()
        self._long_polls = LongPolls(app.database)
        self._slow_reads = ThreadPoolExecutor(1, "slow-reads")
        # If there can be no thread, the start fails, not the first slow read.
        self._slow_reads.submit(int).result()
        self._writes: WriteQueue[Response] = WriteQueue(app.database, self._long_polls.notify)
        # The tasks of all requests without a response, and of those whose bodies are still coming.
        self._requests: set[asyncio.Task[object]] = set()
        self._incomplete: set[asyncio.Task[object]] = set()
        # The loop waits for a locked database, not its thread.
        app.database.disable_busy_wait()

    def end_long_polls(self) -> None:
        self._long_polls.end()

    async def finish(self) -> None:
        """Give up the requests whose bodies are still coming, and wait for all others."""
        if self._requests:
            # A body that is there may not have been read yet.
            await asyncio.wait(self._requests, timeout=LAST_BODIES)
        for task in self._incomplete:
            task.cancel()
        if self._requests:
            await asyncio.wait(self._requests)

    def close(self) -> None:
        """Close the database; nothing may be running."""
        self._writes.close()
        self._slow_reads.shutdown()
        self._app.close()

    async def respond(self, request: Request) -> Response:
        with _member(self._requests):
            context = self._app.open(request.environ)
            response = await self._respond(context, request)
            self._app.record(context, response.status, time.perf_counter() - request.started)
        if self._app.authenticator.token_uses_due():
            self._writes.submit_background(self._app.authenticator.flush_token_uses)
        return response

    async def _respond(self, context: Context, request: Request) -> Response:
        response = await self._ask(context, request)
        until = request.started + context.poll_seconds
        while context.poll_seconds and await self._long_polls.wait(request, until):
            context.poll_seconds = 0
            response = await self._ask(context, request)
        return response

    async def _ask(self, context: Context, request: Request) -> Response:
        since = time.perf_counter()
        while (response := self._app.receive(context)) and self._is_busy(response, since):
            await asyncio.sleep(BUSY_INTERVAL)
        return response or await self._run(context, request)

    async def _run(self, context: Context, request: Request) -> Response:
        run = partial(self._app.run, context)
        start: Callable[[], Awaitable[Response]] = partial(self._writes.submit, run)
        if context.operation and context.operation.reads:
            start = partial(self._loop.run_in_executor, self._slow_reads, run)
        else:
            with _member(self._incomplete):
                body = await request.read_body(self._config.body_timeout)
            context.environ["wsgi.input"] = body
        since = time.perf_counter()
        while self._is_busy(response := await start(), since):
            await asyncio.sleep(BUSY_INTERVAL)
        return response

    def _is_busy(self, response: Response, since: float) -> bool:
        """Whether another process has locked the database, and not for too long."""
        if response.problem != "database_busy":
            return False
        return time.perf_counter() < since + self._config.busy_timeout


@contextmanager
def _member(tasks: set[asyncio.Task[object]]) -> Iterator[None]:
    """Count the current task among these."""
    task = asyncio.current_task()
    assert task
    tasks.add(task)
    try:
        yield
    finally:
        tasks.remove(task)
