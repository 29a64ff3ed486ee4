"""How the cost of requests grows with the database: `python -m tests.benchmarks`.

It makes a small database and a large one in a temporary directory (on the disk that TMPDIR names),
sends both the same requests in turn, and prints the median time of each.
"""

import argparse
import os
import platform
import sqlite3
import tempfile
from contextlib import ExitStack
from pathlib import Path

from enrollment.app import make_app
from enrollment.config import Config
from tests.benchmarks.scale import MOST_ROUNDS, School, measure
from tests.benchmarks.seed import CANDIDATES, seed

SMALL = (1_000, 10_000)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--students", type=int, default=100_000, help="of the large database")
    parser.add_argument("--enrollments", type=int, default=1_000_000, help="of the large database")
    parser.add_argument("--rounds", type=int, default=100, help=f"at most {MOST_ROUNDS}")
    given = parser.parse_args()
    if given.students < CANDIDATES or not 1 <= given.rounds <= MOST_ROUNDS:
        parser.error(f"at least {CANDIDATES} students, and 1 to {MOST_ROUNDS} rounds")

    versions = f"SQLite {sqlite3.sqlite_version}, Python {platform.python_version()}"
    print(f"{versions}, {os.cpu_count()} cores, median of {given.rounds}")
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        schools = []
        for name, size in ("small", SMALL), ("large", (given.students, given.enrollments)):
            seeded = seed(Path(folder) / f"{name}.db", *size)
            rows = ", ".join(f"{table} {count:,}" for table, count in seeded.rows.items())
            print(f"{name}: {rows}, {seeded.path.stat().st_size / 1e6:,.0f} MB", flush=True)
            app = make_app(Config(database=seeded.path))
            stack.callback(app.database.close)
            schools.append(School(seeded, app))
        medians = measure(schools, given.rounds)

    width = max(map(len, medians))
    print(f"\n{'operation':{width}}  small ms  large ms  ratio")
    for operation, (small, large) in medians.items():
        print(f"{operation:{width}}  {small:8.2f}  {large:8.2f}  {large / small:5.2f}")


if __name__ == "__main__":
    main()
