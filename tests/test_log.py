"""The log: one line for each request, which no client can forge."""

import json
import logging
from collections.abc import Iterator

import pytest

from enrollment import log
from tests.client import Client


@pytest.fixture(autouse=True)
def logging_is_put_back() -> Iterator[None]:
    logger = logging.getLogger("enrollment")
    before = (logger.handlers, logger.level, logger.propagate)
    yield
    logger.handlers, logger.level, logger.propagate = before


NASTY = "/v1/x%0D%0A%1B%5B31m%22%E2%80%A8%C3%A9"


def test_a_plain_line(client: Client, capsys: pytest.CaptureFixture[str]):
    log.configure("plain")

    client.get(NASTY, status=404, headers={"X-Request-Id": "r1"})

    (line,) = capsys.readouterr().err.splitlines()
    time, level, request_id, address, method, path, status, milliseconds = line.split(" ")
    assert len(time) == len("2026-11-23T15:29:10.123Z")
    assert (level, request_id, address, method, path, status) == (
        "INFO",
        "r1",
        "-",
        "GET",
        NASTY,
        "404",
    )
    assert float(milliseconds) > 0


def test_a_method_forges_no_line(client: Client, capsys: pytest.CaptureFixture[str]):
    log.configure("plain")
    client.lint = False

    client.request("/", method="GE\nT\x1b", status=405)

    (line,) = capsys.readouterr().err.splitlines()
    assert " GE%0AT%1B / 405 " in line


def test_a_json_line(client: Client, capsys: pytest.CaptureFixture[str]):
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
        "method": "GET",
        "path": NASTY,
        "status": 404,
    }


def test_a_json_line_of_a_failure_holds_the_traceback(capsys: pytest.CaptureFixture[str]):
    log.configure("json")
    try:
        raise ZeroDivisionError("a\nb")
    except ZeroDivisionError:
        logging.getLogger("enrollment").exception("request %s failed", "r1")

    (text,) = capsys.readouterr().err.splitlines()
    line = json.loads(text)
    assert (line["level"], line["message"]) == ("error", "request r1 failed")
    assert "ZeroDivisionError" in line["traceback"]
