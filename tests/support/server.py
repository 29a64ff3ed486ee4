"""The real server as a process of its own, and a plain HTTP client."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from enrollment.model.location import Location
from tests.support.tokens import TOKENS

PATIENCE = 20
# The ports of this process: a hundred of its own, below those that the kernel gives to clients. A
# port that the kernel finds free could be given to another test before a server listens on it.
PORTS = cycle(range(start := 10_000 + os.getpid() % 200 * 100, start + 100))


def free_port() -> int:
    return next(filter(_is_free, PORTS))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


class Reply(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Server:
    """The process `python -m enrollment serve` on a free port. `under` is a command that starts it,
    such as a tracer; `program` replaces `-m enrollment`."""

    def __init__(
        self,
        database: Location,
        *flags: str,
        folder: Path | None = None,
        port: int | None = None,
        under: Sequence[str] = (),
        program: Sequence[str] = ("-m", "enrollment"),
        output: int | None = None,
    ) -> None:
        """`folder` is where its log is; it can be left out for a file, which has one. `output` is
        an open file that takes what the server writes, in place of its log."""
        self.port = port or free_port()
        self.token = TOKENS["admin"]
        if isinstance(database, Path):
            name, folder = str(database), folder or database.parent
        else:
            name = database.text
        assert folder
        self.log = folder / f"log-{self.port}"
        command = [*under, sys.executable, *program, "serve"]
        command += ["--database", name, "--port", str(self.port), *flags]
        with self.log.open("ab") as log:
            # A session of its own, so that kill reaches both the server and what it runs under.
            out = log if output is None else output
            self.process = subprocess.Popen(
                command, stdout=out, stderr=out, start_new_session=True, cwd=folder
            )

    def _printed_token(self) -> str | None:
        """The token of the first admin, if this server or an earlier one has printed it."""
        logs = self.log.parent.glob("log-*")
        for log in sorted(logs, key=lambda log: log.stat().st_mtime_ns, reverse=True):
            printed = re.search(r"enr_[0-9a-f]{12}_[0-9a-f]{48}", log.read_text())
            if printed:
                return printed[0]
        return None

    def wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                self.get("/")
                self.token = self._printed_token() or self.token
                return
            except ConnectionError:
                status = self.process.poll()
                if status is not None or time.monotonic() > deadline:
                    how = "still runs" if status is None else f"ended with {status}"
                    pytest.fail(f"no answer, and the server {how}: {self.log.read_text()}")
                time.sleep(0.01)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            headers = {"Authorization": f"Bearer {self.token}", **headers}
            if body is not None and not isinstance(body, bytes):
                body, headers = json.dumps(body), {"Content-Type": "application/json", **headers}
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read())
        finally:
            connection.close()

    def get(self, path: str) -> Reply:
        return self.request("GET", path)

    def post(self, path: str, body: Any) -> Reply:
        return self.request("POST", path, body)

    def import_(self, content: bytes, query: str = "", **headers: str) -> Reply:
        """Send a list that is to be imported."""
        headers = {"Content-Type": "text/csv", **headers}
        return self.request("POST", f"/v1/imports{query}", content, **headers)

    def raw(self, sent: bytes, *, is_cut_off: bool = False) -> bytes:
        """Send bytes. Return all that comes back until the server closes the connection: because it
        was asked to, because it cannot read the bytes, or because `is_cut_off` ends them."""
        with self.connect() as connection:
            connection.sendall(sent)
            if is_cut_off:
                connection.shutdown(socket.SHUT_WR)
            received = b""
            while chunk := connection.recv(65536):
                received += chunk
            return received

    def begin_to_post(
        self, body: bytes, header: str = "", token: str | None = None, sent: int = -1
    ) -> socket.socket:
        """Send the head of a request and the first `sent` bytes of its body, by default all but the
        last byte. Return the connection."""
        connection = self.connect()
        head = (
            "POST /v1/students HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {token or self.token}\r\n{header}"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        connection.sendall(head.encode() + body[:sent])
        return connection

    def peak_memory(self) -> int:
        """The most memory that the process has had, in MiB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) // 1024

    def wait_for_log(self, text: str, times: int = 1) -> None:
        """Wait until the server has printed this, so many times."""
        deadline = time.monotonic() + PATIENCE
        while self.log.read_text().count(text) < times:
            if time.monotonic() > deadline:
                pytest.fail(f"the log has no {text!r}: {self.log.read_text()}")
            time.sleep(0.01)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        """Kill the server at once, with SIGKILL."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)


@contextmanager
def serving(
    database: Location,
    *flags: str,
    folder: Path | None = None,
    port: int | None = None,
    under: Sequence[str] = (),
    program: Sequence[str] = ("-m", "enrollment"),
    output: int | None = None,
) -> Iterator[Server]:
    server = Server(
        database, *flags, folder=folder, port=port, under=under, program=program, output=output
    )
    try:
        server.wait_until_it_answers()
        yield server
    finally:
        server.kill()
