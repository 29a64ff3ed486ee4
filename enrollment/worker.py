"""The worker of the embedded HTTP server: it asks the application for its answers.

granian parses HTTP in threads of its own; a body is awaited on the event loop, so that a slow
client delays no one. What reads is answered on the loop's thread at once. What writes waits for its
turn: all that is ready then is done in one transaction on another thread, and answered after its
commit, so that many share one wait for the disk.
"""

import asyncio
import ctypes
import gc
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any, NamedTuple

from granian.rsgi import ProtocolClosed, ProtocolError  # type: ignore[attr-defined]

from enrollment import log
from enrollment.app import make_app
from enrollment.config import Config
from enrollment.data.event import get_last_event_id
from enrollment.errors import Problem
from enrollment.inputs import BODY_LIMIT
from enrollment.rendering import Response
from enrollment.turns import Turns

# How soon a locked database is tried again, in seconds.
BUSY_INTERVAL = 0.02
# Who comes to the change feed when so many wait there already is answered at once.
MOST_WAITING = 500
# The name of a setting in malloc.h, and what of the free memory is kept, in bytes.
M_TRIM_THRESHOLD, MEMORY_KEPT = -1, 32 * 1024 * 1024


class Worker:
    """An RSGI application (https://github.com/emmett-framework/granian/blob/master/docs/spec/RSGI.md)
    that asks the application as PEP 3333 does."""

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.config = Config.read({}, os.environ)
        log.configure(self.config.log_format)
        self.app = make_app(self.config)
        with self.app.database.read() as db:
            self._last_event = get_last_event_id(db)
        # The loop waits for a locked database, not its thread: see __rsgi__.
        self.app.database.wait_no_more()
        self._turns: Turns[_Answer] = Turns(loop, self.app.database, self._tell_who_waits)
        self._news = asyncio.Event()
        self._waiting = 0
        self._stopping = False
        # The loop hears of signals by a file descriptor; a handler can be told besides.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop_waiting)
        # A supervisor that is killed takes its worker along: else it would keep the port.
        supervisor = multiprocessing.parent_process()
        if supervisor:
            loop.add_reader(supervisor.sentinel, os._exit, 1)
        _let_no_one_wait()

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._turns.close()
        self.app.close()

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        started = time.perf_counter()
        environ = _environ(scope)
        answer = self._call(environ | {"enrollment.knocks": True})
        while await self._is_to_ask_again(answer, started):
            answer = self._call(environ | {"enrollment.knocks": True})
        # However often the application is asked, the limit of the token is counted down once.
        environ["enrollment.headers"] = answer.environ.get("enrollment.headers", {})
        if "enrollment.let_in" in answer.environ:
            environ["wsgi.input"] = await _read(scope, protocol, self.config.body_timeout)
            arrived = time.perf_counter()
            answer = await self._turns.join(partial(self._call, environ))
            while await self._is_to_ask_again(answer, arrived):
                answer = await self._turns.join(partial(self._call, environ))
        end = time.monotonic() + answer.environ.get("enrollment.wait", 0)
        while answer.environ.get("enrollment.wait") and await self._wait_for_event(protocol, end):
            answer = self._call(environ)
        status, headers, content = answer.response
        if status == HTTPStatus.REQUEST_TIMEOUT:
            # Its rest may still come, and is no request.
            headers = {**headers, "Connection": "close"}
        self.app.record(answer.environ, status, time.perf_counter() - started)
        protocol.response_bytes(status, [*headers.items()], content)
        if self.app.gate.is_to_note_uses():
            self._turns.run(self.app.gate.note_uses)

    async def _is_to_ask_again(self, answer: "_Answer", since: float) -> bool:
        """Whether another process has locked the database, and not for too long; after a while."""
        if not answer.environ.get("enrollment.busy"):
            return False
        if time.perf_counter() >= since + self.config.busy_timeout:
            return False
        await asyncio.sleep(BUSY_INTERVAL)
        return True

    def _call(self, environ: Mapping[str, Any]) -> "_Answer":
        # The application writes in it, and may be asked again.
        own = dict(environ)
        return _Answer(self.app.answer(own), own)

    def _stop_waiting(self, *_: Any) -> None:
        self._stopping = True
        self._news.set()

    async def _wait_for_event(self, protocol: Any, end: float) -> bool:
        """Return when there is a new event or the end has come; False if there is no more to wait
        for: the end has come before, too many wait, the service stops, or the client is gone."""
        patience = end - time.monotonic()
        if patience <= 0 or self._waiting >= MOST_WAITING or self._stopping:
            return False
        self._waiting += 1
        news = asyncio.ensure_future(self._news.wait())
        gone = asyncio.ensure_future(protocol.client_disconnect())
        try:
            await asyncio.wait({news, gone}, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            return not gone.done()
        finally:
            self._waiting -= 1
            news.cancel()
            gone.cancel()

    def _tell_who_waits(self) -> None:
        if not self._waiting:
            return
        # A disk that fails now says so to whoever asks next.
        with suppress(Problem), self.app.database.read() as db:
            last = get_last_event_id(db)
            if last != self._last_event:
                self._last_event = last
                self._news.set()
                self._news = asyncio.Event()


def _let_no_one_wait() -> None:
    """Set aside what makes a server of short requests pause now and then."""
    # What is there by now stays, and is not looked through again and again for garbage.
    gc.freeze()
    gc.set_threshold(20_000, 50, 50)
    # Who reads waits no longer than this for the writer's thread to let go of the interpreter.
    sys.setswitchinterval(0.0005)
    # What a query gives back the next one needs: glibc would return it to the kernel, and to have
    # it again takes longer than the query (mallopt(3)). Others have no such function.
    with suppress(AttributeError):
        ctypes.CDLL(None).mallopt(M_TRIM_THRESHOLD, MEMORY_KEPT)


class _Answer(NamedTuple):
    """What may be sent, and what the application has said besides."""

    response: Response
    environ: dict[str, Any]


def _client(address: str) -> str:
    """The number of the client, without brackets and port; an IPv4 one as such."""
    number = ip_address(address.rpartition(":")[0].strip("[]"))
    return str(getattr(number, "ipv4_mapped", None) or number)


class _Body:
    """A body that has arrived, which may be read again, or None if it did not arrive in time."""

    def __init__(self, content: bytes | None) -> None:
        self._content = content

    def read(self, length: int) -> bytes:
        if self._content is None:
            raise TimeoutError
        return self._content[:length]


async def _read(scope: Any, protocol: Any, timeout: float) -> _Body:
    """The body, as far as the limit, if it arrives in time."""
    declared = scope.headers.get("content-length", "")
    if len(declared) > len(str(BODY_LIMIT)) or int(declared or 0) > BODY_LIMIT:
        return _Body(b"")
    try:
        async with asyncio.timeout(timeout):
            if declared:
                return _Body(await protocol())
            body = bytearray()
            async for chunk in protocol:
                body += chunk
                if len(body) > BODY_LIMIT:
                    break
            return _Body(bytes(body))
    except TimeoutError:
        return _Body(None)
    except (ProtocolClosed, ProtocolError):
        # It broke off: the application finds it shorter than it was said to be.
        return _Body(b"")


def _environ(scope: Any) -> dict[str, Any]:
    headers = scope.headers.items()
    server, _, port = scope.server.rpartition(":")
    environ = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": server,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": _client(scope.client),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": _Body(b""),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    # granian leaves out what is no ASCII: a precondition that is not seen would not be kept.
    read = {name for name, _ in headers}
    environ["enrollment.unreadable"] = [name for name in scope.headers.keys() if name not in read]  # noqa: SIM118
    for name, value in headers:
        # A_B would become the same variable as A-B, which is how HTTP's own headers are written.
        if "_" in name:
            continue
        variable = name.upper().replace("-", "_")
        if variable not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            variable = f"HTTP_{variable}"
        environ[variable] = f"{environ[variable]},{value}" if variable in environ else value
    return environ


worker = Worker()
