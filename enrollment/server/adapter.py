"""The adapter between granian and the service.

It makes an environ (PEP 3333) of a request, and sends the response
(https://github.com/emmett-framework/granian/blob/master/docs/spec/RSGI.md).
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing, suppress
from functools import lru_cache
from ipaddress import ip_address
from typing import Any, BinaryIO

from granian.rsgi import HTTPProtocol, ProtocolClosed, Scope  # type: ignore[attr-defined]

from enrollment.http.body import BODY_LIMIT, LENGTH_DIGITS, UPLOAD_LIMIT
from enrollment.http.responses import Pieces, Response

log = logging.getLogger("enrollment")
# After the response, the rest of the body is read and discarded, within these limits. A connection
# that is closed with something unread is reset, and the client may lose the response.
DISCARD_SECONDS = 2.0
DISCARD_BYTES = 8 * BODY_LIMIT
# Without this header, granian sends its own name.
SERVER_HEADER = ("Server", "enrollment")
# The variable of every header that is ignored. It is removed from the environ.
IGNORED = ""


class Body:
    """The `wsgi.input` of a request (PEP 3333): its content, or why it did not arrive.

    Each `read` begins at the start, since a write that failed in a group is run again.
    """

    def __init__(self, content: bytes, error: OSError | None = None) -> None:
        self._content = content
        self._error = error

    def read(self, length: int) -> bytes:
        """Return at most so many bytes. Raises the error, if there is one."""
        if self._error:
            raise self._error
        return self._content[:length]


class Request:
    """A request whose headers have arrived. Its body may arrive slowly, in part, or never."""

    def __init__(self, scope: Scope, protocol: HTTPProtocol) -> None:
        self.environ = _environ(scope)
        self.started = time.perf_counter()
        self._protocol = protocol
        # Whether nothing of the body is left to read.
        self._is_read = "HTTP_TRANSFER_ENCODING" not in self.environ and self._declared == 0
        self._chunks: AsyncIterator[bytes] | None = None
        self._body_timeout: asyncio.Timeout | None = None

    async def read_body(self, timeout: float, limit: int) -> Body:
        """Read the body, or a little more than the limit in bytes. A body that does not arrive
        within so many seconds, or breaks off, raises TimeoutError or ConnectionError when it is
        used."""
        try:
            async with asyncio.timeout(timeout) as self._body_timeout:
                return Body(await self._read(limit))
        except TimeoutError:
            return Body(b"", TimeoutError())
        except ProtocolClosed:
            return Body(b"", ConnectionResetError())

    def end_body(self) -> None:
        """Let the time for a body that is still arriving be over now."""
        assert self._body_timeout
        if not self._body_timeout.expired():
            self._body_timeout.reschedule(0)

    async def discard_body(self) -> None:
        """Read and discard the rest of the body, within limits."""
        # Reading would ask a client that waits for 100 (Continue) to send its body.
        if self._is_read or "HTTP_EXPECT" in self.environ:
            return
        try:
            async with asyncio.timeout(DISCARD_SECONDS):
                await self._read_chunks(DISCARD_BYTES, lambda chunk: None)
        except (TimeoutError, ProtocolClosed):
            return

    def closed(self) -> asyncio.Future[None]:
        """Return a future that is done when the client has closed the connection."""
        return asyncio.ensure_future(self._protocol.client_disconnect())

    @property
    def _declared(self) -> int:
        """The Content-Length, or 0. With too many digits, it counts as more than the limit."""
        declared = self.environ.get("CONTENT_LENGTH", "0")
        return int(declared) if len(declared) <= LENGTH_DIGITS else UPLOAD_LIMIT + 1

    async def _read(self, limit: int) -> bytes:
        if self._is_read or self._declared > limit:
            return b""
        if self._declared:
            self._is_read = True
            return await self._protocol()
        content = bytearray()
        await self._read_chunks(limit, content.extend)
        return bytes(content)

    async def _read_chunks(self, limit: int, take: Callable[[bytes], object]) -> None:
        """Pass each chunk to `take`, until they are more bytes than the limit.

        Raises ProtocolClosed if the body breaks off.
        """
        self._chunks = self._chunks or aiter(self._protocol)
        size, empty = 0, 0
        with suppress(StopAsyncIteration):
            while size <= limit:
                chunk = await anext(self._chunks)
                take(chunk)
                size += len(chunk)
                empty += not chunk
            return
        # There are no more chunks.
        self._is_read = True
        # A body ends with one empty chunk. Two mean that it broke off, or that it has trailer
        # fields: granian shows no difference.
        if empty > 1:
            raise ProtocolClosed


class Adapter:
    """The application that granian calls for each request (RSGI)."""

    def __init__(self, respond: Callable[[Request], Awaitable[Response]]) -> None:
        self._respond = respond

    async def __rsgi__(self, scope: Scope, protocol: HTTPProtocol) -> None:
        request = Request(scope, protocol)
        try:
            status, headers, content, _ = await self._respond(request)
        except Exception:
            # Granian answers with 500, and logs nothing.
            log.exception("a request failed outside of the application")
            raise
        if isinstance(content, bytes):
            protocol.response_bytes(status, [*headers.items(), SERVER_HEADER], content)
        else:
            await _send_file(protocol, status, [*headers.items(), SERVER_HEADER], content)
        await request.discard_body()


async def _send_file(
    protocol: HTTPProtocol, status: int, headers: list[tuple[str, str]], file: BinaryIO
) -> None:
    """Send a file as fast as the client reads it. A client that is gone ends it."""
    with closing(Pieces(file)) as pieces, suppress(ProtocolClosed):
        transport = protocol.response_stream(status, headers)
        for piece in pieces:
            await transport.send_bytes(piece)


def _environ(scope: Scope) -> dict[str, Any]:
    """Return an environ (PEP 3333) with all that the service uses."""
    version = scope.http_version
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "PATH_INFO": _path(scope.path),
        "QUERY_STRING": scope.query_string,
        "REMOTE_ADDR": _address(scope.client.rpartition(":")[0]),
        "SERVER_PROTOCOL": "HTTP/1.0" if version == "1" else f"HTTP/{version}",
        "wsgi.input_terminated": True,
    }
    count, headers = len(environ), scope.headers
    for name, value in headers.items():
        variable = _variable(name)
        environ[variable] = f"{environ[variable]},{value}" if variable in environ else value
    # `items` leaves out a header whose value is not ASCII. Give it an empty value, which matches
    # nothing: the header was sent, after all.
    if len(environ) < count + len(names := headers.keys()):
        environ = dict.fromkeys(map(_variable, names), "") | environ
    environ.pop(IGNORED, None)
    # If the request line has a whole URL, its host replaces the header (RFC 9112, section 3.2.2).
    if scope.authority is not None:
        environ["HTTP_HOST"] = scope.authority
    return environ


@lru_cache(256)
def _variable(name: str) -> str:
    """Return the variable of a header, as in CGI. A header `a_b` is ignored: its variable would be
    that of `a-b`."""
    if "_" in name:
        return IGNORED
    variable = name.upper().replace("-", "_")
    return variable if variable in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{variable}"


def _path(path: str) -> str:
    """Return the bytes of the path, decoded as Latin-1 (PEP 3333).

    Granian replaces bytes that are not UTF-8 by U+FFFD. They become a byte that is not UTF-8 again,
    so that the path is refused.
    """
    if path.isascii():
        return path
    return path.encode().replace("\ufffd".encode(), b"\xff").decode("latin-1")


@lru_cache(1024)
def _address(address: str) -> str:
    """Return an IP address without brackets and zone. IPv4 mapped into IPv6 is returned as IPv4."""
    number = ip_address(address.strip("[]").partition("%")[0])
    return str(getattr(number, "ipv4_mapped", None) or number)
