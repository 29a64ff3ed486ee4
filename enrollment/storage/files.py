"""The files of a database: whether they are still the ones that SQLite has open.

SQLite itself does not notice that a file was removed or replaced. It goes on writing to a file
without a name, and all of that is lost when the process ends.

In this module, the log is the write-ahead log, the index is the index of the log (-shm), and a
checkpoint copies pages from the log into the database.
"""

import os
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from enrollment.problems.errors import Problem

# How the names of the database, of its log and of the index end, and what each file is called in a
# message.
SUFFIXES = ("", "-wal", "-shm")
NAMES = ("The file", "The write-ahead log", "The index of the write-ahead log")
MOVED = "{} of the database has been moved, replaced or removed."
EMPTIED = "The write-ahead log of the database has been emptied or overwritten."
OVERWRITTEN = "The database file has been overwritten by another program than SQLite."
# The beginning of the index, with the fields of _Index in their order
# (https://www.sqlite.org/walformat.html#the_wal_index_file_format).
INDEX = struct.Struct("=14x H I I 8x 8s 56x I 28x I")
# In bytes: how long the header of the log is, and that of each frame in it.
LOG_HEADER, FRAME_HEADER = 32, 24
# Where the salts are in the header of the log.
SALTS = slice(16, 24)
# The beginning of the database: what never changes, the number of changes, and the number of pages
# (https://www.sqlite.org/fileformat2.html).
HEADER = struct.Struct(">24s I I 68x")

# How many frames at the end of the log are compared with the database.
FRAMES_COMPARED = 32

# All Files of this process that are not closed.
_in_use: list["Files"] = []
# The handles of Files that were closed while others were in use.
_to_close: list[int] = []


class _Index(NamedTuple):
    """The fields of the index that are used here."""

    # In bytes.
    page_size: int
    # How many frames, of one page each, are in the log.
    frames: int
    # How many pages the database has with the log.
    pages: int
    # Random bytes that are the same in the header of the log.
    salts: bytes
    # How many frames have been copied into the database.
    backfilled: int
    # How many frames the last checkpoint has set out to copy.
    attempted: int

    @property
    def is_backfilled(self) -> bool:
        """Whether the whole log has been copied into the database."""
        return self.frames == self.backfilled

    @property
    def is_in_progress(self) -> bool:
        """Whether a checkpoint is writing to the database, or has failed while it did."""
        return self.attempted > self.backfilled

    def start_of(self, frame: int) -> int:
        """Return where a frame begins in the log, in bytes. The first frame is 0."""
        return LOG_HEADER + frame * (FRAME_HEADER + self.page_size)


class _State(NamedTuple):
    """What was seen of the database at one time."""

    # When the file was last changed, in nanoseconds, and its size in bytes.
    changed_at: int
    size: int
    header: bytes
    # Some of its pages by their numbers, which are counted from 1.
    pages: dict[int, bytes]
    # May have been read later than the rest.
    log_index: _Index


class Files:
    """The files of a database that SQLite has open.

    Make this object after SQLite has opened them, and close it after SQLite has closed them.
    """

    def __init__(self, path: Path) -> None:
        real = str(path.resolve())
        # SQLite follows a link to the database, and puts the other files beside the real file.
        self._paths = (str(path), *(real + suffix for suffix in SUFFIXES[1:]))
        self._handles: list[int] = []
        _in_use.append(self)
        try:
            for name in self._paths:
                self._handles.append(os.open(name, os.O_RDONLY | os.O_CLOEXEC))
            self._file, self._log, self._index = self._handles
            found = [os.fstat(handle) for handle in self._handles]
            self._identities = [(one.st_dev, one.st_ino) for one in found]
            self._last_seen = self._look([1])
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the files as soon as no database is in use in this process.

        Closing a file frees all locks that the process has on it, also those of SQLite
        (https://www.sqlite.org/howtocorrupt.html, section 2.2).
        """
        _in_use.remove(self)
        _to_close.extend(self._handles)
        while _to_close and not _in_use:
            os.close(_to_close.pop())

    def check_names(self) -> None:
        """Raise database_moved if a file is no longer at its path."""
        for place, path in enumerate(self._paths):
            if identity(path) != self._identities[place]:
                raise _moved(MOVED.format(NAMES[place]))

    def check_content(self) -> None:
        """Raise database_moved if the log does not match its index, or if a program other than
        SQLite has written to the database. Call it while no one else can write.

        The database is read only if its size or the time of its last change is different.
        """
        index = self._read_index()
        if index.frames:
            salts = os.pread(self._log, LOG_HEADER, 0)[SALTS]
            if os.fstat(self._log).st_size < index.start_of(index.frames) or salts != index.salts:
                raise _moved(EMPTIED)
        if self._is_unchanged():
            self._last_seen = self._last_seen._replace(log_index=index)
            return
        state = self._look(self._last_seen.pages)
        if not self._is_written_by_sqlite(state):
            raise _moved(OVERWRITTEN)
        self._last_seen = state

    def note_commit(self) -> None:
        """Note how the log ends after a commit. Call it after each commit.

        If the commit has changed the database, by a checkpoint, `check_content` looks at that
        before the next commit.
        """
        index = self._read_index()
        if self._is_unchanged():
            self._last_seen = self._last_seen._replace(log_index=index)

    def can_checkpoint(self) -> bool:
        """Whether the log may be copied into the database: SQLite alone has changed the database,
        and no other process has begun another log for it."""
        file, log = self._paths[:2]
        try:
            self.check_content()
            is_free = not os.path.exists(log) or not os.path.getsize(log)
        except (Problem, OSError):
            return False
        return is_free and identity(file) == self._identities[0]

    def free_space(self) -> int:
        """Return how many bytes are free on the disk."""
        disk = os.fstatvfs(self._file)
        return disk.f_bavail * disk.f_frsize

    def _is_unchanged(self) -> bool:
        found = os.fstat(self._file)
        seen = self._last_seen
        return (found.st_mtime_ns, found.st_size) == (seen.changed_at, seen.size)

    def _look(self, page_numbers: Iterable[int]) -> _State:
        """Return the state of the database, with these pages. If the whole log has been copied, its
        last pages are taken instead: an older copy of the database differs in one of them."""
        while True:
            index = self._read_index()
            found = os.fstat(self._file)
            header = os.pread(self._file, HEADER.size, 0).ljust(HEADER.size, b"\0")
            size = _size_of_page(int.from_bytes(header[16:18], "big"))
            if index.frames and index.is_backfilled:
                page_numbers = self._last_pages(index)
            pages = {n: os.pread(self._file, size, (n - 1) * size) for n in page_numbers}
            # Look again if a checkpoint of another process has come between.
            if self._read_index() == index:
                return _State(found.st_mtime_ns, found.st_size, header, pages, index)

    def _is_written_by_sqlite(self, state: _State) -> bool:
        """Whether a checkpoint of SQLite can have made this state of the last one."""
        seen, index = self._last_seen, state.log_index
        if index.frames and index.is_backfilled:
            if state.pages != self._last_pages(index):
                return False
        elif not self._may_follow_checkpoint(index):
            return (state.header, state.size, state.pages) == (seen.header, seen.size, seen.pages)
        seen_constant, seen_changes, _ = HEADER.unpack(seen.header)
        constant, changes, pages = HEADER.unpack(state.header)
        # Once the whole log has been copied, the index and the database have the same number of
        # pages. In a new index it is 0.
        expected = index.pages, index.pages * index.page_size
        if index.pages and index.is_backfilled and (pages, state.size) != expected:
            return False
        # The number of changes has 32 bits, and goes on with 0 after the highest.
        return bool(constant == seen_constant and (changes - seen_changes) % 2**32 < 2**31)

    def _may_follow_checkpoint(self, index: _Index) -> bool:
        """Whether a checkpoint may have written to the database since it was last seen."""
        before = self._last_seen.log_index
        is_different = (before.salts, before.backfilled) != (index.salts, index.backfilled)
        return is_different or before.is_in_progress or index.is_in_progress

    def _last_pages(self, index: _Index) -> dict[int, bytes]:
        """Return the content of the pages in the last frames of the log, by their numbers. One of
        them alone may be as it was before: a page whose only row was added and deleted again."""
        size, pages = FRAME_HEADER + index.page_size, dict[int, bytes]()
        for place in range(max(index.frames - FRAMES_COMPARED, 0), index.frames):
            frame = os.pread(self._log, size, index.start_of(place))
            pages[int.from_bytes(frame[:4], "big")] = frame[FRAME_HEADER:]
        return pages

    def _read_index(self) -> _Index:
        found = os.pread(self._index, INDEX.size, 0).ljust(INDEX.size, b"\0")
        size, *others = INDEX.unpack(found)
        return _Index(_size_of_page(size), *others)


def _size_of_page(field: int) -> int:
    """Return the size of a page, in bytes. 1 means 65536, which does not fit into the field
    (https://www.sqlite.org/fileformat2.html#page_size)."""
    return 65536 if field == 1 else field


def identity(path: str | Path) -> tuple[int, int] | None:
    """Return the device and inode of a file, or None if there is no file at the path."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _moved(detail: str) -> Problem:
    return Problem("database_moved", detail, headers={"Retry-After": "60"})
