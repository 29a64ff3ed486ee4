"""What is sent to a client: bytes, or a file, which is read while it is sent and then closed."""

from collections.abc import Generator
from functools import partial
from hashlib import blake2b, file_digest
from io import SEEK_END
from typing import BinaryIO

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


def pieces_of(content: Content) -> Generator[bytes]:
    """Yield what is sent piece by piece, and close a file at the end, or when it is given up."""
    if isinstance(content, bytes):
        yield content
        return
    with content:
        content.seek(0)
        while piece := content.read(PIECE):
            yield piece


def discard(content: Content) -> None:
    """Close a file that is not sent."""
    if not isinstance(content, bytes):
        content.close()
