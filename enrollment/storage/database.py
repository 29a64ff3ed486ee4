"""The database of a service: its transactions and group commits, whatever its engine."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar

from enrollment.problems.errors import Problem
from enrollment.storage.connection import Connection

T = TypeVar("T")
# Problems of a whole transaction. Each of its acts would meet them too, or may have been done.
SHARED_PROBLEMS = ("database_busy", "database_unreachable", "outcome_unknown")


class ThreadState(threading.local):
    """The transaction that a thread is in."""

    # Its connection, or None outside of a transaction.
    db: Connection | None = None
    # Whether it is a write.
    writes = False


class Database(ABC):
    """A database that has been migrated, for any number of threads."""

    # The name and the version of the engine.
    engine: tuple[str, str]
    # Whether each query waits for a server. Then no query may run on the thread of an event loop.
    is_remote = False

    def __init__(self) -> None:
        self.thread = ThreadState()
        # One write at a time.
        self._writer_lock = threading.Lock()
        self.is_writing = False

    @abstractmethod
    def close(self) -> None:
        """Close every connection; no transaction may be open."""

    @abstractmethod
    def read(self, *, is_slow: bool = False) -> AbstractContextManager[Connection]:
        """Begin a read: all queries of the `with` see the same state of the data.

        Inside another read or a write, this is a part of it. A slow read does not delay others.
        """

    @abstractmethod
    def write(self) -> AbstractContextManager[Connection]:
        """Begin a write: it is committed at the end of the `with`, and undone on any exception.
        Inside another write, it is a savepoint. A write never begins inside a read.

        At the end of the outermost `with`, what was written is on disk.
        """

    @contextmanager
    def pause_writes(self) -> Iterator[None]:
        """Begin no write during the `with`: another process opens the database, or writes. Raises
        database_moved as `write` does, since that process may find another database at the path."""
        with self._writer_lock:
            self.is_writing = True
            try:
                yield
            finally:
                self.is_writing = False

    @abstractmethod
    def on_commit(self, notify: Callable[[], None]) -> None:
        """Call `notify`, on any thread, whenever events may have been committed."""

    @abstractmethod
    def sizes(self, db: Connection) -> dict[str, int]:
        """Return the sizes of the database and of its write-ahead log (0 if it has none of its
        own), in bytes, by the names `database` and `wal`."""

    @abstractmethod
    def disable_busy_wait(self) -> None:
        """From now on, raise database_busy at once if another process has locked the database."""

    @abstractmethod
    def disable_checkpoints(self) -> None:
        """Leave checkpoints to another process, which has the database open too."""

    @abstractmethod
    def check_disk(self) -> None:
        """Raise the problem of the last write, if the disk made it fail, or disk_full if the next
        write may not fit."""

    def group_commit(self, acts: Sequence[Callable[[], T]]) -> list[T | Exception]:
        """Run all acts in one write, and so with one wait for the disk. Return what each returns,
        or the exception that it raises.

        An act calls `write` itself, and so gets a savepoint. If an act raises, or the transaction
        fails, everything is undone, and each act is run again in a transaction of its own. Then an
        act that fails does not affect the others. If no transaction can begin, or if it is not
        known whether it was committed, no act is run again.
        """
        if len(acts) > 1:
            try:
                with self.write() as db:
                    results: list[T | Exception] = []
                    for act in acts:
                        results.append(act())
                        if not db.in_transaction:
                            raise RuntimeError("the database has undone the transaction")
                    return results
            except Exception as error:
                if isinstance(error, Problem) and error.code in SHARED_PROBLEMS:
                    return [error] * len(acts)
        return [_outcome(act) for act in acts]


def _outcome(act: Callable[[], T]) -> T | Exception:
    """Return what an act returns, or the exception that it raises."""
    try:
        return act()
    except Exception as error:
        return error
