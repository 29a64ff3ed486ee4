"""A contender as a process of its own, on a fresh copy of the database."""

import http.client
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from tests.benchmarks.contenders import ROOT, Contender, environment
from tests.support.server import free_port
from tests.support.tokens import TOKENS

PATIENCE = 30
READ_PATH = "/v1/students/{}/courses"


class Reply(NamedTuple):
    status: int
    tag: str
    request_id: str
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Memory(NamedTuple):
    """Megabytes of all processes of a contender: RSS counts what they share once for each of them,
    PSS once."""

    rss: float
    pss: float


class Running:
    """`port` is None for what does not serve."""

    def __init__(self, contender: Contender, database: Path, extra: dict[str, str]) -> None:
        self.contender = contender
        self.database = database
        self.environment = environment(database) | extra
        self.port = free_port() if contender.command else None
        self.started_in = 0.0
        self._log = database.with_name("log")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Sets how long it took until the first answer."""
        if self.contender.command is None or self.port is None:
            return
        with self._log.open("wb") as log:
            began = time.perf_counter()
            self._process = subprocess.Popen(
                self.contender.command(self.database, self.port),
                stdout=log,
                stderr=log,
                env=self.environment,
                cwd=ROOT,
                start_new_session=True,
            )
        while True:
            with suppress(ConnectionError):
                reply = self.request("GET", READ_PATH.format(1))
                self.started_in = time.perf_counter() - began
                if reply.status == 200:
                    return
                raise RuntimeError(f"{self.contender.name} answers {reply}")
            if self._process.poll() is not None or time.perf_counter() > began + PATIENCE:
                name, log = self.contender.name, self._log.read_text()
                raise RuntimeError(f"{name} does not answer: {log}")
            time.sleep(0.002)

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        tag: str = "",
        token: str = TOKENS["admin"],
        host: str = "localhost",
    ) -> Reply:
        headers = {"Authorization": f"Bearer {token}", "Host": host}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if tag:
            headers["If-None-Match"] = tag
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            names = ("ETag", "X-Request-Id")
            tag, request_id = (response.headers.get(name, "") for name in names)
            return Reply(response.status, tag, request_id, response.read())
        finally:
            connection.close()

    def has_logged(self, path: str) -> bool:
        return path in self._log.read_text()

    def memory(self) -> Memory:
        rss = pss = 0
        for folder, _ in self._processes():
            # A process that has ended meanwhile uses nothing.
            with suppress(OSError):
                for line in (folder / "smaps_rollup").read_text().splitlines():
                    name, _, amount = line.partition(":")
                    rss += int(amount.split()[0]) if name == "Rss" else 0
                    pss += int(amount.split()[0]) if name == "Pss" else 0
        return Memory(rss / 1024, pss / 1024)

    def cpu(self) -> float:
        """How many seconds all its processes have used, user and system (proc_pid_stat(5))."""
        ticks = sum(int(fields[11]) + int(fields[12]) for _, fields in self._processes())
        return ticks / os.sysconf("SC_CLK_TCK")

    def _processes(self) -> Iterator[tuple[Path, list[str]]]:
        """Each of its processes: its folder in /proc, and its `stat` from the state on."""
        for status in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                fields = status.read_text().rpartition(")")[2].split()
                if self._process is not None and int(fields[3]) == self._process.pid:
                    yield status.parent, fields

    def stop(self) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


@contextmanager
def running(
    contender: Contender, database: Path, extra: dict[str, str] | None = None
) -> Iterator[Running]:
    """Started, on a copy of this database, with further variables of the environment."""
    with tempfile.TemporaryDirectory(prefix="contender-", dir=database.parent) as folder:
        copy = Path(folder) / "school.db"
        shutil.copyfile(database, copy)
        # Else the first checkpoint would have to wait until the copy is on the disk.
        with copy.open("rb+") as file:
            os.fsync(file.fileno())
        process = Running(contender, copy, extra or {})
        try:
            process.start()
            yield process
        finally:
            process.stop()
