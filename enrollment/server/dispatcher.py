"""The dispatcher: which thread runs a request.

A quick read is answered at once on the thread of the loop, unless the database is on a server: then
a few threads wait for that. A slow read runs on another thread, and an export, which can take
minutes, on a third. Writes are queued: those that are ready together share one transaction, and so
one wait for the disk. A file that is sent is read and brought in by a process of its own.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from enrollment.app import App
from enrollment.config import Config
from enrollment.http.context import Context
from enrollment.http.operation import Operation
from enrollment.http.responses import Response
from enrollment.problems.errors import Problem
from enrollment.server.adapter import Request
from enrollment.server.long_polls import LongPolls
from enrollment.server.openings import promote_in_opened_courses
from enrollment.server.upload_process import UploadProcess
from enrollment.server.write_queue import WriteQueue, start_thread

# After how many seconds a request is tried again if the database is locked or can't be reached.
BUSY_INTERVAL = 0.02
# What another process or server causes, and what may be over soon.
PASSING = ("database_busy", "database_unreachable")
# How many quick reads can wait for a server at a time.
REMOTE_READS = 4
# How many seconds a stop waits for bodies that have arrived but have not been read.
LAST_BODIES_TIMEOUT = 0.5

T = TypeVar("T")
# The response to an attempt; None if it was not refused.
R = TypeVar("R", Response, Response | None)


class Dispatcher:
    """Gets the response to each request from the application, on the thread that suits it."""

    def __init__(self, app: App, config: Config) -> None:
        self._app = app
        self._config = config
        self._loop = asyncio.get_running_loop()
        self._long_polls = LongPolls(app.database)
        self._is_remote = app.database.is_remote
        self._remote_reads = ThreadPoolExecutor(REMOTE_READS, "reads")
        self._slow_reads = start_thread("slow-reads")
        self._exports = start_thread("exports")
        self._uploads = start_thread("uploads")
        self._upload_process = UploadProcess(config)
        self._writes: WriteQueue[Response] = WriteQueue(app.database)
        # The tasks of all requests without a response.
        self._unanswered: set[asyncio.Task[object]] = set()
        # The requests whose bodies are still arriving.
        self._incomplete: set[Request] = set()
        # Only the task of a request waits for a locked file, not the thread that runs it.
        app.database.disable_busy_wait()

    async def watch_openings(self) -> None:
        """Look at each full minute which windows of enrollment have opened, until this is
        cancelled."""
        promote = partial(promote_in_opened_courses, self._app.database, self._config.time_zone)
        while True:
            self._writes.submit_background(promote)
            await asyncio.sleep(60 - time.time() % 60)

    def end_long_polls(self) -> None:
        """Answer all long polls now."""
        self._long_polls.end()

    async def finish(self) -> None:
        """Refuse the requests whose bodies are still arriving, and wait for all others."""
        if self._unanswered:
            # A body that has arrived may not have been read yet.
            await asyncio.wait(self._unanswered, timeout=LAST_BODIES_TIMEOUT)
        for request in self._incomplete:
            request.end_body()
        if self._unanswered:
            await asyncio.wait(self._unanswered)

    def close(self) -> None:
        """End the threads and close the database. Call it when no request is running."""
        self._uploads.shutdown()
        self._upload_process.close()
        self._writes.close()
        self._remote_reads.shutdown()
        self._slow_reads.shutdown()
        self._exports.shutdown()
        self._app.close()

    async def respond(self, request: Request) -> Response:
        """Return the response to a request, and record it."""
        task = asyncio.current_task()
        assert task
        with _member(self._unanswered, task):
            context = self._app.open(request.environ)
            try:
                response = await self._poll(context, request)
            finally:
                context.close()
            self._app.record(context, response.status, time.perf_counter() - request.started)
        if self._app.authenticator.token_uses_due():
            self._writes.submit_background(self._app.authenticator.flush_token_uses)
        return response

    async def _poll(self, context: Context, request: Request) -> Response:
        """Return the response to a request. A long poll without items waits for an event and is
        answered again, until its time is over."""
        commits = self._long_polls.commits
        response = await self._answer(context, request)
        until = request.started + context.poll_seconds
        while context.poll_seconds and await self._long_polls.wait(request, until, commits):
            context.poll_seconds, commits = 0, self._long_polls.commits
            response = await self._answer(context, request)
        return response

    async def _answer(self, context: Context, request: Request) -> Response:
        if response := self._app.receive(context):
            return response
        refusal = await self._retried(partial(self._admit, context))
        return refusal or await self._run(context, request)

    async def _admit(self, context: Context) -> Response | None:
        if not self._is_remote:
            return self._app.admit(context)
        return await self._loop.run_in_executor(self._remote_reads, self._app.admit, context)

    async def _run(self, context: Context, request: Request) -> Response:
        operation, run = context.operation, partial(self._app.run, context)
        start: Callable[[], Awaitable[Response]]
        if operation.reads:
            start = partial(self._loop.run_in_executor, self._thread_for(operation), run)
        else:
            timeout = self._config.body_timeout
            with _member(self._incomplete, request):
                body = await request.read_body(timeout, operation.body_limit)
            context.environ["wsgi.input"] = body
            if operation.uploads:
                return await self._loop.run_in_executor(self._uploads, self._upload, context)
            start = partial(self._write, context)
        return await self._retried(start)

    def _thread_for(self, operation: Operation) -> ThreadPoolExecutor:
        """Return the thread for a slow read."""
        if operation.download:
            return self._exports
        # A probe does not wait for a read of a server that hangs, which takes minutes.
        return self._remote_reads if self._is_remote and operation.is_public else self._slow_reads

    async def _write(self, context: Context) -> Response:
        try:
            return await self._writes.submit(partial(self._app.run, context))
        # The commit that the write shared with others has failed.
        except Problem as problem:
            return self._app.refuse(context, problem)

    def _upload(self, context: Context) -> Response:
        try:
            return self._upload_process.respond(context, self._writes.pause_for)
        except Problem as problem:
            return self._app.refuse(context, problem)

    async def _retried(self, attempt: Callable[[], Awaitable[R]]) -> R:
        """Return what an attempt returns. While the database is locked or can't be reached, try
        again, until the busy timeout is over. Such an attempt has changed nothing, so a write can
        be tried again too."""
        until = time.perf_counter() + self._config.busy_timeout
        while (found := await attempt()) and found.problem in PASSING:
            if time.perf_counter() >= until:
                break
            await asyncio.sleep(BUSY_INTERVAL)
        return found


@contextmanager
def _member(members: set[T], member: T) -> Iterator[None]:
    """Keep a member in a set during the `with`."""
    members.add(member)
    try:
        yield
    finally:
        members.remove(member)
