"""The load: a list of requests, sent by wrk over so many connections, or by the floor to itself."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tests.benchmarks.running import Running
from tests.support.tokens import TOKENS

# As in load.lua.
PERCENTILES = (50, 75, 90, 95, 99, 99.9)
LOAD = Path(__file__).with_name("load.lua")
TOKEN = TOKENS["admin"]


class Request(NamedTuple):
    method: str
    path: str
    body: str = ""
    tag: str = ""


class Measurement(NamedTuple):
    """What a load came to; the percentiles are of milliseconds."""

    requests: int
    errors: int
    seconds: float
    percentiles: dict[str, float]

    @property
    def rate(self) -> float:
        """Of what was answered as it should."""
        return (self.requests - self.errors) / self.seconds


class Load:
    """Requests that are sent in their order; each run goes on where the one before has ended."""

    def __init__(self, running: Running, requests: Sequence[Request]) -> None:
        self.running = running
        self.file = running.database.with_name("requests")
        self.file.write_text("".join("\t".join(request) + "\n" for request in requests))
        self.sent = 0

    def run(self, connections: int, seconds: int) -> Measurement:
        process = self.start(connections, seconds)
        return self.finish(process, connections)

    def start(self, connections: int, seconds: int) -> subprocess.Popen[str]:
        command = self._command(connections, seconds)
        environment = os.environ
        if self.running.port is None:
            environment = self.running.environment
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)

    def finish(self, process: subprocess.Popen[str], connections: int) -> Measurement:
        output, _ = process.communicate()
        if process.returncode:
            raise RuntimeError(f"{process.args} ended with {process.returncode}: {output}")
        measured = Measurement(**json.loads(output.splitlines()[-1]))
        # What is in flight at the end is sent, but not counted.
        self.sent += measured.requests + connections + 1
        return measured

    def _command(self, connections: int, seconds: int) -> list[str]:
        where = [str(self.file), TOKEN, str(self.sent)]
        if self.running.port is None:
            floor = [sys.executable, "-m", "tests.benchmarks.contenders.floor"]
            return [*floor, str(self.running.database), *where, str(seconds)]
        load = ["wrk", "--threads", "1", "--connections", str(connections)]
        load += ["--duration", f"{seconds}s", "--timeout", "30s", "--script", str(LOAD)]
        return [*load, f"http://127.0.0.1:{self.running.port}", "--", *where]
