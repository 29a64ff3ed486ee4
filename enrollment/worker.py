"""The worker of the embedded HTTP server: it calls the WSGI application.

granian parses HTTP in threads of its own; a body is awaited on the event loop, and the application
is called on the loop's one thread. So a slow client delays no one, and SQLite is met by one thread.
"""

import asyncio
import multiprocessing
import os
import signal
import sys
import time
from io import BytesIO
from ipaddress import ip_address
from typing import Any

from enrollment import log
from enrollment.app import make_app
from enrollment.config import Config
from enrollment.data.event import get_last_event_id
from enrollment.inputs import BODY_LIMIT, BodyAwaited

# How soon a locked database is tried again, in seconds.
BUSY_INTERVAL = 0.02
# Who comes to the change feed when so many wait there already is answered at once.
MOST_WAITING = 500
# What the application need not find out again when it is asked again.
TOLD_ONCE = ("enrollment.headers",)


class Worker:
    """An RSGI application (https://github.com/emmett-framework/granian/blob/master/docs/spec/RSGI.md)
    that calls a WSGI application (PEP 3333)."""

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        config = Config.read({}, os.environ)
        log.configure(config.log_format)
        self.app = make_app(config)
        # The loop waits for a locked database, not its one thread: see __rsgi__.
        with self.app.database.read() as db:
            db.execute("PRAGMA busy_timeout = 0")
            self._last_event = get_last_event_id(db)
        self.config = config
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

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.app.database.close()

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        started = time.perf_counter()
        headers = scope.headers.items()
        arrived = time.monotonic()
        deadline = arrived + self.config.busy_timeout
        known: dict[str, Any] = {"enrollment.started": started}
        body: Any = _Awaited()
        while True:
            environ = _environ(scope, headers) | known
            environ["wsgi.input"] = BytesIO(body) if isinstance(body, bytes) else body
            environ["enrollment.final"] = time.monotonic() >= deadline
            status, answer_headers, content = self._call(environ)
            known |= {name: environ[name] for name in TOLD_ONCE if name in environ}
            # The request can be tried again, and others are answered meanwhile: it has been let in
            # and has not read its body yet, the locked database has not been changed, or who reads
            # the change feed waits for what comes.
            if environ.get("enrollment.body_awaited"):
                body = await _read(scope, protocol, self.config.body_timeout)
                deadline = time.monotonic() + self.config.busy_timeout
                continue
            if environ["enrollment.final"]:
                break
            if environ.get("enrollment.busy"):
                await asyncio.sleep(BUSY_INTERVAL)
            elif environ.get("enrollment.wait"):
                end = arrived + environ["enrollment.wait"]
                deadline = end if await self._wait_for_event(protocol, end) else 0
            else:
                break
        protocol.response_bytes(status, answer_headers, content)

    def _stop_waiting(self, *_: Any) -> None:
        self._stopping = True
        self._news.set()

    async def _wait_for_event(self, protocol: Any, end: float) -> bool:
        """Return when there is a new event or the end has come; False if there is no more to wait
        for: too many do, the service stops, or the client is gone."""
        if self._waiting >= MOST_WAITING:
            return False
        self._waiting += 1
        news = asyncio.ensure_future(self._news.wait())
        gone = asyncio.ensure_future(protocol.client_disconnect())
        patience = end - time.monotonic()
        await asyncio.wait({news, gone}, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        self._waiting -= 1
        waits_on = not (self._stopping or gone.done())
        news.cancel()
        gone.cancel()
        return waits_on

    def _call(self, environ: dict[str, Any]) -> tuple[int, list[tuple[str, str]], bytes]:
        answer: list[Any] = []

        def start_response(line: str, headers: list[tuple[str, str]], *_: Any) -> None:
            answer[:] = int(line[:3]), headers

        before = self.app.database.changes
        content = b"".join(self.app(environ, start_response))
        if self._waiting and self.app.database.changes != before:
            self._tell_who_waits()
        status, headers = answer
        return status, headers, content

    def _tell_who_waits(self) -> None:
        with self.app.database.read() as db:
            last = get_last_event_id(db)
        if last != self._last_event:
            self._last_event = last
            self._news.set()
            self._news = asyncio.Event()


def _client(address: str) -> str:
    """The number of the client, without brackets and port; an IPv4 one as such."""
    number = ip_address(address.rpartition(":")[0].strip("[]"))
    return str(getattr(number, "ipv4_mapped", None) or number)


class _Awaited:
    """The body of a client that has not been let in yet."""

    def read(self, _: int) -> bytes:
        raise BodyAwaited


class _Stalled:
    """The body of a client that did not send it in time."""

    def read(self, _: int) -> bytes:
        raise TimeoutError


async def _read(scope: Any, protocol: Any, timeout: float) -> bytes | _Stalled:
    """The body, as far as the limit, if it arrives in time."""
    if len(scope.headers.get("content-length", "")) > len(str(BODY_LIMIT)):
        return b""
    body = bytearray()
    try:
        async with asyncio.timeout(timeout):
            async for chunk in protocol:
                body += chunk
                if len(body) > BODY_LIMIT:
                    break
    except TimeoutError:
        return _Stalled()
    return bytes(body)


def _environ(scope: Any, headers: list[tuple[str, str]]) -> dict[str, Any]:
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
