"""What the service is to reach: ratios of one run on one machine."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from tests.benchmarks.results import OURS, Cell, Results

FEW, MANY = 16, 64


class Goal(NamedTuple):
    """`figure` and `verdict` are None where the run has not measured it."""

    words: str
    sign: str
    bound: float
    figure: Callable[[Results], float | None]

    def verdict(self, results: Results) -> str | None:
        figure = self.figure(results)
        if figure is None:
            return None
        met = figure >= self.bound if self.sign == ">=" else figure <= self.bound
        return f"{figure:.2f}, {'met' if met else 'NOT MET'}"


def _rate(workload: str, contender: str, connections: int) -> Callable[[Results], float | None]:
    return lambda results: results.ratio(Cell(workload, connections, contender))


def _cpu(workload: str) -> Callable[[Results], float | None]:
    return lambda results: results.cpu(Cell(workload, MANY, OURS))


def _growth(small: str, large: str) -> Callable[[Results], float | None]:
    def figure(results: Results) -> float | None:
        for cell in _ours(results, large):
            before, after = results.rate(cell._replace(workload=small)), results.rate(cell)
            return after / before if before and after else None
        return None

    return figure


def _disturbed(workload: str) -> Callable[[Results], float | None]:
    """The 99th percentile against the quiet one."""

    def figure(results: Results) -> float | None:
        for cell in _ours(results, workload):
            disturbed, quiet = results.percentile(cell, 99), results.figures(cell)["quiet p99 ms"]
            return disturbed / quiet if disturbed and quiet else None
        return None

    return figure


def _figure(workload: str, name: str) -> Callable[[Results], float | None]:
    def figure(results: Results) -> float | None:
        for cell in _ours(results, workload):
            return results.figures(cell)[name]
        return None

    return figure


def _ours(results: Results, workload: str) -> Iterator[Cell]:
    return (cell for cell in results if (cell.workload, cell.contender) == (workload, OURS))


def _goals() -> Iterator[Goal]:
    for clients in FEW, MANY:
        words = f"requests/s against Fastify, {clients} clients"
        yield Goal(f"read: {words}", ">=", 0.6, _rate("read", "fastify", clients))
        bound = 1.3 if clients == FEW else 1.6
        yield Goal(f"enroll: {words}", ">=", bound, _rate("enroll", "fastify", clients))
    for name, bound in ("read", 120), ("conditional", 100), ("enroll", 330):
        yield Goal(f"{name}: CPU for a request, us, {MANY} clients", "<=", bound, _cpu(name))
    slow = f"enroll with fsync 5 ms slower: requests/s against Fastify, {MANY} clients"
    yield Goal(slow, ">=", 10, _rate("slow-fsync", "fastify", MANY))
    for name, words in ("fastapi", "FastAPI"), ("drf", "Django REST framework"):
        yield Goal(f"read: requests/s against {words}", ">=", 10, _rate("read", name, FEW))
        yield Goal(f"enroll: requests/s against {words}", ">=", 8, _rate("enroll", name, FEW))
    yield Goal("read: requests/s in the larger school", ">=", 0.7, _growth("read", "read-large"))
    yield Goal(
        "enroll: requests/s in the larger school", ">=", 0.7, _growth("enroll", "enroll-large")
    )
    yield Goal("p99 of reads during a bulk, to the quiet one", "<=", 5, _disturbed("bulk"))
    yield Goal("p99 of reads beside browsing students", "<=", 3, _disturbed("browse"))
    yield Goal("p99 of reads beside stalled clients", "<=", 2, _disturbed("stalled"))
    yield Goal("memory at rest, MB", "<=", 60, _figure("start", "rest MB"))
    yield Goal("memory under load, MB", "<=", 100, _figure("memory", "load MB"))
    yield Goal("start to first answer, s", "<=", 0.4, _figure("start", "start s"))


GOALS = tuple(_goals())
