"""The files of a database: whether they are still the ones that SQLite has open.

SQLite itself does not notice that a file was removed or replaced: it goes on writing to a file
without a name, and all of that is lost with the process.
"""

import os
import struct
from pathlib import Path
from typing import NamedTuple

from enrollment.problems.errors import Problem

# The database, its write-ahead log and the index of the log.
SUFFIXES = ("", "-wal", "-shm")
MOVED = "{} of the database has been moved, replaced or removed."
NAMES = ("The file", "The write-ahead log", "The index of the write-ahead log")
EMPTIED = "The write-ahead log of the database has been emptied or overwritten."
OVERWRITTEN = "The database file has been overwritten by another program than SQLite."
# How the index begins: the size of a page, how many frames are in the log, how many pages in the
# database, the salts of the log; then, how many of the frames were brought into the database, and
# how many a checkpoint has begun with (https://www.sqlite.org/walformat.html#the_wal_index_file_format).
INDEX = struct.Struct("=14x H I I 8x 8s 56x I 28x I")
LOG_HEADER, FRAME_HEADER, SALTS = 32, 24, slice(16, 24)
# How the database begins: what stays the same, how often the first page was
# changed, and how many pages there are (https://www.sqlite.org/fileformat2.html).
HEADER = struct.Struct(">24s I I 68x")

_in_use: list["Files"] = []
_to_close: list[int] = []


class _Index(NamedTuple):
    """What the index says of the log."""

    page_size: int
    frames: int
    pages: int
    salts: bytes
    backfilled: int
    attempted: int

    @property
    def is_brought_in(self) -> bool:
        """Whether nothing waits in the log."""
        return self.frames == self.backfilled

    @property
    def is_in_progress(self) -> bool:
        """Whether a checkpoint is writing to the database, or has failed."""
        return self.attempted > self.backfilled

    def start_of(self, frame: int) -> int:
        """Where a frame begins, counted from 0."""
        return LOG_HEADER + frame * (FRAME_HEADER + self.page_size)


class _State(NamedTuple):
    """The database as it was last seen: when it was changed, its size, its header, one of its
    pages; and the index, which may be newer."""

    changed_at: int
    size: int
    header: bytes
    number: int
    page: bytes
    log: _Index


class Files:
    """The files that SQLite has open. Make it when SQLite has opened them, and close it after
    SQLite has closed them."""

    def __init__(self, path: Path) -> None:
        real = str(path.resolve())
        # SQLite follows a link to the database, and puts the others beside the file itself.
        self._paths = (str(path), *(real + suffix for suffix in SUFFIXES[1:]))
        self._handles: list[int] = []
        _in_use.append(self)
        try:
            for name in self._paths:
                self._handles.append(os.open(name, os.O_RDONLY | os.O_CLOEXEC))
            self._file, self._log, self._index = self._handles
            found = [os.fstat(handle) for handle in self._handles]
            self._identities = [(one.st_dev, one.st_ino) for one in found]
            self._known = self._look(number=1)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """To close a file frees all locks that this process has on it, SQLite's too: so they are
        closed when no database is in use any more (https://www.sqlite.org/howtocorrupt.html,
        section 2.2)."""
        _in_use.remove(self)
        _to_close.extend(self._handles)
        while _to_close and not _in_use:
            os.close(_to_close.pop())

    def check_names(self) -> None:
        """Raises database_moved if a file is no longer at its path."""
        for place, path in enumerate(self._paths):
            if identity(path) != self._identities[place]:
                raise _moved(MOVED.format(NAMES[place]))

    def check_content(self) -> None:
        """Raises database_moved if the log is not the one that its index is about, or if another
        program than SQLite has written into the database. Call it where no one else can write.

        The database is looked at only when the time of its last change or its size is another.
        """
        index = self._read_index()
        if index.frames:
            salts = os.pread(self._log, LOG_HEADER, 0)[SALTS]
            if os.fstat(self._log).st_size < index.start_of(index.frames) or salts != index.salts:
                raise _moved(EMPTIED)
        if self._is_unchanged():
            self._known = self._known._replace(log=index)
            return
        state = self._look(self._known.number)
        if not self._is_ours(state):
            raise _moved(OVERWRITTEN)
        self._known = state

    def note_commit(self) -> None:
        """Call it after a commit: what the commit has brought into the database is looked at before
        the next one."""
        index = self._read_index()
        if self._is_unchanged():
            self._known = self._known._replace(log=index)

    def can_take_log(self) -> bool:
        """Whether the database is as it was, and no one else has begun another log for it."""
        file, log = self._paths[:2]
        try:
            self.check_content()
            is_free = not os.path.exists(log) or not os.path.getsize(log)
        except (Problem, OSError):
            return False
        return is_free and identity(file) == self._identities[0]

    def free_space(self) -> int:
        """How much room is left on the disk, in bytes."""
        disk = os.fstatvfs(self._file)
        return disk.f_bavail * disk.f_frsize

    def _is_unchanged(self) -> bool:
        found = os.fstat(self._file)
        return found.st_mtime_ns == self._known.changed_at and found.st_size == self._known.size

    def _look(self, number: int) -> _State:
        """The database as it is, with this page, or better with the one that came from the log
        last: that is the one in which an older copy differs."""
        while True:
            index = self._read_index()
            found = os.fstat(self._file)
            header = os.pread(self._file, HEADER.size, 0).ljust(HEADER.size, b"\0")
            page_size = _size_of_page(int.from_bytes(header[16:18], "big"))
            if index.frames and index.is_brought_in:
                number, _ = self._last_page(index)
            page = os.pread(self._file, page_size, (number - 1) * page_size)
            # Another process may bring in the log meanwhile: then it is looked at again.
            if self._read_index() == index:
                return _State(found.st_mtime_ns, found.st_size, header, number, page, index)

    def _is_ours(self, state: _State) -> bool:
        """Whether the database can have become this by what SQLite brings in from the log."""
        known, index = self._known, state.log
        if index.frames and index.is_brought_in:
            if (state.number, state.page) != self._last_page(index):
                return False
        elif not self._is_from_log(index):
            return (state.header, state.size, state.page) == (known.header, known.size, known.page)
        known_constant, known_changes, _ = HEADER.unpack(known.header)
        constant, changes, pages = HEADER.unpack(state.header)
        # With nothing in the log, the index says how many pages there are, if it ever knew.
        expected = index.pages, index.pages * index.page_size
        if index.pages and index.is_brought_in and (pages, state.size) != expected:
            return False
        # The number of changes begins again after the last one that fits.
        return bool(constant == known_constant and (changes - known_changes) % 2**32 < 2**31)

    def _is_from_log(self, index: _Index) -> bool:
        """Whether anything can have been brought into the database since it was last seen."""
        before = self._known.log
        is_another = (before.salts, before.backfilled) != (index.salts, index.backfilled)
        return is_another or before.is_in_progress or index.is_in_progress

    def _last_page(self, index: _Index) -> tuple[int, bytes]:
        """The page that the log ends with: its number, and what it holds."""
        size = FRAME_HEADER + index.page_size
        frame = os.pread(self._log, size, index.start_of(index.frames - 1))
        return int.from_bytes(frame[:4], "big"), frame[FRAME_HEADER:]

    def _read_index(self) -> _Index:
        found = os.pread(self._index, INDEX.size, 0).ljust(INDEX.size, b"\0")
        size, *others = INDEX.unpack(found)
        return _Index(_size_of_page(size), *others)


def _size_of_page(field: int) -> int:
    """65536 does not fit into its field (https://www.sqlite.org/fileformat2.html#page_size)."""
    return 65536 if field == 1 else field


def identity(path: str | Path) -> tuple[int, int] | None:
    """Which file it is, whatever its name."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _moved(detail: str) -> Problem:
    return Problem("database_moved", detail, headers={"Retry-After": "60"})
