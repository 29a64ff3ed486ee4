"""Standard output and standard error of the service, which never waits for their reader.

A line that cannot be written at once is dropped and counted.
"""

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

# Writes some of the bytes, and returns how many. Raises BlockingIOError if it would have to wait
# before the first one.
Send = Callable[[bytes], int]
# On Linux, opening this path opens a pipe or a terminal a second time, with separate flags.
REOPENABLE_PATH = "/proc/self/fd/{}"


class Output(io.TextIOBase):
    """A text stream that writes whole lines to an open file, given by its number (None: closed).

    If only a part of a line can be written, the rest is written before the next line.
    """

    def __init__(self, file: int | None) -> None:
        self.dropped = 0
        self._file = file
        self._send = _closed if file is None else _sender(file)
        # The beginning of a line that has no end yet.
        self._line = ""
        # The end of a line that was only partly written.
        self._rest = b""
        self._lock = Lock()

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        if self._file is None:
            raise OSError("the stream is closed")
        return self._file

    def write(self, text: str) -> int:
        """Write text as soon as its line is complete, or drop the line. Return its length."""
        with self._lock:
            # `print` writes the end of a line in a separate call.
            line = self._line + text if self._line else text
            if line.endswith("\n"):
                self._line = ""
                self._write(line.encode("utf-8", "backslashreplace"))
            else:
                self._line = line
        return len(text)

    def flush(self) -> None:
        """Write the rest of a line that was only partly written, if that can be done at once."""
        with self._lock:
            self._write(b"")

    def _write(self, line: bytes) -> None:
        if self._rest:
            self._rest = self._write_some(self._rest, is_begun=True)
        if self._rest:
            self.dropped += bool(line)
            return
        rest = self._write_some(line)
        if line and len(rest) == len(line):
            self.dropped += 1
        else:
            self._rest = rest

    def _write_some(self, data: bytes, is_begun: bool = False) -> bytes:
        """Write what can be written at once, and return the rest. `is_begun` means that an earlier
        call has written a part of the line."""
        size = len(data)
        try:
            while data:
                data = data[self._send(data) :]
        except BlockingIOError:
            pass
        except OSError:
            if is_begun or len(data) < size:
                # The rest of the line is dropped, all but its end: the next line must not continue
                # it.
                self.dropped += data != b"\n"
                return b"\n"
        return data


def never_wait() -> None:
    """Replace `sys.stdout` and `sys.stderr` by an Output each, or by one for both if they are the
    same file. A stream that is not a file stays as it is."""
    _occupy_standard_files()
    for name in ("stdout", "stderr"):
        stream: TextIO | None = getattr(sys, name)
        with suppress(io.UnsupportedOperation):
            setattr(sys, name, _output(None if stream is None else stream.fileno()))


def dropped() -> int:
    """How many lines were dropped since the process began."""
    return sum(output.dropped for output in _outputs.values())


# The outputs by their files: device and inode, or None for a closed stream.
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
    """Open the null device in place of each standard file that is closed.

    Otherwise a file or a connection that is opened later gets the number of that standard file, and
    a library prints into it.
    """
    while (file := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(file)


def _sender(file: int) -> Send:
    """Return a function that writes to the file without waiting, in the way that suits its kind.

    O_NONBLOCK is not set on the file itself: it would apply to every process that has inherited the
    file, such as the shell.
    """
    mode = os.fstat(file).st_mode
    if stat.S_ISSOCK(mode):
        # For example the journal of systemd.
        connection = socket.socket(fileno=os.dup(file))
        return lambda data: connection.send(data, socket.MSG_DONTWAIT)
    if stat.S_ISFIFO(mode) or os.isatty(file):
        with suppress(OSError):
            flags = os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY
            return partial(os.write, os.open(REOPENABLE_PATH.format(file), flags))
        return _polled(file)
    # Writing to a file on a disk never has to wait for a reader.
    return partial(os.write, file)


def _polled(file: int) -> Send:
    """Return a function that asks first whether the file is ready. It is for systems without /proc,
    and for a pipe of another user.

    A pipe that is ready takes PIPE_BUF bytes without waiting (POSIX, write), if no other process
    fills it at the same moment.
    """
    poll = select.poll()
    poll.register(file, select.POLLOUT)

    def send(data: bytes) -> int:
        if not poll.poll(0):
            raise BlockingIOError
        return os.write(file, data[: select.PIPE_BUF])

    return send


def _closed(data: bytes) -> int:
    """Fail as a write to a closed pipe does."""
    raise BrokenPipeError
