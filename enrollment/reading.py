"""What a client sends, read as HTTP/1.1 (RFC 9112). The parser is that of Node, llhttp, by way of
httptools."""

import asyncio
from collections import deque
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_to_bytes

import httptools

from enrollment.errors import Problem
from enrollment.incoming import Incoming

# In bytes: a target with its headers; and what of them is held until they are whole.
HEAD_LIMIT, HELD_LIMIT = 65_536, 262_144
# Of a length that the parser takes; more can only be zeros, and may be too many for `int`.
MOST_DIGITS = 20


class Reader:
    """Makes requests, which wait to be taken, of the bytes of one connection."""

    _environ: dict[str, Any]

    def __init__(self, common: dict[str, Any], transport: asyncio.Transport) -> None:
        """`common` is what all environments of the connection have in common."""
        self._common = common
        self._transport = transport
        self._parser = httptools.HttpRequestParser(self)
        # Whether the head that the parser reads now is one that has been read before.
        self._has_declined = False
        self._target = b""
        # Of the head that is coming: its length, as far as it was read, and what was held for it;
        # likewise what a body has between its chunks and behind the last.
        self._length = self._held = 0
        self.waiting: deque[Incoming] = deque()
        # That whose body is not whole yet; and whether anything more is read.
        self.coming: Incoming | None = None
        self.is_done = False

    def end(self) -> None:
        """Nothing more will come."""
        self.is_done = True
        if self.coming:
            self.coming.end()

    def read(self, data: bytes) -> None:
        """Whatever it is: what is no request becomes one that will be refused."""
        rest: bytes | memoryview = data
        try:
            while rest:
                rest = self._feed(rest)
        except httptools.HttpParserCallbackError:
            raise
        except httptools.HttpParserError as error:
            # After the last request of a connection, whatever comes is none of our business.
            if not self.is_done:
                self._refuse(Problem("malformed_request", f"This is no HTTP/1.1: {error}."))
        if self._length or self.coming:
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
        self.coming = Incoming(environ, self._transport)
        self.waiting.append(self.coming)

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
        if self.coming:
            self.coming.take(chunk)
            self._held = 0

    def on_message_complete(self) -> None:
        if self.coming and not self._parser.should_upgrade():
            self.coming.is_whole, self.coming.keeps_alive = True, self._parser.should_keep_alive()
            self.is_done |= not self.coming.keeps_alive
            self.coming.end()
            self.coming = None

    def _refuse_head(self) -> None:
        detail = f"The address and the headers have more than {HEAD_LIMIT} bytes."
        self._refuse(Problem("head_too_large", detail))

    def _refuse(self, problem: Problem) -> None:
        """Say what is wrong with what is coming, after all that was asked for before."""
        if not self.coming:
            environ = {
                **self._common,
                "REQUEST_METHOD": "-",
                "PATH_INFO": "-",
                "enrollment.unreadable": problem,
            }
            self.waiting.append(Incoming(environ, self._transport))
        self._length = 0
        self.end()


@lru_cache(256)
def _variable(name: bytes) -> str:
    """What CGI calls a header; none for A_B, which would become the same as A-B."""
    if b"_" in name:
        return ""
    variable = name.decode("latin-1").upper().replace("-", "_")
    return variable if variable in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{variable}"
