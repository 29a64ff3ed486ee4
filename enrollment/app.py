"""The one place where everything is wired: configuration in, WSGI application out."""

import re
import secrets
import time
from collections.abc import Callable, Collection, Iterable
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


class App(Bottle):  # type: ignore[misc]
    """A Bottle that gives each request an id and a line in the log, whatever becomes of it."""

    def __init__(
        self, database: Database, metrics: Metrics, trusted_proxies: Collection[str]
    ) -> None:
        super().__init__()
        self.database = database
        self.metrics = metrics
        self.trusted_proxies = trusted_proxies

    def wsgi(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        started = environ.setdefault("enrollment.started", time.perf_counter())
        sent = environ.get("HTTP_X_REQUEST_ID", "")
        request_id = sent if re.fullmatch(r"[A-Za-z0-9._-]{1,64}", sent) else secrets.token_hex(8)
        environ["enrollment.request_id"] = request_id
        self._believe_proxies(environ)

        def respond(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            # A server that can wait asks again; only its last answer is sent.
            again = environ.get("enrollment.busy") or environ.get("enrollment.wait")
            final = environ.get("enrollment.final", True) or not again
            if final and not environ.get("enrollment.body_awaited"):
                seconds = time.perf_counter() - started
                log_request(environ, int(status[:3]), seconds)
                self.metrics.count(environ, int(status[:3]), seconds)
            common = SECURITY | environ.get("enrollment.headers", {}) | {"X-Request-Id": request_id}
            own = {name.lower() for name, _ in headers}
            more = [(name, value) for name, value in common.items() if name.lower() not in own]
            return start_response(status, headers + more, *rest)

        answer: Iterable[bytes] = super().wsgi(environ, respond)
        return answer

    def _believe_proxies(self, environ: dict[str, Any]) -> None:
        """The client is the last address that was not told by a proxy of ours."""
        hops = environ.get("HTTP_X_FORWARDED_FOR", "").split(",")
        with suppress(ValueError):
            while environ.get("REMOTE_ADDR") in self.trusted_proxies and hops:
                environ["REMOTE_ADDR"] = str(ip_address(hops.pop().strip()))


def make_app(config: Config) -> App:
    """The service as a WSGI application on a database that has been migrated; close its `database`
    when it is no longer served."""
    database = Database(config.database, config.busy_timeout)
    app = App(database, Metrics(database, config.database), config.trusted_proxies)
    gate = Gate(database, config)
    http.register(app, database, gate, OPERATIONS, config.retry_window)
    return app
