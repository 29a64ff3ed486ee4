"""Faults that are injected into processes of the service: calls that fail, kills, another clock.

faults.c is preloaded into them; a plan that it shares with the test says what is to happen.
"""

import ctypes
import errno
import json
import mmap
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

# The kinds of calls; what is sent, is sent to a client.
OPEN, WRITE, SYNC, TRUNCATE, LINK, UNLINK, SEND = (1 << number for number in range(7))
# How much of a call is done before it fails, or the process is killed.
NOTHING, HALF, ALL = range(3)
KILL = 0
FOR_EVER = 1 << 62
# `python -m tests.faults` strikes at every call.
strikes_all = False
# Of many writes that are alike, one in so many is struck; of many calls, one in so many parts.
STEP_OF_WRITES = 7
PARTS = 10


class Fault(NamedTuple):
    """What happens at some calls: an errno, or KILL; once, or from then on until it is mended."""

    calls: int
    error: int
    done: int = NOTHING
    lasting: bool = False

    def turns(self) -> Iterator[int]:
        """Return at which of its calls it strikes, the first being 1: they are further apart as the
        command goes on, so that a long one does not take the square of its time."""
        step, n = STEP_OF_WRITES if self.calls & WRITE else 1, 1
        while True:
            yield n
            n += 1 if strikes_all else max(step, n // PARTS)

    def __str__(self) -> str:
        kinds = ("open", "write", "sync", "truncate", "link", "unlink", "send")
        calls = "-".join(kind for number, kind in enumerate(kinds) if self.calls & 1 << number)
        what = errno.errorcode[self.error] if self.error else "kill"
        extent = ("", "-half-done", "-done")[self.done]
        return f"{calls}-{what}{extent}{'-lasting' if self.lasting else ''}"


class Fields(ctypes.Structure):
    """What the process and the test share: `struct plan` of faults.c."""

    _fields_ = (
        *(
            (name, ctypes.c_int64)
            for name in ("calls", "first", "last", "error", "done", "seen", "struck", "clock")
        ),
        ("path", ctypes.c_char * 1024),
    )


class Plan:
    """What is to happen in the processes that are started in `environment`."""

    # By all plans, for the end of the run.
    injected = 0

    def __init__(self, library: Path, folder: Path) -> None:
        file = folder / "plan"
        file.write_bytes(bytes(ctypes.sizeof(Fields)))
        with file.open("r+b") as opened:
            self._fields = Fields.from_buffer(mmap.mmap(opened.fileno(), 0))
        self.environment = os.environ | {"LD_PRELOAD": str(library), "FAULTS": str(file)}

    def strike(self, fault: Fault, n: int, path: str) -> None:
        """Let the n-th of the calls on the files of this pattern be struck from now on."""
        self.mend()
        fields = self._fields
        fields.first, fields.last = n, FOR_EVER if fault.lasting else n
        fields.error, fields.done, fields.path = fault.error, fault.done, path.encode()
        # With the kinds of calls, the plan is in force.
        fields.calls = fault.calls

    def mend(self) -> int:
        """End it; how many calls were struck."""
        struck = int(self._fields.struck)
        self._fields.calls = self._fields.seen = self._fields.struck = 0
        Plan.injected += struck
        return struck

    @property
    def has_struck(self) -> bool:
        return bool(self._fields.struck)

    def set_clock(self, ahead: int) -> None:
        """Let the clock be so many seconds ahead of the true one."""
        self._fields.clock = ahead


class Ended(NamedTuple):
    """How a command ended: its exit code, or minus the number of the signal; what it printed."""

    code: int
    out: str
    err: str


class CommandLine:
    """Runs commands one by one, each in a process of its own that is forked from one: that is much
    faster than to start Python anew for each of some hundred faults."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.forks"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=plan.environment,
            cwd=Path(__file__).parents[2],
        )
        self._printed = folder / "out", folder / "err"

    def run(self, *arguments: str | Path) -> Ended:
        order: list[Any] = [[str(argument) for argument in arguments], *map(str, self._printed)]
        assert self._process.stdin
        assert self._process.stdout
        print(json.dumps(order), file=self._process.stdin, flush=True)
        code = int(self._process.stdout.readline())
        return Ended(code, *(file.read_text() for file in self._printed))

    def close(self) -> None:
        self._process.communicate(timeout=20)
