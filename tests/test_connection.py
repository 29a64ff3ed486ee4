"""What the server makes of what clients send, byte by byte: well, badly, slowly, in part."""

import http.client
import io
import json
import signal
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from enrollment.inputs import BODY_LIMIT
from enrollment.reading import HEAD_LIMIT
from tests.server import PATIENCE, Server, serving
from tests.tokens import TOKENS

STUDENT = {"given_name": "Ada", "family_name": "Lovelace"}
GET = b"GET / HTTP/1.1\r\nHost: x\r\n"
POST = b"POST /v1/students HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


@pytest.fixture
def server(server: Server) -> Iterator[Server]:
    """Whatever it was sent, it stops cleanly."""
    yield server
    assert server.stop() == 0
    assert "Traceback" not in server.log.read_text()


def known(sent: bytes) -> bytes:
    """The same from someone who may send it."""
    token = TOKENS["admin"].encode()
    return sent.replace(b"Host: x\r\n", b"Host: localhost\r\nAuthorization: Bearer %s\r\n" % token)


def post(student: dict[str, str]) -> bytes:
    body = json.dumps(student).encode()
    return known(POST + b"Content-Length: %d\r\n\r\n%s" % (len(body), body))


class Read(io.BytesIO):
    """What http.client reads answers from, which is here what was received before."""

    def makefile(self, mode: str) -> "Read":
        return self

    def close(self) -> None:
        """The next answer begins where this one ends."""


def answers(received: bytes) -> list[tuple[int, Any]]:
    """The statuses and bodies of all answers."""
    read, found = Read(received), []
    while read.tell() < len(received):
        response = http.client.HTTPResponse(read)  # type: ignore[arg-type]
        response.begin()
        content = response.read()
        found.append((response.status, json.loads(content) if content else None))
    return found


def chunked(body: bytes) -> bytes:
    return known(
        b"POST /v1/students HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n"
    ) + b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:7], body[7:], b""))


def test_a_chunked_body_is_read(server: Server):
    with server.connect() as connection:
        connection.sendall(chunked(json.dumps(STUDENT).encode()))
        assert connection.recv(65536).startswith(b"HTTP/1.1 201 Created\r\n")


def test_a_body_over_the_limit_is_refused_with_and_without_chunks(server: Server):
    body = b" " * (BODY_LIMIT + 1)

    reply = server.request("POST", "/v1/students", None, **{"Content-Type": "application/json"})
    assert reply.status == 400
    for sent in (chunked(body), chunked(body * 3)):
        with server.connect() as connection:
            threading.Thread(target=send_quietly, args=(connection, sent)).start()
            assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")
    declared = known(
        b"POST /v1/students HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n" % len(body)
    )
    with server.connect() as connection:
        threading.Thread(target=send_quietly, args=(connection, declared + body)).start()
        assert connection.recv(65536).startswith(b"HTTP/1.1 413 ")
    assert server.get("/v1/students").json["items"] == []


def test_an_endless_body_is_not_read_to_its_end(server: Server):
    head = known(
        b"POST /v1/students HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n"
    )
    part = b"%x\r\n%s\r\n" % (BODY_LIMIT, b" " * BODY_LIMIT)
    sent = 0
    with server.connect() as connection:
        connection.sendall(head)
        try:
            while sent < 100:
                connection.sendall(part)
                sent += 1
        except OSError:
            pass

    assert sent < 100
    assert server.get("/").status == 200


@pytest.mark.parametrize("begun", [b"2;", b"2\r\n{}\r\n0\r\nX: "], ids=["extension", "trailer"])
def test_what_comes_without_end_around_a_body_is_not_held(server: Server, begun: bytes):
    head = chunked(b"").partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    with server.connect() as connection:
        connection.sendall(head + begun)
        for _ in range(16):
            send_quietly(connection, b"x" * 65536)
        assert b"The body broke off." in connection.recv(65536)


def test_a_body_that_does_not_arrive_in_time_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ENROLLMENT_BODY_TIMEOUT", "0.2")
    with serving(tmp_path / "enrollment.db") as server:
        with server.begin_to_post(json.dumps(STUDENT).encode()) as connection:
            answer = connection.recv(65536)
        assert answer.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
        assert b'"code":"request_timeout"' in answer
        assert server.get("/v1/students").json["items"] == []


def test_a_stop_does_not_wait_for_a_body_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ENROLLMENT_BODY_TIMEOUT", "1")
    body = json.dumps(STUDENT).encode()
    with serving(tmp_path / "enrollment.db") as server, server.begin_to_post(body):
        assert server.get("/").status == 200
        assert server.stop() == 0


def test_a_header_with_an_underscore_passes_for_no_other(server: Server):
    tag = server.get("/").headers["ETag"]

    for name in ("If_None_Match", "If-None_Match"):
        assert server.request("GET", "/", **{name: tag}).status == 200


def test_a_header_that_is_sent_twice_is_one_list(server: Server):
    tag = server.get("/").headers["ETag"].encode()
    with server.connect() as connection:
        connection.sendall(
            known(b"GET / HTTP/1.1\r\nHost: x\r\nIf-None-Match: %s\r\n" % tag)
            + b'If-None-Match: "x"\r\n\r\n'
        )
        assert connection.recv(65536).startswith(b"HTTP/1.1 304 ")


def send_quietly(connection: socket.socket, sent: bytes) -> None:
    """Send what the server may not want to read to its end."""
    try:
        connection.sendall(sent)
    except OSError:
        return


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /v1/students HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
        b"Content-Length: 2\r\n\r\n{}",
        b"POST /v1/students HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n{}",
        b"POST /v1/students HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Content-Length: %s2\r\n\r\n{}" % (b"0" * 5000),
        b"GET / HTTP/1.1\r\nHost: x\r\nHost: example.org\r\n\r\n",
        b"POST /v1/students HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Content-Length: 99\r\n\r\n{}",
        b"POST /v1/students HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
        b"POST /v1/students HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
        b"POST /v1/students HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX : y\r\n\r\n",
        b"GET / HTTP/1.1\nHost: x\r\n\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
    ],
    ids=[
        "nonsense",
        "version",
        "two-lengths",
        "negative-length",
        "padded-length",
        "two-hosts",
        "cut-short",
        "bad-chunk",
        "chunks-cut-short",
        "length-and-chunks",
        "space-in-header",
        "no-returns",
        "http-2",
        "tls",
    ],
)
def test_a_broken_request_is_refused_and_changes_nothing(server: Server, sent: bytes):
    ((status, body),) = answers(server.raw(known(sent)))

    assert (status, body["code"]) == (400, "malformed_request")
    assert server.get("/v1/students").json["items"] == []
    assert "Traceback" not in server.log.read_text()


@pytest.mark.parametrize(
    ("token", "status"),
    [("", b"401"), ("Authorization: Bearer enr_0\r\n", b"401"), ("READER", b"403")],
    ids=["none", "unknown", "of another role"],
)
def test_the_body_of_who_is_not_let_in_is_not_waited_for(server: Server, token: str, status: bytes):
    token = token.replace("READER", f"Authorization: Bearer {TOKENS['reader']}\r\n")
    head = (
        f"POST /v1/students HTTP/1.1\r\nHost: localhost\r\n{token}"
        "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
    )
    with server.connect() as connection:
        connection.sendall(head.encode())

        assert connection.recv(65536).startswith(b"HTTP/1.1 " + status)


@pytest.mark.parametrize(("name", "status"), [(b"If-Match", b"412"), (b"X-Request-Id", b"204")])
def test_a_header_that_is_not_ascii_is_not_passed_over(server: Server, name: bytes, status: bytes):
    head = b'DELETE /v1/tokens/3 HTTP/1.1\r\nHost: x\r\n%s: "caf\xe9"\r\n\r\n' % name
    with server.connect() as connection:
        connection.sendall(known(head))

        assert connection.recv(65536).startswith(b"HTTP/1.1 " + status)
    assert (server.get("/v1/tokens/3").json["revoked_at"] is None) == (status != b"204")


def test_clients_that_send_a_byte_at_a_time_keep_no_one_waiting(server: Server):
    """How much longer others wait is measured in tests/benchmarks."""
    body = json.dumps(STUDENT).encode()
    with ExitStack() as stack:
        slow = [stack.enter_context(server.begin_to_post(body, sent=0)) for _ in range(200)]

        for number, byte in enumerate(body[:-1], start=1):
            for connection in slow:
                connection.sendall(bytes([byte]))
            assert server.post("/v1/students", STUDENT).json["id"] == number
            assert server.get(f"/v1/students/{number}").status == 200

        for connection in slow:
            connection.sendall(body[-1:])
        answers = [connection.recv(65536) for connection in slow]
    assert all(answer.startswith(b"HTTP/1.1 201 ") for answer in answers)
    assert len(server.get("/v1/students?limit=1000").json["items"]) == 200 + len(body) - 1


def test_headers_and_queries_arrive_as_they_were_sent(server: Server):
    server.post("/v1/students", {"given_name": "Zoë", "family_name": "Ōe"})
    server.post("/v1/students", STUDENT)

    reply = server.get("/v1/students?given_name=zo%C3%AB&family_name=%C5%8C")
    assert [item["id"] for item in reply.json["items"]] == [1]
    tag = server.get("/v1/students/1").headers["ETag"]
    headers: dict[str, Any] = {"If-None-Match": f'"x", {tag}'}
    assert server.request("GET", "/v1/students/1", **headers).status == 304
    assert server.request("DELETE", "/v1/students/1", **{"If-Match": tag}).status == 204
    head = server.request("HEAD", "/v1/students/2")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == str(len(server.get("/v1/students/2").body))
    assert server.request("OPTIONS", "/v1/students").headers["Allow"] == "GET, HEAD, OPTIONS, POST"
    assert server.get("/%FF").status == 400


# One after the other


def test_requests_that_are_sent_together_are_answered_in_order(server: Server):
    names = [f"Ada {number}" for number in range(20)]
    reads = [known(b"GET /v1/students/%d HTTP/1.1\r\nHost: x\r\n\r\n" % (n + 1)) for n in range(20)]
    writes = [post(STUDENT | {"given_name": name}) for name in names]
    sent = b"".join(write + read for write, read in zip(writes, reads, strict=True))

    found = answers(server.raw(sent))

    assert [status for status, _ in found] == [201, 200] * 20
    assert [body["given_name"] for _, body in found] == [name for name in names for _ in range(2)]


def test_whoever_sends_many_requests_together_takes_turns_with_others(server: Server):
    get, live = GET.replace(b"x", b"localhost") + b"\r\n", b"GET /livez HTTP/1.1\r\n"
    with server.connect() as many, server.connect() as one:
        for connection in (many, one):
            connection.sendall(get)
            connection.recv(65536)
        # So both are there when the server looks.
        server.process.send_signal(signal.SIGSTOP)
        many.sendall(get * 1000)
        many.shutdown(socket.SHUT_WR)
        one.sendall(live + b"Host: localhost\r\n\r\n")
        server.process.send_signal(signal.SIGCONT)
        assert one.recv(65536).startswith(b"HTTP/1.1 200 ")
        while many.recv(65536):
            pass

    paths = [line.split()[5] for line in server.log.read_text().splitlines() if "INFO" in line]
    assert paths.count("/") >= 1000
    assert paths[-100:].count("/livez") == 0


def test_what_comes_piece_by_piece_is_put_together(server: Server):
    with server.connect() as connection:
        for byte in post(STUDENT):
            connection.sendall(bytes([byte]))
        assert connection.recv(65536).startswith(b"HTTP/1.1 201 ")


def test_a_connection_that_its_client_ends_is_closed(server: Server):
    received = server.raw(GET + b"Connection: close\r\n\r\n" + GET + b"\r\n")

    assert received.count(b"HTTP/1.1 ") == 1
    assert b"Connection: close\r\n" in received


@pytest.mark.parametrize(("header", "kept"), [(b"", b"close"), (b"keep-alive", b"keep-alive")])
def test_an_old_client_keeps_the_connection_if_it_says_so(
    server: Server, header: bytes, kept: bytes
):
    sent = b"GET / HTTP/1.0\r\nHost: localhost\r\nConnection: %s\r\n\r\n" % header

    with server.connect() as connection:
        connection.sendall(sent)
        assert b"\r\nConnection: %s\r\n" % kept in connection.recv(65536)


def test_another_protocol_that_is_offered_is_declined(server: Server):
    offer = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: \r\n"
    sent = post(STUDENT).replace(b"Host:", offer + b"Host:") * 2

    assert [status for status, _ in answers(server.raw(sent))] == [201, 201]


def test_however_often_another_protocol_is_offered_it_is_declined(server: Server):
    offer = GET.replace(b"x", b"localhost") + b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n"

    assert [status for status, _ in answers(server.raw(offer * 1500))] == [200] * 1500
    assert "Traceback" not in server.log.read_text()


@pytest.mark.parametrize(
    ("version", "options"), [(b"1.1", b"close, Upgrade"), (b"1.0", b"Upgrade")]
)
def test_whoever_offers_another_protocol_may_end_the_connection_too(
    server: Server, version: bytes, options: bytes
):
    get = b"GET / HTTP/%s\r\nHost: localhost\r\nConnection: %s\r\nUpgrade: h2c\r\n\r\n"

    with server.connect() as connection:
        connection.sendall(get % (version, options))
        assert b"\r\nConnection: close\r\n" in connection.recv(65536)


def test_a_whole_address_as_the_target_names_the_host(server: Server):
    for host, status in ((b"localhost:80", b"200"), (b"example.org", b"421")):
        sent = b"GET http://%s/livez?x=1 HTTP/1.1\r\nHost: localhost\r\n\r\n" % host
        status = b"422" if status == b"200" else status
        assert server.raw(sent).startswith(b"HTTP/1.1 " + status)


@pytest.mark.parametrize(
    ("expected", "status"), [(TOKENS["admin"], b"100"), (TOKENS["reader"], b"403")]
)
def test_who_asks_first_is_told_whether_to_send_the_body(
    server: Server, expected: str, status: bytes
):
    body = json.dumps(STUDENT).encode()
    with server.begin_to_post(body, "Expect: 100-continue\r\n", expected, sent=0) as connection:
        assert connection.recv(65536).startswith(b"HTTP/1.1 %s " % status)
        if status == b"100":
            connection.sendall(body)
            assert connection.recv(65536).startswith(b"HTTP/1.1 201 ")


def test_an_old_client_is_not_told_to_send_the_body(server: Server):
    body = json.dumps(STUDENT).encode()
    asked = (
        post(STUDENT)
        .replace(b"HTTP/1.1", b"HTTP/1.0")
        .replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")
    )
    with server.connect() as connection:
        connection.sendall(asked.removesuffix(body))
        assert server.get("/").status == 200
        connection.sendall(body)
        assert connection.recv(65536).startswith(b"HTTP/1.1 201 ")


def test_a_head_that_is_too_long_is_refused_as_everything_is(server: Server):
    get, fits = GET.replace(b"x", b"localhost"), b"X-Filler: %s\r\n" % (b"x" * (HEAD_LIMIT // 2))
    for sent, status in (
        (get + fits + b"\r\n", 200),
        (get.replace(b"/ ", b"/?%s " % fits[10:-2]) + fits + b"\r\n", 431),
        (get + fits * 3 + b"\r\n", 431),
        # One that never ends.
        (get + b"X: " + b"x" * 1024 * 1024, 431),
    ):
        ((found, body),) = answers(server.raw(sent))
        assert found == status
        assert status == 200 or body["code"] == "head_too_large"


def test_a_client_that_takes_no_answers_is_given_no_more(server: Server):
    for _ in range(100):
        server.post("/v1/students", STUDENT)
    sent = known(b"GET /v1/students?limit=1000 HTTP/1.1\r\nHost: x\r\n\r\n") * 1000
    with server.connect() as connection:
        connection.settimeout(0.5)
        with pytest.raises(TimeoutError):
            while True:
                connection.sendall(sent)
        given = server.log.read_text().count("limit") or server.log.read_text().count(
            "GET /v1/students "
        )
        assert server.get("/").status == 200

    # Of 17 kB each: what fits the buffers of both sides.
    assert given < 2000


def test_a_stop_cuts_off_no_answer(database_file: Path):
    with closing(sqlite3.connect(database_file)) as db, db:
        name = ("Ada", "x" * 100)
        db.executemany("INSERT INTO student (given_name, family_name) VALUES (?, ?)", [name] * 1000)
    filler = b"X-Filler: %s\r\n\r\n" % (b"x" * 10_000)
    sent = known(b"GET /v1/students?limit=1000 HTTP/1.1\r\nHost: x\r\n") + filler
    with serving(database_file) as server, server.connect() as connection:
        threading.Thread(target=send_quietly, args=(connection, sent * 100)).start()
        received = connection.recv(1)
        server.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE
        while "finishing what is in flight" not in server.log.read_text():
            assert time.monotonic() < deadline
        while chunk := connection.recv(1024 * 1024):
            received += chunk
        found = answers(received)
        connection.close()
        assert server.process.wait(PATIENCE) == 0

    assert {(status, len(body["items"])) for status, body in found} == {(200, 1000)}
