"""Logging on standard error: one line for each request, plain or as JSON."""

import json
import logging
import re
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

access = logging.getLogger("enrollment.access")
# Whoever sends one where it does not belong is not to find it here.
TOKEN = re.compile("enr_[0-9a-f]{12}_[0-9a-f]{48}")


class PlainFormatter(logging.Formatter):
    """A time in UTC, the level, and the message; a traceback follows on lines that are indented."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")
        self._second, self._shown = 0, ""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        """Most lines are of the same second as the one before."""
        if int(record.created) != self._second:
            self._second = int(record.created)
            self._shown = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(self._second))
        return f"{self._shown}.{record.msecs:03.0f}Z"

    def formatException(self, ei: Any) -> str:  # noqa: N802
        lines = super().formatException(ei).split("\n")
        return "\n".join("    " + line.encode("unicode_escape").decode() for line in lines)


class JsonFormatter(PlainFormatter):
    """The same as one JSON object a line; a request's fields stand by themselves."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {"time": self.formatTime(record), "level": record.levelname.lower()}
        line |= getattr(record, "request", None) or {"message": record.getMessage()}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line)


def configure(log_format: str) -> None:
    """Send what `enrollment` logs to standard error, as "plain" or as "json"."""
    # What no line shows is not found out (https://docs.python.org/3/howto/logging.html#optimization).
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if log_format == "json" else PlainFormatter())
    logger = logging.getLogger("enrollment")
    logger.handlers = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False


def log_request(environ: Mapping[str, Any], status: int, seconds: float) -> None:
    """A request's line. What the client chose is percent-encoded, so that it can forge none."""
    path = quote(environ["bottle.raw_path"], encoding="latin-1")
    request = {
        "request_id": environ["enrollment.request_id"],
        "client": environ.get("REMOTE_ADDR", "-"),
        "method": quote(environ["REQUEST_METHOD"]),
        "path": TOKEN.sub("enr_...", path),
        "status": status,
        "milliseconds": round(seconds * 1000, 2),
    }
    access.info(" ".join(str(value) for value in request.values()), extra={"request": request})
