"""How fast the service is on PostgreSQL beside SQLite: `python -m tests.benchmarks.postgresql`.

It starts one service on a file, one on a server and three on that server, in turn, on fresh copies
of one school, and prints the medians over the rounds. The server has its own settings, so that it
waits for its disk as SQLite does.
"""

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from enrollment.maintenance.transfer import copy_school
from enrollment.model.location import Location, ServerUrl
from tests.benchmarks.load import LOAD, TOKEN, Measurement, Request
from tests.benchmarks.school import School, make_school
from tests.benchmarks.workloads import APART, MOST_WRITES, READS
from tests.support.postgresql import PostgreSQL, running_postgresql
from tests.support.server import Server

# The number of services, by the name of the engine.
SETUPS = (("SQLite", 1), ("PostgreSQL", 1), ("PostgreSQL", 3))
WORKLOADS = ("enroll", "read")


def main() -> None:
    given = _arguments()
    print(f"medians of {given.rounds} rounds of {given.seconds} s, {given.students} students")
    with tempfile.TemporaryDirectory() as folder, running_postgresql() as server:
        school = make_school(Path(folder) / "school.db", given.students)
        copy_school(school.database, server.create_database("school"))
        for workload in WORKLOADS:
            for clients in given.connections:
                for line in _measure(given, school, server, workload, clients):
                    print(line, flush=True)


def _measure(
    given: argparse.Namespace, school: School, server: PostgreSQL, workload: str, clients: int
) -> Iterator[str]:
    """The rates of all setups with one workload, in turn and in each order."""
    rates: dict[tuple[str, int], list[float]] = {setup: [] for setup in SETUPS}
    tails: dict[tuple[str, int], list[float]] = {setup: [] for setup in SETUPS}
    for turn in range(given.rounds):
        for setup in SETUPS[:: -1 if turn % 2 else 1]:
            parts = _trial(school, server, workload, setup, clients, given.seconds)
            rates[setup].append(sum(part.rate for part in parts))
            tails[setup].append(max(part.percentiles["99"] for part in parts))
    base = statistics.median(rates[SETUPS[0]])
    for engine, services in SETUPS:
        rate = statistics.median(rates[engine, services])
        tail = statistics.median(tails[engine, services])
        yield (
            f"{workload:7} {clients:3} clients  {engine:10} {services} processes"
            f" {rate:8,.0f}/s  {rate / base:5.2f}  p99 {tail:7.1f} ms"
        )


def _trial(
    school: School,
    server: PostgreSQL,
    workload: str,
    setup: tuple[str, int],
    clients: int,
    seconds: int,
) -> list[Measurement]:
    engine, services = setup
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        location: Location
        if engine == "SQLite":
            location = Path(shutil.copy(school.database, folder / "school.db"))
        else:
            location = server.create_database("trial", template="school")
            stack.callback(server.drop_database, "trial")
        ports = [stack.enter_context(_service(location, folder)) for _ in range(services)]
        requests = _requests(school, workload, 2 * seconds)
        # The services take a warm-up first: each has its part of the requests.
        for offset in (0, len(requests) // 2):
            part = requests[offset : offset + len(requests) // 2]
            measured = _load(folder, ports, part, clients, seconds)
        return measured


@contextmanager
def _service(location: Location, folder: Path) -> Iterator[int]:
    """Serve a database. Yield the port."""
    server = Server(folder / "served", "--database", _text(location))
    server.wait_until_it_answers()
    try:
        yield server.port
    finally:
        os.killpg(server.process.pid, signal.SIGKILL)
        server.process.wait()


def _text(location: Location) -> str:
    return location.text if isinstance(location, ServerUrl) else str(location)


def _requests(school: School, workload: str, seconds: int) -> list[Request]:
    students = [1 + number * APART % school.students for number in range(school.students)]
    if workload == "read":
        return [Request("GET", f"/v1/students/{student}/courses") for student in students[:READS]]
    return [
        Request("POST", f"/v1/students/{student}/courses", json.dumps({"course_id": course}))
        for course in school.open
        for student in students
    ][: seconds * MOST_WRITES]


def _load(
    folder: Path, ports: Sequence[int], requests: Sequence[Request], clients: int, seconds: int
) -> list[Measurement]:
    """Send each service its part of the requests, at the same time."""
    running = []
    for number, port in enumerate(ports):
        file = folder / f"requests-{port}"
        part = requests[number :: len(ports)]
        file.write_text("".join("\t".join(request) + "\n" for request in part))
        command = ["wrk", "--threads", "1", "--connections", str(clients // len(ports))]
        command += ["--duration", f"{seconds}s", "--timeout", "30s", "--script", str(LOAD)]
        command += [f"http://127.0.0.1:{port}", "--", str(file), TOKEN, "0"]
        running.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
    return [
        Measurement(**json.loads(process.communicate()[0].splitlines()[-1])) for process in running
    ]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.postgresql")
    parser.add_argument("--students", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--connections", type=int, nargs="+", default=[16, 64])
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
