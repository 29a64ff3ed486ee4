"""One connection of a client: requests in, one after the other, and their answers out."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any, Protocol

from enrollment.incoming import Incoming
from enrollment.inputs import BODY_LIMIT
from enrollment.reading import Reader
from enrollment.rendering import Response

# In seconds: how long the head of a first request may take, from the connection on; that of each
# other, from the answer before; and how long who is still sending is heard after the last answer,
# which would else be lost with what is on its way.
FIRST, NEXT, LINGER = 10.0, 60.0, 2.0
# In bytes: what is then heard.
LINGER_LIMIT = 4 * BODY_LIMIT
STATUS_LINES = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus
}
COMMON = {
    "SCRIPT_NAME": "",
    "wsgi.version": (1, 0),
    "wsgi.url_scheme": "http",
    "wsgi.input_terminated": True,
    "wsgi.errors": sys.stderr,
    "wsgi.multithread": True,
    "wsgi.multiprocess": False,
    "wsgi.run_once": False,
}


class Host(Protocol):
    """What a connection needs of its server."""

    is_stopping: bool
    # The time, as a header says it.
    date: str

    @property
    def answer(self) -> Callable[[Incoming], Response | Coroutine[Any, Any, Response]]:
        """What is sent: at once, or in its time."""

    def enter(self, connection: "Connection") -> None:
        """It is open."""

    def leave(self, connection: "Connection") -> None:
        """It is no more."""


class Connection(asyncio.Protocol):
    """A request waits for the answer of the one before; more than one that waits, or an answer that
    is not taken, keeps the client from sending."""

    _transport: asyncio.Transport
    _reader: Reader

    def __init__(self, server: Host) -> None:
        self._server = server
        self._loop = asyncio.get_running_loop()
        # That which is being answered.
        self._current: Incoming | None = None
        # Whether the client has closed its side; does not take what was sent; may not send; and
        # has had its last answer, after which so many bytes were heard.
        self._has_ended = self._is_full = self._is_held_back = self._is_closing = False
        self._heard = 0
        self.deadline = self._loop.time() + FIRST

    @property
    def is_idle(self) -> bool:
        """Whether it waits for its client alone."""
        return not self._current

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        client, server = (transport.get_extra_info(name) for name in ("peername", "sockname"))
        own = {
            "REMOTE_ADDR": _plain(client[0]) if client else "",
            "SERVER_NAME": server[0],
            "SERVER_PORT": str(server[1]),
        }
        self._reader = Reader(COMMON | own, transport)
        self._server.enter(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.leave(self)
        self._expect_no_more()

    def eof_received(self) -> bool:
        """Stay open for what was asked for."""
        self._has_ended = True
        self._expect_no_more()
        self._go_on()
        return bool(self._current or self._reader.waiting)

    def close(self, is_read: bool = True) -> None:
        """Answer no more, and let the client take what was answered: if the connection were closed
        with something unread, it would be reset, and that lost."""
        if self._is_closing:
            return
        self._is_closing = True
        self._reader.waiting.clear()
        if self._has_ended or (is_read and not self._is_held_back):
            self._transport.close()
            return
        self._transport.write_eof()
        self._reader.coming = None
        self._hold_back()
        if not self._is_full:
            self.deadline = self._loop.time() + LINGER

    def abort(self) -> None:
        self._transport.abort()

    def pause_writing(self) -> None:
        self._is_full = True

    def resume_writing(self) -> None:
        self._is_full = False
        if self._is_closing:
            self.deadline = self._loop.time() + LINGER
        self._go_on()

    def data_received(self, data: bytes) -> None:
        if self._is_closing:
            self._heard += len(data)
            if self._heard > LINGER_LIMIT:
                self.abort()
        elif not self._reader.is_done:
            self._reader.read(data)
            self._go_on()

    def _expect_no_more(self) -> None:
        self._reader.end()
        if self._current:
            self._current.end()

    def _go_on(self) -> None:
        """Answer what waits for it, as far as the client takes the answers."""
        if self._reader.waiting and not self._current and not self._is_full:
            incoming = self._reader.waiting.popleft()
            answer = self._server.answer(incoming)
            if not isinstance(answer, Response):
                self._current = incoming
                self._loop.create_task(answer).add_done_callback(self._end)
            else:
                self._send(incoming, answer)
                if self._reader.waiting:
                    # Whoever sends thousands together takes turns with who sends one.
                    self._current = incoming
                    self._loop.call_soon(self._next)
        self._hold_back()

    def _end(self, task: "asyncio.Task[Response]") -> None:
        try:
            response = task.result()
        except BaseException:
            self.abort()
            raise
        if self._current and not self._transport.is_closing():
            self._send(self._current, response)
        self._next()

    def _next(self) -> None:
        self._current = None
        if not self._transport.is_closing():
            self._go_on()

    def _hold_back(self) -> None:
        """Let the client send only what can be heard now."""
        is_too_long = self._reader.coming is not None and self._reader.coming.is_over
        holds = bool(self._reader.waiting) or is_too_long
        if holds != self._is_held_back and not self._transport.is_closing():
            self._is_held_back = holds
            if holds:
                self._transport.pause_reading()
            else:
                self._transport.resume_reading()

    def _send(self, incoming: Incoming, response: Response) -> None:
        status, headers, content = response
        is_last = self._server.is_stopping or not incoming.keeps_alive
        is_last = is_last or (self._reader.is_done and not self._reader.waiting)
        lines = [f"{name}: {value}\r\n" for name, value in headers.items()]
        if is_last:
            lines.append("Connection: close\r\n")
        elif incoming.environ["SERVER_PROTOCOL"] == "HTTP/1.0":
            lines.append("Connection: keep-alive\r\n")
        head = f"{STATUS_LINES[status]}Date: {self._server.date}\r\n{''.join(lines)}\r\n"
        self._transport.write(head.encode("latin-1") + content)
        self.deadline = self._loop.time() + NEXT
        if is_last:
            self.close(incoming.is_whole)


def _plain(address: str) -> str:
    """An address without its zone; one of IPv4 as such."""
    number = ip_address(address.partition("%")[0])
    return str(getattr(number, "ipv4_mapped", None) or number)
