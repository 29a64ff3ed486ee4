"""One connection of a client: requests in, one after the other, and their answers out (RFC 9112).
The parser is that of Node, llhttp, by way of httptools."""

import asyncio
import sys
from collections import deque
from collections.abc import Callable, Coroutine
from functools import lru_cache
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any, Protocol
from urllib.parse import unquote_to_bytes

import httptools

from enrollment.errors import Problem
from enrollment.incoming import Incoming
from enrollment.inputs import BODY_LIMIT
from enrollment.rendering import Response

# In seconds: how long the head of a first request may take, from the connection on; that of each
# other, from the answer before; and how long who is still sending is heard after the last answer,
# which would else be lost with what is on its way.
FIRST, NEXT, LINGER = 10.0, 60.0, 2.0
# In bytes: a target with its headers; what of them is held until they are whole; what is heard
# after the last answer.
HEAD_LIMIT, HELD_LIMIT, LINGER_LIMIT = 65_536, 262_144, 4 * BODY_LIMIT
# Of a length that the parser takes; more can only be zeros, and may be too many for `int`.
MOST_DIGITS = 20
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
    _environ: dict[str, Any]

    def __init__(self, server: Host) -> None:
        self._server = server
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._target = b""
        # Of the head that is coming: its length, as far as it was read, and what was held for it;
        # likewise what a body has between its chunks and behind the last.
        self._length = self._held = 0
        self._coming: Incoming | None = None
        self._waiting: deque[Incoming] = deque()
        self._current: Incoming | None = None
        # Whether the client has closed its side; nothing more of it is read; what was sent is not
        # taken; it may not send; and the last answer has been given.
        self._has_ended = self._hears_no_more = self._is_full = False
        self._is_held_back = self._is_closing = False
        # Whether the head that the parser reads now is one that has been read before.
        self._has_declined = False
        self.deadline = self._loop.time() + FIRST

    @property
    def is_idle(self) -> bool:
        """Whether it waits for its client alone."""
        return not self._current

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        client, server = (transport.get_extra_info(name) for name in ("peername", "sockname"))
        self._common = COMMON | {
            "REMOTE_ADDR": _plain(client[0]) if client else "",
            "SERVER_NAME": server[0],
            "SERVER_PORT": str(server[1]),
        }
        self._server.enter(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.leave(self)
        self._expect_no_more()

    def eof_received(self) -> bool:
        """Stay open for what was asked for."""
        self._has_ended = True
        self._expect_no_more()
        self._go_on()
        return bool(self._current or self._waiting)

    def close(self, is_read: bool = True) -> None:
        """Answer no more, and let the client take what was answered: if the connection were closed
        with something unread, it would be reset, and that lost."""
        if self._is_closing:
            return
        self._is_closing = True
        self._waiting.clear()
        if self._has_ended or (is_read and not self._is_held_back):
            self._transport.close()
            return
        self._transport.write_eof()
        self._coming, self._held = None, 0
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
            self._held += len(data)
            if self._held > LINGER_LIMIT:
                self.abort()
        elif not self._hears_no_more:
            self._parse(data)
            self._go_on()

    def _expect_no_more(self) -> None:
        self._hears_no_more = True
        for incoming in (self._coming, self._current):
            if incoming:
                incoming.end()

    # In

    def _parse(self, data: bytes) -> None:
        rest: bytes | memoryview = data
        try:
            while rest:
                rest = self._feed(rest)
        except httptools.HttpParserCallbackError:
            raise
        except httptools.HttpParserError as error:
            # After the last request of a connection, whatever comes is none of our business.
            if not self._hears_no_more:
                self._refuse(Problem("malformed_request", f"This is no HTTP/1.1: {error}."))
        if self._length or self._coming:
            self._held += len(data)
            if self._held > HELD_LIMIT:
                self._refuse_head()

    def _feed(self, data: bytes | memoryview) -> bytes | memoryview:
        """What the parser has left, because another protocol was offered."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._decline()
            return memoryview(data)[upgrade.args[0] :]
        return b""

    def _decline(self) -> None:
        """Another protocol was offered (by Java's client, always), and none is spoken here. The
        parser takes what follows for that protocol; another one, which is told only how long the
        body is and whether it is the last, takes it for what it is (RFC 9110, section 7.8)."""
        frame = "Content-Length", self._environ.get("CONTENT_LENGTH", "0")
        if coding := self._environ.get("HTTP_TRANSFER_ENCODING"):
            frame = "Transfer-Encoding", coding
        last = b"" if self._parser.should_keep_alive() else b"Connection: close\r\n"
        head = b"POST / HTTP/1.1\r\n%s: %s\r\n%s\r\n" % (*map(str.encode, frame), last)
        self._parser = httptools.HttpRequestParser(self)
        self._has_declined = True
        self._parser.feed_data(head)

    def on_message_begin(self) -> None:
        if self._has_declined:
            return
        self._environ, self._target = self._common.copy(), b""
        self._length, self._held = 1, 0

    def on_url(self, part: bytes) -> None:
        if not self._has_declined:
            self._target += part
            self._length += len(part)

    def on_header(self, name: bytes, value: bytes) -> None:
        # What follows a body is passed over; it can't grant anything either.
        if not self._length:
            return
        self._length += len(name) + len(value)
        variable = _variable(name)
        if variable and self._length <= HEAD_LIMIT:
            environ, text = self._environ, value.rstrip(b" \t").decode("latin-1")
            environ[variable] = f"{environ[variable]},{text}" if variable in environ else text

    def on_headers_complete(self) -> None:
        if self._has_declined:
            self._has_declined = False
            return
        length, self._length = self._length, 0
        if length > HEAD_LIMIT:
            self._refuse_head()
            return
        environ, (path, _, query) = self._environ, self._target.partition(b"?")
        if "," in environ.get("HTTP_HOST", ""):
            self._refuse(Problem("malformed_request", "The header Host was sent more than once."))
            return
        if len(environ.get("CONTENT_LENGTH", "")) > MOST_DIGITS:
            self._refuse(Problem("malformed_request", "The Content-Length has too many digits."))
            return
        environ["REQUEST_METHOD"] = self._parser.get_method().decode()
        environ["SERVER_PROTOCOL"] = f"HTTP/{self._parser.get_http_version()}"
        if not path.startswith(b"/"):
            path = self._path_of(path)
        environ["PATH_INFO"] = (unquote_to_bytes(path) if b"%" in path else path).decode("latin-1")
        environ["QUERY_STRING"] = query.decode("latin-1")
        self._coming = Incoming(environ, self._transport)
        self._waiting.append(self._coming)

    def _path_of(self, target: bytes) -> bytes:
        """Of a target that is a whole address, and then names the host itself (RFC 9112, section
        3.2.2); one that is none is no path either."""
        _, separator, rest = target.partition(b"://")
        if not separator:
            return target
        host, _, path = rest.partition(b"/")
        self._environ["HTTP_HOST"] = host.decode("latin-1")
        return b"/" + path

    def on_body(self, chunk: bytes) -> None:
        if self._coming:
            self._coming.take(chunk)
            self._held = 0

    def on_message_complete(self) -> None:
        if self._coming and not self._parser.should_upgrade():
            self._coming.is_whole, self._coming.keeps_alive = True, self._parser.should_keep_alive()
            self._hears_no_more |= not self._coming.keeps_alive
            self._coming.end()
            self._coming = None

    def _refuse_head(self) -> None:
        detail = f"The address and the headers have more than {HEAD_LIMIT} bytes."
        self._refuse(Problem("head_too_large", detail))

    def _refuse(self, problem: Problem) -> None:
        """Say what is wrong with what is coming, after all that was asked for before."""
        if not self._coming:
            environ = {
                **self._common,
                "REQUEST_METHOD": "-",
                "PATH_INFO": "-",
                "enrollment.unreadable": problem,
            }
            self._waiting.append(Incoming(environ, self._transport))
        self._length = 0
        self._expect_no_more()

    # Out

    def _go_on(self) -> None:
        """Answer what waits for it, as far as the client takes the answers."""
        if self._waiting and not self._current and not self._is_full:
            incoming = self._waiting.popleft()
            answer = self._server.answer(incoming)
            if not isinstance(answer, Response):
                self._current = incoming
                self._loop.create_task(answer).add_done_callback(self._end)
            else:
                self._send(incoming, answer)
                if self._waiting:
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
        is_too_long = self._coming is not None and self._coming.is_over
        holds = bool(self._waiting) or is_too_long
        if holds != self._is_held_back and not self._transport.is_closing():
            self._is_held_back = holds
            if holds:
                self._transport.pause_reading()
            else:
                self._transport.resume_reading()

    def _send(self, incoming: Incoming, response: Response) -> None:
        status, headers, content = response
        is_last = self._server.is_stopping or not incoming.keeps_alive
        is_last = is_last or (self._hears_no_more and not self._waiting)
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


@lru_cache(256)
def _variable(name: bytes) -> str:
    """What CGI calls a header; none for A_B, which would become the same as A-B."""
    if b"_" in name:
        return ""
    variable = name.decode("latin-1").upper().replace("-", "_")
    return variable if variable in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{variable}"


def _plain(address: str) -> str:
    """An address without its zone; one of IPv4 as such."""
    number = ip_address(address.partition("%")[0])
    return str(getattr(number, "ipv4_mapped", None) or number)
