"""The upload process: it reads the files that are sent, and brings them in.

A large file keeps an interpreter busy for seconds, and every other request would wait for it again
and again. So this is the same application in a process of its own, without a socket. It is started
for the first file, and again if it has ended.
"""

import ctypes
import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from functools import partial
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from enrollment import output
from enrollment.app import App, make_app
from enrollment.config import Config
from enrollment.http.context import Context
from enrollment.http.responses import Response, service_failed
from enrollment.log import configure
from enrollment.problems.errors import Problem
from enrollment.server.tuning import tune_runtime

log = logging.getLogger("enrollment")
# What the process runs: it answers on the file with this number, as long as this process is there.
PROGRAM = "from enrollment.server.upload_process import work; work({file}, {parent})"
# An option of prctl, from linux/prctl.h.
PR_SET_PDEATHSIG = 1
LOST = "The process that brings files in has ended: the change may have been made, or not."


class Answer(NamedTuple):
    """The answer of the process to a request: the response, or None if the file was read and can
    be brought in; and the codes of all that was refused."""

    response: Response | None
    refusals: Sequence[str]


class UploadProcess:
    """The process, as the service sees it. One request at a time goes there, on any one thread."""

    def __init__(self, config: Config) -> None:
        # The service counts requests and failures itself.
        self._config = replace(config, rate_limit=0, failure_limit=0)
        self._process: subprocess.Popen[bytes] | None = None
        self._line: Connection

    def respond(self, context: Context, pause_for: Callable[[Callable[[], Any]], Any]) -> Response:
        """Return the response to a request with a file, whose body has arrived. `pause_for` calls a
        function while no one else writes, and returns what that returns. It raises a Problem if the
        database can't be written.

        Raises internal_error and outcome_unknown, and what `pause_for` raises.
        """
        if self._process is None or self._process.poll() is not None:
            self.close()
            pause_for(self._start)
        environ = context.environ | {"HTTP_X_REQUEST_ID": context.request_id}
        response, context.refusals = self._ask(environ, service_failed())
        if response is None:
            failure = Problem("outcome_unknown", LOST)
            try:
                response, context.refusals = pause_for(partial(self._ask, None, failure))
            except Problem:
                # The process has a file, and would bring it in at the next request.
                self.close()
                raise
        assert response
        return response._replace(headers={**context.rate_limit, **response.headers})

    def close(self) -> None:
        """End the process, if there is one. Call it when no request is there."""
        if self._process is not None:
            self._end(self._process)

    def _start(self) -> None:
        """Start the process. Raises internal_error."""
        try:
            own, other = socket.socketpair()
            with own, other:
                program = PROGRAM.format(file=other.fileno(), parent=os.getpid())
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-c", program],
                    env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
                    pass_fds=[other.fileno()],
                )
                self._line = Connection(own.detach())
            self._line.send(self._config)
        except OSError as error:
            log.exception("the upload process does not start")
            raise service_failed() from error

    def _end(self, process: subprocess.Popen[bytes]) -> int:
        """Return the status with which the process ends."""
        self._process = None
        self._line.close()
        return process.wait()

    def _ask(self, request: dict[str, Any] | None, failure: Problem) -> Answer:
        """Send a request, or None: its file may be brought in now. Return the answer of the
        process. Raises the failure if the process has ended."""
        assert self._process
        try:
            self._line.send(request)
            answer: Answer = self._line.recv()
        except (EOFError, OSError) as error:
            log.error("the upload process ended with status %s", self._end(self._process))
            raise failure from error
        return answer


def work(file: int, parent: int) -> None:
    """Run as the process: answer what arrives on this file, until its other end is closed.

    A process that was killed can't close anything in time, so the kernel ends this one with it
    (prctl(2), on Linux).
    """
    # The process of the service gets these, too, and ends this one after its last request.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    with suppress(AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    line = Connection(file)
    # It may have ended before.
    if os.getppid() != parent:
        return
    output.never_wait()
    with suppress(EOFError, ConnectionError):
        config = line.recv()
        configure(config.log_format)
        with closing(make_app(config)) as app:
            app.database.disable_checkpoints()
            tune_runtime()
            while True:
                _respond(app, line)


def _respond(app: App, line: Connection) -> None:
    """Answer one request, in two steps if its file is brought in. Raises EOFError or
    ConnectionError if the other end was closed."""
    context = app.open(line.recv())
    try:
        response = app.receive(context) or app.admit(context) or app.read_upload(context)
        line.send(_answer(context, response))
        if response is None:
            line.recv()
            line.send(_answer(context, app.run(context)))
    finally:
        context.close()


def _answer(context: Context, response: Response | None) -> Answer:
    """Return what is sent: a file is sent as its content."""
    if response and not isinstance(response.content, bytes):
        with closing(response.content) as file:
            file.seek(0)
            response = response._replace(content=file.read())
    return Answer(response, context.refusals)
