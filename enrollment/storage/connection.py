"""What the two engines share: a connection, the rows that a query returns, and a failure."""

from collections.abc import Iterator
from typing import Any, Protocol

from enrollment.problems.errors import Problem

# What `enrollment doctor` has found: a level ("ok", "warn" or "wrong") and a sentence.
Finding = tuple[str, str]

# What a failure of an engine becomes: the code of a problem, its detail, and after how many seconds
# a client may try again (None: it should not).
Failure = tuple[str, str, int | None]
BUSY: Failure = ("database_busy", "Another process has locked the database for too long.", 1)
DISK_FULL: Failure = ("disk_full", "There is no space left on the disk.", None)
READ_ONLY: Failure = ("database_read_only", "The service may not write to its database.", 60)


class Row(Protocol):
    """A row of a result. Its values are found by position or by name."""

    def keys(self) -> Any: ...
    def __getitem__(self, key: Any, /) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...
    def __len__(self) -> int: ...


class Cursor(Protocol):
    """The result of a statement."""

    def fetchone(self) -> Any: ...
    def fetchall(self) -> list[Any]: ...
    def __iter__(self) -> Iterator[Any]: ...


class Connection(Protocol):
    """A connection to a database, in autocommit mode."""

    @property
    def in_transaction(self) -> bool: ...
    def execute(self, sql: str, parameters: Any = ..., /) -> Cursor: ...
    def close(self) -> None: ...


def failure(code: str, detail: str, seconds: int | None) -> Problem:
    """Return the problem that a failure of an engine becomes."""
    return Problem(code, detail, headers={"Retry-After": str(seconds)} if seconds else None)
