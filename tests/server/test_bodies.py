"""Bodies: read once the token is accepted, as far as the limit, and in time."""

import http.client
import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from enrollment.http.body import BODY_LIMIT
from tests.server.test_protocol import responses
from tests.support.bytes import LAST, POST, STUDENT, authorized, chunked, post
from tests.support.server import PATIENCE, Server, serving
from tests.support.tokens import TOKENS


@pytest.fixture
def server(clean_server: Server) -> Server:
    return clean_server


@pytest.fixture
def connection(shared_server: Server) -> Iterator[http.client.HTTPConnection]:
    """One that is kept from request to request."""
    connection = http.client.HTTPConnection("127.0.0.1", shared_server.port, timeout=PATIENCE)
    yield connection
    connection.close()


def test_a_chunked_body_is_read(server: Server):
    sent = chunked(json.dumps(STUDENT).encode(), LAST)

    assert [status for status, _ in responses(server.raw(sent))] == [201]


BODY = json.dumps(STUDENT).encode()
CHUNK = b"%x\r\n%s\r\n" % (len(BODY), BODY)


@pytest.mark.parametrize(
    ("header", "body"),
    [
        (b"Content-Length: %s%d" % (b"0" * 5000, len(BODY)), BODY),
        (b"Host: example.org\r\nContent-Length: %d" % len(BODY), BODY),
        (b"Transfer-Encoding: gzip, chunked", CHUNK + b"0\r\n\r\n"),
        (b"Transfer-Encoding: chunked", b"zz" + CHUNK + b"0\r\n\r\n"),
        (b"Transfer-Encoding: chunked", CHUNK + b"0\r\nDigest: x\r\n\r\n"),
    ],
    ids=["padded-length", "two-hosts", "coding", "bad-chunk", "trailer"],
)
def test_a_broken_body_is_refused_and_changes_nothing(
    shared_server: Server, header: bytes, body: bytes
):
    sent = authorized(POST) + LAST + header + b"\r\n\r\n" + body

    ((status, problem),) = responses(shared_server.raw(sent))

    assert (status, problem["code"]) == (400, "malformed_request")
    assert shared_server.get("/v1/students").json["items"] == []


@pytest.mark.parametrize(
    ("header", "body"),
    [
        (b"Content-Length: %d" % (len(BODY) + 1), BODY),
        (b"Transfer-Encoding: chunked", CHUNK),
        (b"Transfer-Encoding: chunked", CHUNK[:-5]),
    ],
    ids=["length", "no-last-chunk", "half-a-chunk"],
)
def test_a_body_that_breaks_off_is_refused_and_changes_nothing(
    shared_server: Server, header: bytes, body: bytes
):
    sent = authorized(POST) + header + b"\r\n\r\n" + body

    ((status, problem),) = responses(shared_server.raw(sent, is_cut_off=True))

    assert (status, problem["code"]) == (400, "malformed_request")
    assert (
        problem["detail"] == "The body broke off, or has trailer fields, which are not supported."
    )
    assert shared_server.get("/v1/students").json["items"] == []


@pytest.mark.parametrize("size", [BODY_LIMIT + 1, 3 * BODY_LIMIT])
@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_body_over_the_limit_is_refused_and_the_connection_kept(
    shared_server: Server, connection: http.client.HTTPConnection, size: int, is_chunked: bool
):
    headers = {"Authorization": f"Bearer {shared_server.token}", "Content-Type": "application/json"}
    body = b" " * size
    connection.request(
        "POST",
        "/v1/students",
        iter([body]) if is_chunked else body,
        headers,
        encode_chunked=is_chunked,
    )
    response = connection.getresponse()
    assert (response.status, json.load(response)["code"]) == (413, "body_too_large")

    connection.request("GET", "/v1/students", headers=headers)
    assert json.load(connection.getresponse())["items"] == []


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_body_where_none_is_taken_is_refused_and_the_connection_kept(
    shared_server: Server, connection: http.client.HTTPConnection, method: str, is_chunked: bool
):
    headers = {"Authorization": f"Bearer {shared_server.token}"}
    body = iter([BODY]) if is_chunked else BODY

    connection.request(method, "/v1/tokens/3", body, headers, encode_chunked=is_chunked)

    response = connection.getresponse()
    assert (response.status, json.load(response)["code"]) == (400, "malformed_request")
    connection.request("GET", "/v1/tokens/3", headers=headers)
    response = connection.getresponse()
    assert (response.status, json.load(response)["revoked_at"]) == (200, None)


@pytest.mark.parametrize("begun", [b"", b"2;", b"2\r\n{}\r\n0\r\nX: "], ids=["", "ext", "trailer"])
def test_a_body_without_end_is_not_read_to_its_end(shared_server: Server, begun: bytes):
    head = authorized(POST) + b"Transfer-Encoding: chunked\r\n\r\n" + begun
    part = b"x" * 65536 if begun else b"%x\r\n%s\r\n" % (BODY_LIMIT, b" " * BODY_LIMIT)
    sent = 0
    with shared_server.connect() as connection:
        connection.sendall(head)
        try:
            while sent < 100:
                connection.sendall(part)
                sent += 1
        except OSError:
            pass

    assert sent < 100
    assert shared_server.get("/v1/students").json["items"] == []


@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_body_that_does_not_arrive_in_time_is_refused(database_file: Path, is_chunked: bool):
    body = json.dumps(STUDENT).encode()
    sent = chunked(body)[:-5] if is_chunked else post(STUDENT)[:-1]
    with serving(database_file, "--body-timeout", "0.2") as server:
        with server.connect() as connection:
            connection.sendall(sent)
            received = connection.recv(65536)
        assert received.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
        assert b'"code":"request_timeout"' in received
        assert server.get("/v1/students").json["items"] == []


@pytest.mark.parametrize(
    ("token", "status"),
    [(None, b"401"), ("enr_0", b"401"), (TOKENS["reader"], b"403")],
    ids=["none", "unknown", "of another role"],
)
def test_the_body_of_a_client_that_is_refused_is_not_waited_for(
    shared_server: Server, token: str | None, status: bytes
):
    header = f"Authorization: Bearer {token}\r\n" if token else ""
    head = (
        f"POST /v1/students HTTP/1.1\r\nHost: localhost\r\n{header}"
        "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
    )
    with shared_server.connect() as connection:
        connection.sendall(head.encode())

        assert connection.recv(65536).startswith(b"HTTP/1.1 " + status)


def test_a_client_that_is_refused_may_send_its_body_all_the_same(
    connection: http.client.HTTPConnection,
):
    for _ in range(3):
        connection.request("POST", "/v1/students", b" " * 3 * BODY_LIMIT)
        response = connection.getresponse()
        assert (response.status, json.load(response)["code"]) == (401, "token_missing")


@pytest.mark.parametrize(("role", "status"), [("admin", b"100"), ("reader", b"403")])
def test_a_client_that_expects_100_continue_is_asked_for_the_body_or_refused(
    server: Server, role: str, status: bytes
):
    body = json.dumps(STUDENT).encode()
    with server.begin_to_post(body, "Expect: 100-continue\r\n", TOKENS[role], 0) as connection:
        assert connection.recv(65536).startswith(b"HTTP/1.1 %s " % status)
        if status == b"100":
            connection.sendall(body)
            assert connection.recv(65536).startswith(b"HTTP/1.1 201 ")
        else:
            # Whatever comes now would be taken for the body.
            assert connection.recv(65536) == b""


def test_a_client_of_http_1_0_is_not_asked_for_the_body(server: Server):
    body = json.dumps(STUDENT).encode()
    sent = post(STUDENT).replace(b"HTTP/1.1", b"HTTP/1.0")
    sent = sent.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")
    with server.connect() as connection:
        connection.sendall(sent.removesuffix(body))
        assert server.get("/").status == 200
        connection.sendall(body)
        assert connection.recv(65536).startswith(b"HTTP/1.0 201 ")


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
        received = [connection.recv(65536) for connection in slow]
    assert all(response.startswith(b"HTTP/1.1 201 ") for response in received)
    assert len(server.get("/v1/students?limit=1000").json["items"]) == 200 + len(body) - 1


# Real clients


def run(command: list[str], given: bytes) -> str:
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not installed")
    ran = subprocess.run(command, input=given, capture_output=True, check=True, timeout=60)
    return ran.stdout.decode()


def test_curl_sends_bodies_of_every_kind(server: Server, subtests: pytest.Subtests):
    """curl expects 100 Continue for a long body."""
    url = f"http://127.0.0.1:{server.port}/v1/students"
    headers = [
        "-H",
        f"Authorization: Bearer {server.token}",
        "-H",
        "Content-Type: application/json",
    ]

    command = ["curl", "-sS", "-w", " %{http_code}", *headers, url]
    for size in (100, 1_000_000):
        student = json.dumps(STUDENT | {"email": "a@example.org"}).encode() + b" " * size
        for options in ("--data-binary @-", "-T - -X POST", "--http1.0 --data-binary @-"):
            with subtests.test(options, size=size):
                assert run([*command, *options.split()], student).endswith(" 201")


NODE = """
const [url, token] = process.argv.slice(2);
const headers = {Authorization: `Bearer ${token}`, 'Content-Type': 'application/json'};
const text = JSON.stringify({given_name: 'Ada', family_name: 'Lovelace'});
const stream = new ReadableStream({
  start(to) { to.enqueue(new TextEncoder().encode(text)); to.close(); }
});
(async () => {
  for (const body of [text, stream]) {
    const sent = await fetch(url, {method: 'POST', headers, body, duplex: 'half'});
    console.log(sent.status, (await sent.json()).given_name);
  }
  const read = await Promise.all([...Array(20)].map(() => fetch(url, {headers})));
  console.log(read.filter(one => one.status === 200).length);
})();
"""


def test_node_sends_and_reads(server: Server):
    url = f"http://127.0.0.1:{server.port}/v1/students"

    assert run(["node", "-", url, server.token], NODE.encode()) == "201 Ada\n201 Ada\n20\n"


JAVA = """
import java.net.URI;
import java.net.http.*;

public class Client {
  public static void main(String[] given) throws Exception {
    var client = HttpClient.newHttpClient();
    var to = HttpRequest.newBuilder(URI.create(given[0]))
        .header("Authorization", "Bearer " + given[1]).header("Content-Type", "application/json");
    var text = "{\\"given_name\\": \\"Ada\\", \\"family_name\\": \\"Lovelace\\"}";
    for (int i = 0; i < 3; i++) {
      var sent = client.send(to.copy().POST(HttpRequest.BodyPublishers.ofString(text)).build(),
          HttpResponse.BodyHandlers.ofString());
      System.out.println(sent.statusCode() + " " + sent.version());
    }
  }
}
"""


def test_java_offers_http_2_and_speaks_http_1(server: Server, tmp_path: Path):
    source = tmp_path / "Client.java"
    source.write_text(JAVA)
    url = f"http://127.0.0.1:{server.port}/v1/students"

    printed = run(["java", str(source), url, server.token], b"")

    assert printed == "201 HTTP_1_1\n" * 3


def test_a_token_that_is_revoked_while_its_body_arrives_does_nothing(server: Server):
    body = json.dumps(STUDENT).encode()
    reader = {"Authorization": f"Bearer {TOKENS['reader']}"}
    with server.begin_to_post(body, token=TOKENS["registrar"]) as connection:
        assert server.request("GET", "/v1/courses", **reader).status == 200
        assert server.request("DELETE", "/v1/tokens/2").status == 204
        connection.sendall(body[-1:])

        assert connection.recv(65536).startswith(b"HTTP/1.1 401 ")
    assert server.get("/v1/students").json["items"] == []


def test_bodies_that_are_refused_hold_up_no_one(server: Server):
    """They are read, checked and thrown away on the writer's thread; reads go on."""
    body = b'{"x": "%s"}' % (b"x" * (BODY_LIMIT - 100))

    def send() -> None:
        for _ in range(5):
            assert server.post("/v1/students", json.loads(body)).status == 422

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert server.get("/livez").status == 200
    for thread in threads:
        thread.join()
