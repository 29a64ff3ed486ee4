"""The log: one line for each request, which no client can forge; secrets are nowhere."""

import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from enrollment import log
from enrollment.cli.main import main
from tests.support.client import Client
from tests.support.command import Captured
from tests.support.server import Server, serving
from tests.support.tokens import TOKENS


@pytest.fixture(autouse=True)
def logging_is_put_back() -> Iterator[None]:
    logger = logging.getLogger("enrollment")
    before = (logger.handlers, logger.level, logger.propagate)
    yield
    logger.handlers, logger.level, logger.propagate = before
    log.requests.form = None


NASTY = "/v1/x%0D%0A%1B%5B31m%22%E2%80%A8%C3%A9"


def test_a_plain_line(client: Client, capsys: Captured):
    log.configure("plain")

    client.get(NASTY, status=404, headers={"X-Request-Id": "r1"})

    (line,) = capsys.readouterr().err.splitlines()
    time, level, request_id, address, token, method, path, status, milliseconds = line.split(" ")
    assert len(time) == len("2026-11-23T15:29:10.123Z")
    assert (level, request_id, address, token, method, path, status) == (
        "INFO",
        "r1",
        "-",
        "-",
        "GET",
        NASTY,
        "404",
    )
    assert float(milliseconds) > 0


def test_a_method_forges_no_line(client: Client, capsys: Captured):
    log.configure("plain")
    client.lint = False

    client.request("/", method="GE\nT\x1b", status=405)

    (line,) = capsys.readouterr().err.splitlines()
    assert " GE%0AT%1B / 405 " in line


def test_a_json_line(client: Client, capsys: Captured):
    log.configure("json")

    client.get(NASTY, status=404, extra_environ={"REMOTE_ADDR": "192.0.2.1"})

    (text,) = capsys.readouterr().err.splitlines()
    line = json.loads(text)
    assert line.pop("time").endswith("Z")
    assert line.pop("milliseconds") > 0
    assert len(line.pop("request_id")) == 16
    assert line == {
        "level": "info",
        "client": "192.0.2.1",
        "token_id": None,
        "method": "GET",
        "path": NASTY,
        "status": 404,
    }


@pytest.mark.parametrize(
    ("log_format", "shown"), [("plain", " - 2 GET "), ("json", '"token_id": 2,')]
)
def test_a_line_names_the_token(client: Client, capsys: Captured, log_format: str, shown: str):
    assert client.get("/v1/tokens").json["items"][1]["role"] == "registrar"
    log.configure(log_format)

    client.get("/v1/terms", headers={"Authorization": f"Bearer {TOKENS['registrar']}"})

    assert shown in capsys.readouterr().err


def test_a_json_line_of_a_failure_holds_the_traceback(capsys: Captured):
    log.configure("json")
    try:
        raise ZeroDivisionError("a\nb")
    except ZeroDivisionError:
        logging.getLogger("enrollment").exception("request %s failed", "r1")

    (text,) = capsys.readouterr().err.splitlines()
    line = json.loads(text)
    assert (line["level"], line["message"]) == ("error", "request r1 failed")
    assert "ZeroDivisionError" in line["traceback"]


def test_a_plain_traceback_forges_no_line(capsys: Captured):
    log.configure("plain")
    try:
        raise ZeroDivisionError("2026-11-23 \x1b[31m\r2026-11-23\n2026-11-23\u20282026-11-23")
    except ZeroDivisionError:
        logging.getLogger("enrollment").exception("request %s failed", "r1")

    first, *rest = capsys.readouterr().err.splitlines()
    assert first.endswith("Z ERROR request r1 failed")
    assert len(rest) == 5
    assert all(line.startswith("    ") for line in rest)
    assert "    ZeroDivisionError: 2026-11-23 \\x1b[31m\\r2026-11-23" in rest


# What clients of the real server send

NEWLINES = "%0D%0A2026-11-23T15:29:10.123Z INFO forged%1B[2J%E2%80%A8%C2%85".replace(" ", "%20")
# With and without what HTTP itself forbids in a header.
HOSTILE = ("\r\n forged", "\rforged", "\x1b[2Jforged", "\x85forged", "forged")
HEADERS = ("X-Request-Id", "X-Forwarded-For", "Host", "Authorization", "User-Agent", "If-Match")
BODY = {"given_name": "Ada\r\n\x1b[2J", "family_name": "\u2028forged", "x\r\ny\x1b": 1}


def send(server: Server, target: str, body: str = "", **headers: str) -> bytes:
    """A request as it stands, whatever it holds; what comes back."""
    method = "POST" if body else "GET"
    headers = {"Host": "localhost", "Authorization": f"Bearer {TOKENS['admin']}"} | headers
    headers |= {"Connection": "close", "Content-Length": str(len(body))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"{method} {target} HTTP/1.1\r\nContent-Type: application/json\r\n{lines}\r\n"
    return server.raw((head + body).encode("latin-1"))


def request_ids(answers: list[bytes]) -> list[str]:
    """Of those that the service has answered, and not the server for it."""
    found = [re.search(rb"(?i)X-Request-Id: (\S+)", answer) for answer in answers]
    return [match[1].decode() for match in found if match]


@pytest.mark.parametrize("log_format", ["plain", "json"])
def test_whatever_clients_send_stays_within_one_line(database_file: Path, log_format: str):
    flags = ("--log-format", log_format, "--trusted-proxies", "127.0.0.1")
    with serving(database_file, *flags) as server:
        begun = len(server.log.read_bytes().split(b"\n"))
        answers = [
            send(server, f"/v1/{NEWLINES}"),
            send(server, f"/v1/students?{NEWLINES}={NEWLINES}"),
            send(server, "/v1/students", json.dumps(BODY)),
            send(server, "/v1/students", "{\r\n\x1b[2J"),
            *(send(server, "/v1/raw\x1b\x85"), send(server, "/v1/raw\rforged")),
            *(send(server, "/", **{name: value}) for name in HEADERS for value in HOSTILE),
        ]
        assert server.get("/").status == 200
        written = server.log.read_bytes()

    answered = request_ids(answers)
    assert len(answered) > 15
    lines = written.split(b"\n")[begun - 1 : -2]
    assert [identify(line.decode("ascii"), log_format) for line in lines] == answered
    assert not re.search(rb"[^\n -~]", written)


def identify(line: str, log_format: str) -> str:
    """The id of the request, if the line has the form of one."""
    if log_format == "json":
        names = ["time", "level", "request_id", "client", "token_id", "method", "path", "status"]
        fields: dict[str, Any] = json.loads(line)
        assert list(fields) == [*names, "milliseconds"]
        return fields["request_id"]
    found = re.fullmatch(
        r"[-0-9T:.]+Z INFO (\S+) 127\.0\.0\.1 (?:\d+|-) (?:GET|POST|-) \S+ \d{3} [\d.]+", line
    )
    assert found, line
    return found[1]


def made_by_command(capsys: Captured, database: Path) -> str:
    arguments = ["token", "create", "--name", "Made by command", "--role", "registrar"]
    assert main([*arguments, "--database", str(database)]) == 0
    return capsys.readouterr().out.splitlines()[-1]


def test_a_token_is_written_nowhere(database_file: Path, tmp_path: Path, capsys: Captured):
    tokens = [made_by_command(capsys, database_file)]
    with serving(database_file) as server:
        for key in ('"a"', '"a"', '"b"'):
            body = {"name": "Made over HTTP", "role": "admin"}
            answer = server.request("POST", "/v1/tokens", body, **{"Idempotency-Key": key}).json
            tokens += [answer["token"]] if "token" in answer else []
        assert len(set(tokens)) == 3
        # Known by its first part, and wrong.
        tokens.append(tokens[0][:-4] + "0000")
        for token in tokens:
            bearer = {"Authorization": f"Bearer {token}"}
            server.request(
                "POST", "/v1/students", {"given_name": "A", "family_name": "B"}, **bearer
            )
            server.request("GET", "/v1/students", Authorization=f"Basic {token}")
            server.request("GET", f"/v1/students?token={token}")
            server.request("GET", f"/v1/students?family_name={token}")
            server.request("GET", f"/v1/tokens/{token}")
            server.request("POST", "/v1/students", {"token": token, "given_name": token})
            for name in ("X-Request-Id", "X-Forwarded-For", "Host", "Cookie", "Idempotency-Key"):
                server.request("POST", "/v1/terms", {}, **{name: token})
        backup = ["backup", str(tmp_path / "backup"), "--database", str(database_file)]
        assert main(backup) == 0
        files = read_files(tmp_path)
        assert server.stop() == 0

    assert {"enrollment.db", "enrollment.db-wal", "backup", server.log.name} <= files.keys()
    assert b"Made over HTTP" in files["enrollment.db-wal"] + files["enrollment.db"]
    assert b"Made over HTTP" in files["backup"]
    assert b"/v1/tokens/enr_... 404" in files[server.log.name]
    for content in [*files.values(), *read_files(tmp_path).values()]:
        for token in tokens:
            assert token.rpartition("_")[2].encode() not in content


def read_files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
