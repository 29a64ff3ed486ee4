"""The one place where everything is wired: configuration in, WSGI application out."""

import random
import re
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from ipaddress import ip_address
from typing import Any

from bottle import Bottle

from enrollment import http
from enrollment.access import Gate
from enrollment.config import Config
from enrollment.database import Database
from enrollment.log import log_request
from enrollment.metrics import Metrics
from enrollment.routes import OPERATIONS

# An answer is for its reader alone, and is no page that could do or load anything.
SECURITY = {
    "Cache-Control": "private, no-cache",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class App(Bottle):  # type: ignore[misc]
    """A Bottle that gives each request an id and a line in the log, whatever becomes of it."""

    def __init__(
        self, database: Database, gate: Gate, metrics: Metrics, trusted_proxies: Collection[str]
    ) -> None:
        super().__init__()
        self.config["json.enable"] = False
        self.database = database
        self.gate = gate
        self.metrics = metrics
        self.trusted_proxies = trusted_proxies

    def close(self) -> None:
        self.gate.note_uses()
        self.database.close()

    def record(self, environ: Mapping[str, Any], status: int, seconds: float) -> None:
        """Log and count a request that has been answered."""
        log_request(environ, status, seconds)
        self.metrics.count(environ, status, seconds)

    def wsgi(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        started = time.perf_counter()
        sent = environ.get("HTTP_X_REQUEST_ID", "")
        request_id = sent if REQUEST_ID.fullmatch(sent) else f"{random.getrandbits(64):016x}"
        environ["enrollment.request_id"] = request_id
        if environ.get("REMOTE_ADDR") in self.trusted_proxies:
            self._believe_proxies(environ)

        def respond(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            # A server that asks more than once knows which answer is sent.
            if not environ.get("enrollment.server_records"):
                self.record(environ, int(status[:3]), time.perf_counter() - started)
            common = SECURITY | environ.get("enrollment.headers", {}) | {"X-Request-Id": request_id}
            return start_response(status, [*(common | dict(headers)).items()], *rest)

        answer: Iterable[bytes] = super().wsgi(environ, respond)
        return answer

    def _believe_proxies(self, environ: dict[str, Any]) -> None:
        """The client is the last address that was not told by a proxy of ours."""
        hops = environ.get("HTTP_X_FORWARDED_FOR", "").split(",")
        with suppress(ValueError):
            while environ.get("REMOTE_ADDR") in self.trusted_proxies and hops:
                environ["REMOTE_ADDR"] = str(ip_address(hops.pop().strip()))


def make_app(config: Config) -> App:
    """The service as a WSGI application on a database that has been migrated; close it when it is
    no longer served."""
    database = Database(config.database, config.busy_timeout)
    gate = Gate(database, config)
    app = App(database, gate, Metrics(database, config.database), config.trusted_proxies)
    http.register(app, database, gate, OPERATIONS, config.retry_window)
    return app
