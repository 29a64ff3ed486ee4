"""How values go to PostgreSQL, and how rows come back: as they do with sqlite3."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, ClassVar

from psycopg.abc import Buffer
from psycopg.adapt import AdaptersMap, Dumper, Loader
from psycopg.types.string import TextLoader


class ServerRow(tuple[Any, ...]):
    """A row whose values are found by position or by name, like those of sqlite3."""

    __slots__ = ()
    positions: ClassVar[dict[str, int]] = {}

    def keys(self) -> list[str]:
        return [*self.positions]

    def __getitem__(self, key: Any) -> Any:
        return tuple.__getitem__(self, self.positions[key] if type(key) is str else key)


@cache
def _row_type(names: tuple[str, ...]) -> type[ServerRow]:
    positions = {name: position for position, name in enumerate(names)}
    return type("ServerRow", (ServerRow,), {"__slots__": (), "positions": positions})


def make_rows(cursor: Any) -> Callable[[Sequence[Any]], ServerRow]:
    """Return what makes a row of the values of a result. A row factory of psycopg."""
    names = cursor.description or ()
    return _row_type(tuple(column.name for column in names))


class _PlainDumper(Dumper):
    """Sends a number as text without a type: the query says which type it has. So one prepared
    query serves for all values."""

    oid = 0

    def dump(self, obj: Any) -> Buffer:
        return str(obj).encode()

    def quote(self, obj: Any) -> Buffer:
        # psycopg writes a number into its own statements, where none may stand in quotes.
        return self.dump(obj)


class _BoolDumper(Dumper):
    """Sends a truth as 0 or 1, which a query may take for a boolean or a number."""

    oid = 0

    def dump(self, obj: Any) -> Buffer:
        return b"1" if obj else b"0"


class _NumericLoader(Loader):
    """Reads a sum as SQLite gives it: an integer, or a float if it has decimals."""

    def load(self, data: Buffer) -> int | float:
        text = bytes(data)
        return int(text) if text.lstrip(b"-").isdigit() else float(text)


def adapt(adapters: AdaptersMap) -> None:
    """Set how the values of a connection go and come."""
    for number in (int, float):
        adapters.register_dumper(number, _PlainDumper)
    adapters.register_dumper(bool, _BoolDumper)
    for name in ("json", "jsonb"):
        adapters.register_loader(name, TextLoader)
    adapters.register_loader("numeric", _NumericLoader)
