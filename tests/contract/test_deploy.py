"""The examples in deploy/, against the service as it is."""

import re
import sys
from pathlib import Path

import pytest

from tests.support.server import Server

ROOT = Path(__file__).parents[2]
MEGABYTE = 1024 * 1024


def limits() -> list[int]:
    """The limits of memory in the unit and in the command of the container, in megabytes."""
    unit = (ROOT / "deploy/enrollment.service").read_text()
    page = (ROOT / "docs/operate.md").read_text()
    return [
        int(size)
        for pattern, text in ((r"^MemoryMax=(\d+)M$", unit), (r"--memory (\d+)m ", page))
        for size in re.findall(pattern, text, re.MULTILINE)
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows the peak of the memory")
def test_the_limit_of_memory_has_room_for_a_hundred_large_bodies(server: Server):
    body = b'{"given_name": "' + b"x" * (MEGABYTE - 100) + b'"}'
    connections = [server.begin_to_post(body) for _ in range(100)]
    # All of them are refused once they are whole: each has been read by then.
    for connection in connections:
        connection.sendall(body[-1:])
    for connection in connections:
        assert connection.recv(65536).startswith(b"HTTP/1.1 422 ")
        connection.close()

    status = Path(f"/proc/{server.process.pid}/status").read_text()
    peak = int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) // 1024
    assert len(limits()) == 2
    assert all(2 * peak < limit for limit in limits()), peak
