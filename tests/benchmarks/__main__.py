"""How fast the service is beside others: `python -m tests.benchmarks`.

It starts each contender in turn as a process of its own on a fresh copy of one database, in a
temporary directory (on the disk that TMPDIR names), sends them the same requests, and prints the
medians over the rounds. `python -m tests.benchmarks scale` compares two sizes of one instead.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from tests.benchmarks import report, scale
from tests.benchmarks.agreement import disagreements
from tests.benchmarks.contenders import CONTENDERS, Contender
from tests.benchmarks.disk import fsync_cost
from tests.benchmarks.plot import draw
from tests.benchmarks.results import Cell, Results
from tests.benchmarks.school import School, make_school
from tests.benchmarks.seed import CANDIDATES
from tests.benchmarks.trials import attempt
from tests.benchmarks.workloads import WORKLOADS

# Measured in the larger school; and those that are measured with one number of clients alone.
LARGE = ("read-large", "enroll-large")
ONCE = ("start", "page", "import", "browse", "bulk", "stalled", *LARGE)


def main() -> None:
    given = _arguments()
    contenders = []
    for name in given.contenders:
        if missing := CONTENDERS[name].missing:
            print(f"{name} is left out: it needs {missing}")
        else:
            contenders.append(CONTENDERS[name])
    with tempfile.TemporaryDirectory() as folder:
        print(f"medians of {given.rounds} rounds of {given.seconds} s, after a warm-up")
        print(report.header(contenders, fsync_cost(Path(folder))))
        school = make_school(Path(folder) / "seeded.db", given.students)
        print(report.size("the school", school), flush=True)
        schools = dict.fromkeys(WORKLOADS, school)
        if given.scale:
            large = make_school(Path(folder) / "large.db", given.students * given.scale)
            print(report.size("the larger school", large), flush=True)
            schools |= dict.fromkeys(LARGE, large)
        for line in disagreements(contenders, school):
            print(line, flush=True)
        results = _measure(given, contenders, schools)
    given.plot.write_text(draw(results, given.workloads))
    print(report.table(results, given.workloads))
    print(f"\n{report.goals(results)}")
    print(f"\nlatency percentiles: {given.plot}")


def _measure(
    given: argparse.Namespace, contenders: Sequence[Contender], schools: Mapping[str, School]
) -> Results:
    """They take turns, and in being first too. What goes wrong is told, and the run goes on."""
    results = Results()
    for turn in range(given.rounds):
        for name in given.workloads:
            for connections in _connections(name, given.connections):
                for contender in contenders[:: -1 if turn % 2 else 1]:
                    if name not in contender.workloads:
                        continue
                    cell = Cell(name, connections, contender.name)
                    words = f"round {turn + 1}  {name:12} {connections:3}  {contender.name:9}"
                    try:
                        trial = attempt(
                            WORKLOADS[name], contender, schools[name], connections, given.seconds
                        )
                    except (RuntimeError, OSError) as failure:
                        print(f"{words}  failed: {failure}", flush=True)
                        continue
                    results.add(cell, trial)
                    rate = f"{trial.load.rate:10,.0f}/s" if trial.load else ""
                    print(f"{words}{rate}", file=sys.stderr, flush=True)
    return results


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "--contenders",
        type=_names(CONTENDERS),
        default=list(CONTENDERS),
        metavar="NAME,NAME",
        help=f"some of {', '.join(CONTENDERS)}",
    )
    parser.add_argument(
        "--workloads",
        type=_names(WORKLOADS),
        default=[name for name in WORKLOADS if name not in LARGE],
        metavar="NAME,NAME",
        help=f"some of {', '.join(WORKLOADS)}; {' and '.join(LARGE)} with --scale alone",
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
    if not given.scale and set(LARGE) & set(given.workloads):
        parser.error(f"{', '.join(LARGE)} need --scale")
    if given.scale:
        wanted = {*LARGE, *given.workloads}
        given.workloads = [name for name in WORKLOADS if name in wanted]
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


if __name__ == "__main__":
    if sys.argv[1:2] == ["scale"]:
        scale.main(sys.argv[2:])
    else:
        main()
