"""Logging on standard error: one line for each request, plain or as JSON."""

import json
import logging
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

access = logging.getLogger("enrollment.access")


class PlainFormatter(logging.Formatter):
    """A time in UTC, the level, and the message."""

    default_msec_format = "%s.%03dZ"
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    converter = staticmethod(time.gmtime)

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")


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
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if log_format == "json" else PlainFormatter())
    logger = logging.getLogger("enrollment")
    logger.handlers = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False


def log_request(environ: Mapping[str, Any], status: int, seconds: float) -> None:
    """A request's line. What the client chose is percent-encoded, so that it can forge none."""
    request = {
        "request_id": environ["enrollment.request_id"],
        "client": environ.get("REMOTE_ADDR", "-"),
        "method": quote(environ["REQUEST_METHOD"]),
        "path": quote(environ["bottle.raw_path"], encoding="latin-1"),
        "status": status,
        "milliseconds": round(seconds * 1000, 2),
    }
    access.info(" ".join(str(value) for value in request.values()), extra={"request": request})
