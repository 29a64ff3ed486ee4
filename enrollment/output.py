"""Standard output and standard error of the service: a line that cannot be written at once is
dropped and counted. The service never waits for whoever reads them."""

import io
import os
import select
import socket
import stat
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import Lock
from typing import TextIO

# What writes some of the bytes and returns how many. Where it would have to wait for the first, it
# raises BlockingIOError.
Send = Callable[[bytes], int]
# On Linux, to open this is to open a pipe or a terminal anew, with flags of its own.
OWN = "/proc/self/fd/{}"


class Output(io.TextIOBase):
    """A text stream of whole lines, over a file that is already open; None is one that is closed.

    Of a line that is only partly written, the rest goes out before the next line does.
    """

    def __init__(self, file: int | None) -> None:
        self.dropped = 0
        self._file = file
        self._send = _closed if file is None else _sender(file)
        self._line = ""
        self._rest = b""
        self._lock = Lock()

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        if self._file is None:
            raise OSError("the stream is closed")
        return self._file

    def write(self, text: str) -> int:
        with self._lock:
            # `print` writes the end of a line by itself.
            line = self._line + text if self._line else text
            if line.endswith("\n"):
                self._line = ""
                self._write(line.encode("utf-8", "backslashreplace"))
            else:
                self._line = line
        return len(text)

    def flush(self) -> None:
        """Write the rest of a line, if that can be done at once."""
        with self._lock:
            self._write(b"")

    def _write(self, line: bytes) -> None:
        if self._rest:
            self._rest = self._write_some(self._rest, begun=True)
        if self._rest:
            self.dropped += bool(line)
            return
        rest = self._write_some(line)
        if line and len(rest) == len(line):
            self.dropped += 1
        else:
            self._rest = rest

    def _write_some(self, data: bytes, begun: bool = False) -> bytes:
        """Write what can be written at once; return the rest that is still to be written."""
        size = len(data)
        try:
            while data:
                data = data[self._send(data) :]
        except BlockingIOError:
            pass
        except OSError:
            if begun or len(data) < size:
                # It is ended where it broke off, so that the next line does not seem part of it.
                self.dropped += data != b"\n"
                return b"\n"
        return data


def never_wait() -> None:
    """Replace `sys.stdout` and `sys.stderr`: by an Output each, or by one for both where they are
    the same file. A stream that is not a file stays as it is."""
    _occupy_standard_files()
    for name in ("stdout", "stderr"):
        stream: TextIO | None = getattr(sys, name)
        with suppress(io.UnsupportedOperation):
            setattr(sys, name, _output(None if stream is None else stream.fileno()))


def dropped() -> int:
    """How many lines were dropped since the process began."""
    return sum(output.dropped for output in _outputs.values())


# By the file, as the system knows it.
_outputs: dict[tuple[int, int] | None, Output] = {}


def _output(file: int | None) -> Output:
    key = None
    if file is not None:
        found = os.fstat(file)
        key = found.st_dev, found.st_ino
    if key not in _outputs:
        _outputs[key] = Output(file)
    return _outputs[key]


def _occupy_standard_files() -> None:
    """Else a file or a connection that is opened later takes the number of one that is closed, and
    what a library prints ends up in it."""
    while (file := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(file)


def _sender(file: int) -> Send:
    """Each kind of file has its own way not to wait. O_NONBLOCK is not set on the file itself: it
    would hold for every process that has inherited the same file, such as the shell."""
    mode = os.fstat(file).st_mode
    if stat.S_ISSOCK(mode):
        # The journal of systemd, for one.
        connection = socket.socket(fileno=os.dup(file))
        return lambda data: connection.send(data, socket.MSG_DONTWAIT)
    if stat.S_ISFIFO(mode) or os.isatty(file):
        with suppress(OSError):
            flags = os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY
            return partial(os.write, os.open(OWN.format(file), flags))
        return _polled(file)
    # A file on a disk takes what it is given, or fails.
    return partial(os.write, file)


def _polled(file: int) -> Send:
    """Elsewhere, or where another user's pipe may not be opened: a pipe that is ready takes so many
    bytes without waiting (POSIX, write), if no other process fills it at the same moment."""
    poll = select.poll()
    poll.register(file, select.POLLOUT)

    def send(data: bytes) -> int:
        if not poll.poll(0):
            raise BlockingIOError
        return os.write(file, data[: select.PIPE_BUF])

    return send


def _closed(data: bytes) -> int:
    raise BrokenPipeError
