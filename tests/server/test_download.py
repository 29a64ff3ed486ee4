"""Exports through the server: sent in pieces, beside other requests, and not held in memory."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from enrollment.maintenance.migrations import migrate
from tests.exchange.strict import validate
from tests.support.server import Server, serving

pytestmark = pytest.mark.slow

# With addresses that pack badly, so that the list is large.
STUDENTS = 40_000


@pytest.fixture(scope="module")
def college(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("college") / "enrollment.db"
    migrate(path)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
            " INSERT INTO student (number, family_name, given_name, email)"
            " SELECT i, hex(randomblob(4)), hex(randomblob(4)), hex(randomblob(120)) || '@x'"
            " FROM n",
            (STUDENTS,),
        )
    return path


@pytest.fixture
def server(college: Path) -> Iterator[Server]:
    with serving(college) as server:
        yield server


def ask(server: Server, path: str) -> bytes:
    token = server.token.encode()
    return b"GET %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n" % (
        path.encode(),
        token,
    )


def download(server: Server, path: str) -> tuple[dict[str, str], bytes]:
    received = server.raw(ask(server, path) + b"Connection: close\r\n\r\n")
    head, _, body = received.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    assert status == "HTTP/1.1 200 OK"
    return dict(line.lower().split(": ", 1) for line in lines), body


def test_an_export_is_sent_whole_and_with_its_length(server: Server):
    headers, body = download(server, "/v1/oneroster.zip")

    assert headers["content-length"] == str(len(body))
    assert "transfer-encoding" not in headers
    assert len(validate(body)["users"]) == STUDENTS


def test_an_export_is_not_held_in_memory(server: Server):
    # This reads all students too, and so fills the cache of the connection, but sends none.
    download(server, "/v1/students.csv?status=inactive")
    before = server.peak_memory()

    _, body = download(server, "/v1/students.csv")

    assert len(body) > 9 * 1024 * 1024
    assert server.peak_memory() - before < 8


def test_other_requests_are_answered_while_a_client_reads_slowly(server: Server):
    with server.connect() as slow:
        slow.sendall(ask(server, "/v1/students.csv") + b"\r\n")
        assert slow.recv(10) == b"HTTP/1.1 2"

        assert server.get("/readyz").status == 200
        assert server.get("/v1/students/1").status == 200
        _, body = download(server, "/v1/students.csv?status=inactive")
        assert body.count(b"\n") == 1


def test_clients_that_are_gone_leave_no_file_and_no_failure(server: Server):
    for _ in range(3):
        with server.connect() as gone:
            gone.sendall(ask(server, "/v1/students.csv") + b"\r\n")
            gone.recv(10)
    download(server, "/v1/students.csv")

    files = Path(f"/proc/{server.process.pid}/fd")
    assert [
        str(file.readlink()) for file in files.iterdir() if "deleted" in str(file.readlink())
    ] == []
    assert server.stop() == 0
    assert "failed" not in server.log.read_text()
