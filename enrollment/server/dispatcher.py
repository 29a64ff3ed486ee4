"""How a request gets its response. A quick read is answered on the loop's thread at once, a slow
one on a thread of its own. Writes are queued: those that are ready together share one transaction,
and so one wait for the disk."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
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
        # Requests that have arrived in full, and are being run.
        self._running: set[asyncio.Task[object]] = set()
        # The loop waits for a locked database, not its thread.
        app.database.disable_busy_wait()

    def end_long_polls(self) -> None:
        self._long_polls.end()

    async def finish(self) -> None:
        """Wait for the requests that have arrived in full."""
        if self._running:
            await asyncio.wait(self._running)

    def close(self) -> None:
        """Close the database; nothing may be running."""
        self._writes.close()
        self._slow_reads.shutdown()
        self._app.close()

    async def respond(self, request: Request) -> Response:
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
            body = await request.read_body(self._config.body_timeout)
            context.environ["wsgi.input"] = body
        since, task = time.perf_counter(), asyncio.current_task()
        assert task
        self._running.add(task)
        try:
            while self._is_busy(response := await start(), since):
                await asyncio.sleep(BUSY_INTERVAL)
        finally:
            self._running.remove(task)
        return response

    def _is_busy(self, response: Response, since: float) -> bool:
        """Whether another process has locked the database, and not for too long."""
        if response.problem != "database_busy":
            return False
        return time.perf_counter() < since + self._config.busy_timeout
