"""What is sent to a client: bytes, or a file, which is read while it is sent and then closed."""

from functools import partial
from hashlib import blake2b, file_digest
from io import SEEK_END
from typing import BinaryIO, Self

Content = bytes | BinaryIO
# In bytes. A file is sent in pieces of this size.
PIECE = 64 * 1024
_digest = partial(blake2b, digest_size=12)


def digest_of(content: Content) -> str:
    """Return a digest of what is sent, for its entity tag."""
    if isinstance(content, bytes):
        return _digest(content).hexdigest()
    content.seek(0)
    return file_digest(content, _digest).hexdigest()  # type: ignore[arg-type]


def size_of(content: Content) -> int:
    """Return how many bytes are sent."""
    return len(content) if isinstance(content, bytes) else content.seek(0, SEEK_END)


class Pieces:
    """A file that is sent piece by piece. It is closed at the end, or by `close` at any time."""

    def __init__(self, content: BinaryIO) -> None:
        self._file = content
        self._file.seek(0)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        piece = self._file.read(PIECE)
        if not piece:
            self.close()
            raise StopIteration
        return piece

    def close(self) -> None:
        self._file.close()


def discard(content: Content) -> None:
    """Close a file that is not sent."""
    if not isinstance(content, bytes):
        content.close()
