"""HTTP as clients speak it, byte by byte: well, badly, in pieces, and many requests at a time."""

import http.client
import io
import json
import signal
from typing import Any

import pytest

from enrollment.server.server import HEAD_LIMIT
from tests.support.bytes import GET, LAST, POST, STUDENT, authorized, post
from tests.support.server import Server


@pytest.fixture
def server(clean_server: Server) -> Server:
    return clean_server


class Received(io.BytesIO):
    """What http.client reads responses from, which is here what was received before."""

    def makefile(self, mode: str) -> "Received":
        return self

    def close(self) -> None:
        """The next response begins where this one ends."""


def responses(received: bytes) -> list[tuple[int, Any]]:
    """The statuses and bodies of all responses."""
    stream, found = Received(received), []
    while stream.tell() < len(received):
        response = http.client.HTTPResponse(stream)  # type: ignore[arg-type]
        response.begin()
        content = response.read()
        found.append((response.status, json.loads(content) if content else None))
    return found


# What is not HTTP


NOT_HTTP = {
    "nonsense": b"nonsense\r\n\r\n",
    "version": b"GET / HTTP/9.9\r\n\r\n",
    "two lengths": POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
    "negative length": POST + b"Content-Length: -1\r\n\r\n{}",
    "signed length": POST + b"Content-Length: +2\r\n\r\n{}",
    "chunked not last": (POST + b"Transfer-Encoding: chunked, gzip\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
    "space in header": GET + b"X : y\r\n\r\n",
    "nul in header": GET + b"X: \x00\r\n\r\n",
    "tls": b"\x16\x03\x01\x02\x00\x01\x00",
}


def test_the_library_refuses_what_is_not_http_with_an_empty_body(
    shared_server: Server, subtests: pytest.Subtests
):
    for name, sent in NOT_HTTP.items():
        with subtests.test(name):
            assert responses(shared_server.raw(authorized(sent))) == [(400, None)]
            assert shared_server.get("/v1/students").json["items"] == []


HEADERS = {
    "fits": (GET + b"X-Filler: %s\r\n\r\n" % (b"x" * (HEAD_LIMIT // 2)), 200),
    "long target": (GET.replace(b"/ ", b"/?%s " % (b"x" * 2 * HEAD_LIMIT)) + b"\r\n", 431),
    "longer target": (GET.replace(b"/ ", b"/?%s " % (b"x" * 65536)) + b"\r\n", 431),
    "long header": (GET + b"X: %s\r\n\r\n" % (b"x" * 2 * HEAD_LIMIT), 431),
    "many headers": (GET + b"X: y\r\n" * 101 + b"\r\n", 431),
    "headers without end": (GET + b"X: y\r\n" * 50_000, 431),
}


def test_headers_over_the_limit_are_refused_with_an_empty_body(
    shared_server: Server, subtests: pytest.Subtests
):
    for name, (sent, status) in HEADERS.items():
        with subtests.test(name):
            last = sent.replace(b"\r\nHost", b"\r\n" + LAST + b"Host", 1)
            ((found, body),) = responses(shared_server.raw(last))

            assert found == status or {found, status} == {414, 431}
            assert (body is None) == (status != 200)


@pytest.mark.parametrize(
    "sent", [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", GET.replace(b"HTTP/1.1", b"HTTP/2.0") + b"\r\n"]
)
def test_http_2_is_not_spoken(shared_server: Server, sent: bytes):
    assert b"200" not in shared_server.raw(sent)


# Headers and targets


def test_a_header_with_an_underscore_passes_for_no_other(shared_server: Server):
    tag = shared_server.get("/").headers["ETag"]

    for name in ("If_None_Match", "If-None_Match"):
        assert shared_server.request("GET", "/", **{name: tag}).status == 200


def test_a_header_that_is_sent_twice_is_one_list(shared_server: Server):
    tag = shared_server.get("/").headers["ETag"].encode()
    sent = GET + LAST + b'If-None-Match: %s\r\nIf-None-Match: "x"\r\n\r\n' % tag

    assert responses(shared_server.raw(sent)) == [(304, None)]


@pytest.mark.parametrize(("name", "status"), [(b"If-Match", 412), (b"X-Request-Id", 204)])
def test_a_header_that_is_not_ascii_is_not_left_out(server: Server, name: bytes, status: int):
    head = b'DELETE /v1/tokens/3 HTTP/1.1\r\nHost: x\r\n%s: "caf\xe9"\r\n' % name

    ((found, _),) = responses(server.raw(authorized(head) + LAST + b"\r\n"))

    assert found == status
    assert (server.get("/v1/tokens/3").json["revoked_at"] is None) == (status != 204)


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


@pytest.mark.parametrize(("path", "status"), [("/%FF", 400), ("/%EF%BF%BE", 404), ("/%2F", 404)])
def test_a_path_is_percent_encoded_utf_8(shared_server: Server, path: str, status: int):
    assert shared_server.get(path).status == status


@pytest.mark.parametrize(
    ("host", "status"), [("localhost:80", 422), ("example.org", 421), ("u@localhost", 400)]
)
def test_a_target_that_is_a_whole_url_names_the_host(shared_server: Server, host: str, status: int):
    sent = f"GET http://{host}/livez?x=1 HTTP/1.1\r\nHost: localhost\r\n".encode()

    ((found, _),) = responses(shared_server.raw(sent + LAST + b"\r\n"))

    assert found == status


# One after the other


def test_requests_that_are_sent_together_are_answered_in_order(server: Server):
    names = [f"Ada {number}" for number in range(20)]
    reads = [
        authorized(b"GET /v1/students/%d HTTP/1.1\r\nHost: x\r\n" % number)
        for number in range(1, 21)
    ]
    writes = [post(STUDENT | {"given_name": name}) for name in names]
    sent = b"".join(write + read + b"\r\n" for write, read in zip(writes, reads, strict=True))

    found = responses(server.raw(sent + GET + LAST + b"\r\n"))[:-1]

    assert [status for status, _ in found] == [201, 200] * 20
    assert [body["given_name"] for _, body in found] == [name for name in names for _ in range(2)]


def test_a_client_that_sends_many_requests_together_takes_turns_with_others(server: Server):
    live = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with server.connect() as many, server.connect() as one:
        for connection in (many, one):
            connection.sendall(GET + b"\r\n")
            connection.recv(65536)
        # So both are there when the server looks.
        server.process.send_signal(signal.SIGSTOP)
        many.sendall((GET + b"\r\n") * 1000 + GET + LAST + b"\r\n")
        one.sendall(live)
        server.process.send_signal(signal.SIGCONT)
        assert one.recv(65536).startswith(b"HTTP/1.1 200 ")
        while many.recv(65536):
            pass

    paths = [line.split()[6] for line in server.log.read_text().splitlines() if "INFO" in line]
    assert paths.count("/") >= 1000
    assert paths[-100:].count("/livez") == 0


def test_what_comes_piece_by_piece_is_put_together(server: Server):
    with server.connect() as connection:
        for byte in post(STUDENT):
            connection.sendall(bytes([byte]))
        assert connection.recv(65536).startswith(b"HTTP/1.1 201 ")


def test_a_connection_that_its_client_ends_is_closed(shared_server: Server):
    received = shared_server.raw(GET + LAST + b"\r\n" + GET + b"\r\n")

    assert received.count(b"HTTP/1.1 ") == 1
    assert b"connection: close\r\n" in received


@pytest.mark.parametrize("is_kept", [False, True])
def test_a_client_of_http_1_0_keeps_the_connection_if_it_says_so(
    shared_server: Server, is_kept: bool
):
    header = b"Connection: keep-alive\r\n" if is_kept else b""
    sent = GET.replace(b"1.1", b"1.0") + header + b"\r\n"

    with shared_server.connect() as connection:
        connection.sendall(sent)
        received = connection.recv(65536)
        assert received.startswith(b"HTTP/1.0 200 ")
        assert (b"connection: keep-alive\r\n" in received) == is_kept
        if is_kept:
            connection.sendall(sent)
            assert connection.recv(65536).startswith(b"HTTP/1.0 200 ")


# Other protocols


def test_another_protocol_that_is_offered_is_declined(server: Server):
    """Java's client offers HTTP/2 with its first request."""
    offer = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: \r\n"
    sent = post(STUDENT).replace(b"Host:", offer + b"Host:") * 2 + GET + LAST + b"\r\n"

    assert [status for status, _ in responses(server.raw(sent))] == [201, 201, 200]


def test_however_often_another_protocol_is_offered_it_is_declined(shared_server: Server):
    offer = GET + b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n"

    found = responses(shared_server.raw(offer * 1500 + GET + LAST + b"\r\n"))

    assert [status for status, _ in found] == [200] * 1501


@pytest.mark.parametrize(
    ("version", "options"), [(b"1.1", b"close, Upgrade"), (b"1.0", b"Upgrade")]
)
def test_a_client_that_offers_another_protocol_may_end_the_connection_too(
    shared_server: Server, version: bytes, options: bytes
):
    get = b"GET / HTTP/%s\r\nHost: localhost\r\nConnection: %s\r\nUpgrade: h2c\r\n\r\n"

    assert [status for status, _ in responses(shared_server.raw(get % (version, options)))] == [200]


def test_a_client_that_takes_no_responses_is_given_no_more(server: Server):
    for _ in range(100):
        server.post("/v1/students", STUDENT)
    head = b"GET /v1/students?limit=100 HTTP/1.1\r\nHost: x\r\n"
    sent = (authorized(head) + b"\r\n") * 1000
    with server.connect() as connection:
        connection.settimeout(0.5)
        with pytest.raises(TimeoutError):
            while True:
                connection.sendall(sent)
        given = server.log.read_text().count("GET /v1/students ")
        assert server.get("/").status == 200

    # Of 14 kB each: what fits the buffers of both sides.
    assert given < 2000
