"""How fast the service is beside others: `python -m tests.benchmarks`.

It starts each contender in turn as a process of its own on a fresh copy of one database, in a
temporary directory (on the disk that TMPDIR names), sends them the same requests, and prints the
medians over the rounds. `python -m tests.benchmarks scale` compares two sizes of one instead.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Collection
from pathlib import Path

from tests.benchmarks import report, scale
from tests.benchmarks.agreement import disagreements
from tests.benchmarks.contenders import CONTENDERS
from tests.benchmarks.disk import fsync_cost
from tests.benchmarks.plot import draw
from tests.benchmarks.results import Cell, Results
from tests.benchmarks.school import make_school
from tests.benchmarks.seed import CANDIDATES
from tests.benchmarks.trials import attempt
from tests.benchmarks.workloads import WORKLOADS

ONCE = {"start", "bulk", "stalled", "read-large", "enroll-large"}
LARGE = {"read-large": "read", "enroll-large": "enroll"}


def main() -> None:
    given = _arguments()
    contenders = []
    for name in given.contenders:
        if missing := CONTENDERS[name].missing:
            print(f"{name} is left out: it needs {missing}")
        else:
            contenders.append(CONTENDERS[name])
    results = Results()
    with tempfile.TemporaryDirectory() as folder:
        print(report.header(contenders, fsync_cost(Path(folder))))
        schools = {"": make_school(Path(folder) / "seeded.db", given.students)}
        print(report.size("the school", schools[""]), flush=True)
        if given.scale:
            large = make_school(Path(folder) / "large.db", given.students * given.scale)
            schools |= dict.fromkeys(LARGE, large)
            print(report.size("the larger school", large), flush=True)
        for line in disagreements(contenders, schools[""]):
            print(line, flush=True)
        for turn in range(given.rounds):
            for name in given.workloads:
                for connections in _connections(name, given.connections):
                    for contender in contenders[:: -1 if turn % 2 else 1]:
                        if name not in contender.workloads:
                            continue
                        school = schools.get(name, schools[""])
                        cell = Cell(name, connections, contender.name)
                        trial = attempt(
                            WORKLOADS[name], contender, school, connections, given.seconds
                        )
                        results.add(cell, trial)
                        _tell(turn, cell, trial.load.rate if trial.load else None)
    given.plot.write_text(draw(results, given.workloads))
    print(report.table(results, given.workloads))
    print()
    print(report.goals(results))
    print(f"\nlatency percentiles: {given.plot}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--contenders", type=_names(CONTENDERS), default=list(CONTENDERS))
    parser.add_argument(
        "--workloads",
        type=_names(WORKLOADS),
        default=[name for name in WORKLOADS if name not in LARGE],
    )
    parser.add_argument("--connections", type=_numbers, default=[16, 64], metavar="N,N")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4, help="of each measurement")
    parser.add_argument("--students", type=int, default=20_000)
    parser.add_argument("--scale", type=int, help="measure in a school so many times larger too")
    parser.add_argument(
        "--plot", type=Path, default=Path(tempfile.gettempdir()) / "enrollment-latency.svg"
    )
    given = parser.parse_args()
    if given.students < CANDIDATES or min(given.rounds, given.seconds, *given.connections) < 1:
        parser.error(f"at least {CANDIDATES} students, and one of all else")
    if given.scale:
        given.workloads += [name for name in LARGE if name not in given.workloads]
    elif LARGE.keys() & set(given.workloads):
        parser.error(f"{', '.join(LARGE)} need --scale")
    return given


def _names(known: Collection[str]) -> Callable[[str], list[str]]:
    def names(text: str) -> list[str]:
        wanted = text.split(",")
        if unknown := set(wanted) - set(known):
            raise argparse.ArgumentTypeError(
                f"{', '.join(sorted(unknown))}: there are {', '.join(known)}"
            )
        # In their own order, whatever the given one.
        return [name for name in known if name in wanted]

    return names


def _numbers(text: str) -> list[int]:
    return sorted(map(int, text.split(",")))


def _connections(workload: str, connections: list[int]) -> list[int]:
    """Some workloads are measured with one number of clients: the memory with the most of them."""
    if workload in ONCE:
        return connections[:1]
    return connections[-1:] if workload == "memory" else connections


def _tell(turn: int, cell: Cell, rate: float | None) -> None:
    """How far it is, to who waits."""
    measured = "" if rate is None else f"{rate:10,.0f}/s"
    words = f"round {turn + 1}  {cell.workload:12} {cell.connections:3}  {cell.contender:9}"
    print(f"{words}{measured}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["scale"]:
        scale.main(sys.argv[2:])
    else:
        main()
