"""The one place where everything is wired: configuration in, WSGI application out."""

import re
import secrets
import time
from collections.abc import Callable, Iterable
from typing import Any

from bottle import Bottle

from enrollment import http
from enrollment.config import Config
from enrollment.database import Database
from enrollment.log import log_request
from enrollment.routes import OPERATIONS


class App(Bottle):  # type: ignore[misc]
    """A Bottle that gives each request an id and a line in the log, whatever becomes of it."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.database = database

    def wsgi(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        started = environ.setdefault("enrollment.started", time.perf_counter())
        sent = environ.get("HTTP_X_REQUEST_ID", "")
        request_id = sent if re.fullmatch(r"[A-Za-z0-9._-]{1,64}", sent) else secrets.token_hex(8)
        environ["enrollment.request_id"] = request_id

        def respond(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            # A server that can wait asks again; only its last answer is sent.
            again = environ.get("enrollment.busy") or environ.get("enrollment.wait")
            if environ.get("enrollment.final", True) or not again:
                log_request(environ, int(status[:3]), time.perf_counter() - started)
            return start_response(status, [*headers, ("X-Request-Id", request_id)], *rest)

        answer: Iterable[bytes] = super().wsgi(environ, respond)
        return answer


def make_app(config: Config) -> App:
    """The service as a WSGI application on a database that has been migrated; close its `database`
    when it is no longer served."""
    app = App(Database(config.database, config.busy_timeout))
    http.register(app, app.database, OPERATIONS)
    return app
