"""Logging on standard error: one line for each request, plain or as JSON. See output.py for what
becomes of a line that cannot be written."""

import json
import logging
import math
import re
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from enrollment.http.context import Context
from enrollment.problems.errors import Problem
from enrollment.problems.registry import OPERATOR_PROBLEMS, PROBLEM_TYPES

log = logging.getLogger("enrollment")
# In seconds: how often a failure that lasts is logged.
FAILURES_LOGGED_EVERY = 60
LINE = "{time} INFO {request_id} {client} {token_id} {method} {path} {status} {milliseconds}"
PLAIN = re.compile("[A-Za-z0-9/_.~-]*")
# The log must not have a token that a client sends in the wrong place; nor the code of a link,
# which is as good as a token.
SECRET = re.compile("(enr|link)_(?:[0-9a-f]{12}_)?[0-9a-f]{48}")


class PlainFormatter(logging.Formatter):
    """A time in UTC, the level, and the message; a traceback follows on lines that are indented."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        return _shown_time(record.created)

    def formatException(self, ei: Any) -> str:  # noqa: N802
        lines = super().formatException(ei).split("\n")
        return "\n".join("    " + line.encode("unicode_escape").decode() for line in lines)


class JsonFormatter(PlainFormatter):
    """The same as one JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {"time": self.formatTime(record), "level": record.levelname.lower()}
        line["message"] = record.getMessage()
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line)


class _Requests:
    """A line for each request, if `configure` wants them. They do not pass through `logging`, which
    would take a tenth of the time of a request."""

    form: Callable[[dict[str, Any]], str] | None = None

    def add(self, context: Context, status: int, seconds: float) -> None:
        # Python has no standard error where it was closed before the start.
        if not self.form or sys.stderr is None:
            return
        fields = {
            "time": _shown_time(),
            "level": "info",
            "request_id": context.request_id,
            "client": context.client,
            # None if no token was accepted.
            "token_id": context.accepted.id if context.accepted else None,
            "method": _shown(context.method),
            "path": _shown(context.environ.get("PATH_INFO", "")),
            "status": status,
            "milliseconds": round(seconds * 1000, 2),
        }
        # A log that can't be written stops no one.
        with suppress(OSError):
            sys.stderr.write(f"{self.form(fields)}\n")


requests = _Requests()


def configure(log_format: str) -> None:
    """Send what `enrollment` logs to standard error, as "plain" or as "json"."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if log_format == "json" else PlainFormatter())
    log.handlers = [handler]
    log.setLevel(logging.INFO)
    log.propagate = False
    requests.form = json.dumps if log_format == "json" else _plain_line


def _plain_line(fields: dict[str, Any]) -> str:
    return LINE.format_map(fields | {"token_id": fields["token_id"] or "-"})


def _shown_time(moment: float | None = None) -> str:
    """In UTC."""
    seconds, fraction = divmod(time.time() if moment is None else moment, 1)
    return f"{_shown_second(int(seconds))}.{int(fraction * 1000):03}Z"


@lru_cache(1)
def _shown_second(second: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))


def _shown(sent: str) -> str:
    """What the client chose is percent-encoded, so that it can forge no line."""
    if not PLAIN.fullmatch(sent):
        sent = quote(sent, encoding="latin-1")
    return SECRET.sub(r"\1_...", sent) if "_" in sent else sent


class FailureLog:
    """The log of failures that only the operator can fix. One that lasts is logged once a minute,
    not once for each request."""

    def __init__(self) -> None:
        # When each problem was last logged, in seconds of `time.monotonic`.
        self._last = dict.fromkeys(OPERATOR_PROBLEMS, -math.inf)

    def add(self, failure: Problem) -> None:
        """Log a failure, with the message of the database if any."""
        now = time.monotonic()
        if now >= self._last[failure.code] + FAILURES_LOGGED_EVERY:
            self._last[failure.code] = now
            cause, advice = failure.__cause__ or failure.detail, PROBLEM_TYPES[failure.code].advice
            log.error("%s: %s: %s", failure.code, str(cause).strip().rstrip("."), advice)
