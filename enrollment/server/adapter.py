"""Between granian and the service: a request of RSGI becomes an environ (PEP 3333), and a response
is sent (https://github.com/emmett-framework/granian/blob/master/docs/spec/RSGI.md)."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from functools import lru_cache
from ipaddress import ip_address
from typing import Any

from granian.rsgi import HTTPProtocol, ProtocolClosed, Scope  # type: ignore[attr-defined]

from enrollment.http.body import BODY_LIMIT
from enrollment.http.responses import Response

log = logging.getLogger("enrollment")
# How long, in seconds, and how much, in bytes, is read of a body that no one wants, after the
# response was sent. A connection that is closed with something unread is reset, and the client may
# lose the response.
LINGER, LINGER_LIMIT = 2.0, 8 * BODY_LIMIT
# A longer Content-Length is more than anyone sends, or has zeros in front that no one sends.
LENGTH_DIGITS = 19


class Body:
    """What `wsgi.input` is (PEP 3333): a body that may be read again, or why there is none."""

    def __init__(self, content: bytes, error: OSError | None = None) -> None:
        self._content = content
        self._error = error

    def read(self, length: int) -> bytes:
        if self._error:
            raise self._error
        return self._content[:length]


class Request:
    """A request whose headers are there. Its body may come slowly, in part, or never."""

    def __init__(self, scope: Scope, protocol: HTTPProtocol) -> None:
        self.environ = _environ(scope)
        self.started = time.perf_counter()
        self._protocol = protocol
        # Whether the body has been read to its end, as far as there is one.
        self._is_read = "HTTP_TRANSFER_ENCODING" not in self.environ and self._declared == 0
        self._chunks: AsyncIterator[bytes] | None = None

    async def read_body(self, timeout: float) -> Body:
        """The body as far as the limit, if it arrives within so many seconds."""
        try:
            async with asyncio.timeout(timeout):
                return Body(await self._read())
        except TimeoutError:
            return Body(b"", TimeoutError())
        except ProtocolClosed:
            return Body(b"", ConnectionResetError())

    async def discard_body(self) -> None:
        """Read what the service did not want of the body, within limits."""
        if self._is_read or "HTTP_EXPECT" in self.environ:
            return
        try:
            async with asyncio.timeout(LINGER):
                await self._read_chunks(LINGER_LIMIT, lambda chunk: None)
        except (TimeoutError, ProtocolClosed):
            return

    def closed(self) -> asyncio.Future[None]:
        """Done when the client has closed the connection."""
        return asyncio.ensure_future(self._protocol.client_disconnect())

    @property
    def _declared(self) -> int:
        """The Content-Length, or 0; one of too many digits is more than the limit."""
        declared = self.environ.get("CONTENT_LENGTH", "0")
        return int(declared) if len(declared) <= LENGTH_DIGITS else BODY_LIMIT + 1

    async def _read(self) -> bytes:
        if self._is_read or self._declared > BODY_LIMIT:
            return b""
        if self._declared:
            self._is_read = True
            return await self._protocol()
        content = bytearray()
        await self._read_chunks(BODY_LIMIT, content.extend)
        return bytes(content)

    async def _read_chunks(self, limit: int, take: Callable[[bytes], object]) -> None:
        """Take what comes, until it is more than the limit. Raises ProtocolClosed."""
        self._chunks = self._chunks or aiter(self._protocol)
        size, empty = 0, 0
        with suppress(StopAsyncIteration):
            while size <= limit:
                chunk = await anext(self._chunks)
                take(chunk)
                size += len(chunk)
                empty += not chunk
            return
        self._is_read = True
        # A body ends with one empty chunk. Two mean that it broke off, or that trailers followed
        # it, which no client of a JSON interface sends.
        if empty > 1:
            raise ProtocolClosed


class Adapter:
    """What granian calls for every request."""

    def __init__(self, respond: Callable[[Request], Awaitable[Response]]) -> None:
        self._respond = respond

    async def __rsgi__(self, scope: Scope, protocol: HTTPProtocol) -> None:
        request = Request(scope, protocol)
        try:
            status, headers, content, _ = await self._respond(request)
        except Exception:
            # Granian answers 500, and says nothing.
            log.exception("a request failed outside of the application")
            raise
        protocol.response_bytes(status, [*headers.items(), SERVER], content)
        await request.discard_body()


# Otherwise granian names itself.
SERVER = ("Server", "enrollment")


def _environ(scope: Scope) -> dict[str, Any]:
    """What the service uses of an environ (PEP 3333)."""
    version = scope.http_version
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "PATH_INFO": _path(scope.path),
        "QUERY_STRING": scope.query_string,
        "REMOTE_ADDR": _address(scope.client.rpartition(":")[0]),
        "SERVER_PROTOCOL": "HTTP/1.0" if version == "1" else f"HTTP/{version}",
        "wsgi.input_terminated": True,
    }
    own, headers = len(environ), scope.headers
    for name, value in headers.items():
        variable = _variable(name)
        environ[variable] = f"{environ[variable]},{value}" if variable in environ else value
    # What is not ASCII is left out. It is something all the same, and matches nothing.
    if len(environ) < own + len(names := headers.keys()):
        environ = dict.fromkeys(map(_variable, names), "") | environ
    environ.pop(IGNORED, None)
    # A target that is a whole URL names the host itself (RFC 9112, section 3.2.2).
    if scope.authority is not None:
        environ["HTTP_HOST"] = scope.authority
    return environ


IGNORED = ""


@lru_cache(256)
def _variable(name: str) -> str:
    """What CGI calls a header; none for a_b, which would become the same as a-b."""
    if "_" in name:
        return IGNORED
    variable = name.upper().replace("-", "_")
    return variable if variable in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{variable}"


def _path(path: str) -> str:
    """The bytes of the path, as PEP 3333 has them. Those that are not UTF-8 came as U+FFFD, and
    must not become UTF-8 by that."""
    if path.isascii():
        return path
    return path.encode().replace("\ufffd".encode(), b"\xff").decode("latin-1")


@lru_cache(1024)
def _address(address: str) -> str:
    """An IP address without brackets and zone; one of IPv4 as such."""
    number = ip_address(address.strip("[]").partition("%")[0])
    return str(getattr(number, "ipv4_mapped", None) or number)
