"""Many records in one request: all or none of them, or each that breaks no rule."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Generic, Literal, NamedTuple, Protocol, TypeVar

from msgspec.structs import replace

from enrollment.data.violations import raise_violations
from enrollment.model.results import Violation
from enrollment.problems.errors import Problem


class Record(Protocol):
    @property
    def id(self) -> int: ...


T = TypeVar("T")  # the type of what is sent
R = TypeVar("R", bound=Record)  # the type of the record that is made of it


class ItemResult(NamedTuple, Generic[R]):
    """What became of one item: the new record, or the violations."""

    record: R | None
    violations: list[Violation]


def locate_item(index: int, violation: Violation) -> str:
    """Return the JSON pointer of a violation of one item in the list `items` of a request."""
    return f"/items/{index}{violation.pointer or ''}"


def insert_batch(
    items: Sequence[T],
    insert: Callable[[T], R],
    mode: Literal["all", "each"],
    *,
    key: str,
    locate: Callable[[int, Violation], str] = locate_item,
) -> list[ItemResult[R]]:
    """Add a record for each item, in their order: all or none, or each that breaks no rule.

    `insert` checks every rule before it writes. `key` is the name of the id of a record in the
    details of a violation. `locate` returns the JSON pointer of a violation of the item with an
    index. For "all", raises every broken rule of every item, and duplicate_item for what only an
    earlier item stands against.
    """
    results: list[ItemResult[R]] = []
    made: dict[int, int] = {}
    for index, item in enumerate(items):
        try:
            record = insert(item)
        except Problem as problem:
            # Not a rule is broken, but the disk is full, or the like.
            if not problem.violations:
                raise
            found: Iterable[Violation] = problem.violations
            if mode == "all":
                found = _among_items(found, key, made)
            located = [replace(broken, pointer=locate(index, broken)) for broken in found]
            results.append(ItemResult(None, located))
        else:
            made[record.id] = index
            results.append(ItemResult(record, []))
    if mode == "all":
        raise_violations([violation for _, found in results for violation in found])
    return results


def _among_items(
    violations: Iterable[Violation], key: str, made: dict[int, int]
) -> Iterator[Violation]:
    """Name the earlier item in place of its record, which will not exist after the refusal."""
    for violation in violations:
        earlier = made.get(violation.details.get(key, 0))
        if earlier is None:
            yield violation
        else:
            yield Violation(
                pointer=violation.pointer,
                code="duplicate_item",
                detail=f"Item {earlier} of the request is the same in this field.",
                details={"item": earlier},
            )
