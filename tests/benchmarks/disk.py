"""The disk: what its fsync costs, and how to make that more."""

import os
import subprocess
import time
from pathlib import Path
from statistics import median

SOURCE = Path(__file__).with_name("slow_fsync.c")
DELAY_MS = 5


def fsync_cost(folder: Path) -> float:
    """The median milliseconds of 200 of them, each after a write of a page."""
    taken = []
    with (folder / "fsync").open("wb") as file:
        for _ in range(200):
            file.write(bytes(4096))
            file.flush()
            started = time.perf_counter()
            os.fdatasync(file.fileno())
            taken.append(time.perf_counter() - started)
    return median(taken) * 1000


def slow_fsync(folder: Path) -> dict[str, str]:
    """The variables that let each fsync of a process take DELAY_MS longer; needs a C compiler."""
    library = folder / "slow_fsync.so"
    if not library.exists():
        compiler = ["cc", "-O2", "-shared", "-fPIC", "-o", str(library), str(SOURCE), "-ldl"]
        subprocess.run(compiler, check=True)
    return {"LD_PRELOAD": str(library), "SLOW_FSYNC_MS": str(DELAY_MS)}
