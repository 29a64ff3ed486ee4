"""What was measured, as medians over the rounds."""

from collections import defaultdict
from collections.abc import Iterator
from statistics import median
from typing import NamedTuple

from tests.benchmarks.trials import Trial

OURS = "ours"


class Cell(NamedTuple):
    """What is measured together: the unit of a row in the table."""

    workload: str
    connections: int
    contender: str


class Results:
    def __init__(self) -> None:
        self._trials: dict[Cell, list[Trial]] = defaultdict(list)

    def add(self, cell: Cell, trial: Trial) -> None:
        self._trials[cell].append(trial)

    def __iter__(self) -> Iterator[Cell]:
        return iter(self._trials)

    def remarks(self, cell: Cell) -> list[str]:
        return sorted({trial.remark for trial in self._trials[cell] if trial.remark})

    def rate(self, cell: Cell) -> float | None:
        """Requests per second."""
        return _median([t.load.rate for t in self._trials.get(cell, ()) if t.load])

    def percentile(self, cell: Cell, percent: float) -> float | None:
        """In milliseconds."""
        loads = [trial.load for trial in self._trials.get(cell, ())]
        # Who answers nothing at all has no latency.
        return _median(
            [load.percentiles[f"{percent:g}"] for load in loads if load and load.requests]
        )

    def cpu(self, cell: Cell) -> float | None:
        """In microseconds for each request."""
        return _median([t.cpu for t in self._trials.get(cell, ()) if t.cpu is not None])

    def errors(self, cell: Cell) -> int:
        """Of all rounds."""
        return sum(trial.load.errors for trial in self._trials[cell] if trial.load)

    def figures(self, cell: Cell) -> dict[str, float]:
        trials = self._trials.get(cell, ())
        names = trials[0].figures if trials else ()
        return {name: median(trial.figures[name] for trial in trials) for name in names}

    def ratio(self, cell: Cell) -> float | None:
        """How often as many requests our service answers."""
        ours, theirs = self.rate(cell._replace(contender=OURS)), self.rate(cell)
        return ours / theirs if ours and theirs else None


def _median(values: list[float]) -> float | None:
    return median(values) if values else None
