"""A request as it comes in, and its body, which may come slowly, in part, or never."""

import asyncio
import time
from typing import Any

from enrollment.inputs import BODY_LIMIT


class Body:
    """What `wsgi.input` is (PEP 3333): a body as far as it has come, which may be read again, or
    why it has not come."""

    def __init__(self, content: bytes, error: OSError | None = None) -> None:
        self._content = content
        self._error = error

    def read(self, length: int) -> bytes:
        if self._error:
            raise self._error
        return self._content[:length]


NOTHING = Body(b"")


class Incoming:
    """A request whose head is there."""

    def __init__(self, environ: dict[str, Any], transport: asyncio.Transport) -> None:
        self.environ = environ
        self.started = time.perf_counter()
        # Whether the body is there too; whether no more of it will come or is wanted; and whether
        # another request may follow on the same connection.
        self.is_whole = self.is_over = self.keeps_alive = False
        self._content = bytearray()
        self._transport = transport
        self._ended: asyncio.Future[None] | None = None

    def take(self, chunk: bytes) -> None:
        """More of the body; what is past the limit is as good as all of it."""
        if len(self._content) <= BODY_LIMIT:
            self._content += chunk
        if len(self._content) > BODY_LIMIT:
            self.end()

    def end(self) -> None:
        """The body is there, or won't be; or the client is gone."""
        self.is_over = True
        if self._ended and not self._ended.done():
            self._ended.set_result(None)

    def ended(self) -> asyncio.Future[None]:
        """Done at the next `end`."""
        self._ended = asyncio.get_running_loop().create_future()
        return self._ended

    async def body(self, timeout: float) -> Body:
        """As far as the limit; it is waited for so many seconds."""
        if int(self.environ.get("CONTENT_LENGTH", 0)) > BODY_LIMIT:
            return NOTHING
        if not self.is_over:
            expected = self.environ.get("HTTP_EXPECT", "").lower()
            if expected == "100-continue" and self.environ["SERVER_PROTOCOL"] != "HTTP/1.0":
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            await asyncio.wait({self.ended()}, timeout=timeout)
        if not self.is_over:
            return Body(b"", TimeoutError())
        if not self.is_whole and len(self._content) <= BODY_LIMIT:
            return Body(b"", ConnectionResetError())
        return Body(bytes(self._content))
