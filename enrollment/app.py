"""The one place where everything is wired: configuration in, WSGI application out."""

import logging
import math
import random
import re
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from http import HTTPStatus
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from bottle import Bottle, HTTPError, request

from enrollment import http
from enrollment.access import Gate
from enrollment.config import Config
from enrollment.database import Database
from enrollment.errors import Problem
from enrollment.kinds import FAILURES, KINDS
from enrollment.log import requests
from enrollment.metrics import Metrics
from enrollment.rendering import Response, render_failure, render_problem
from enrollment.routes import OPERATIONS

log = logging.getLogger("enrollment")
# A failure that lasts is told once in so many seconds, however many requests meet it.
FAILURES_TOLD_EVERY = 60
# An answer is for its reader alone, and is no page that could do or load anything.
SECURITY = {
    "Cache-Control": "private, no-cache",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
# Some proxies add the port of the client. The zone of an IPv6 address is any text, and names an
# interface of the proxy: an address with one is not taken.
HOP = re.compile(
    r"(?:\[([0-9A-Fa-f:.]{2,45})\]|([0-9.]{7,15}))(?::[0-9]{1,5})?|([0-9A-Fa-f:.]{2,45})"
)
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
EMPTY = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
REASONS = {status.value: status.phrase for status in HTTPStatus}


class App(Bottle):  # type: ignore[misc]
    """A Bottle whose requests have each an id and a line in the log, and whose errors are problems,
    whatever becomes of them."""

    def __init__(
        self, database: Database, gate: Gate, metrics: Metrics, trusted_proxies: Collection[str]
    ) -> None:
        super().__init__()
        self.database = database
        self.gate = gate
        self.metrics = metrics
        self.trusted_proxies = trusted_proxies
        self._told = dict.fromkeys(FAILURES, -math.inf)

    def close(self) -> None:
        self.gate.note_uses()
        self.database.close()

    def wsgi(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        started = time.perf_counter()
        status, headers, content = self.answer(environ)
        self.record(environ, status, time.perf_counter() - started)
        if self.gate.is_to_note_uses():
            self.gate.note_uses()
        start_response(f"{status} {REASONS[status]}", [*headers.items()])
        return [content]

    def answer(self, environ: dict[str, Any]) -> Response:
        """What is sent, whatever fails: this raises nothing. A server may ask several times before
        it sends one; then it records it."""
        sent = environ.get("HTTP_X_REQUEST_ID", "")
        request_id = sent if REQUEST_ID.fullmatch(sent) else f"{random.getrandbits(64):016x}"
        environ["enrollment.request_id"] = request_id
        environ["bottle.app"] = self
        environ["bottle.raw_path"] = environ.get("PATH_INFO", "")
        request.bind(environ)
        try:
            status, own, content = self._answer_or_refuse(environ)
        # To render a problem may fail too.
        except Exception as error:
            status, own, content = render_failure(error)
        headers = SECURITY | environ.get("enrollment.headers", {}) | own
        headers["X-Request-Id"] = request_id
        if status in EMPTY:
            headers.pop("Content-Type", None)
        else:
            headers["Content-Length"] = str(len(content))
        if environ["REQUEST_METHOD"] == "HEAD":
            content = b""
        return Response(status, headers, content)

    def record(self, environ: Mapping[str, Any], status: int, seconds: float) -> None:
        """Log and count a request that has been answered. What was done is acknowledged even if
        this fails."""
        try:
            requests.add(environ, status, seconds)
            self.metrics.count(environ, status, seconds)
        except Exception:
            log.exception("request %s was not recorded", environ.get("enrollment.request_id"))

    def _answer_or_refuse(self, environ: dict[str, Any]) -> Response:
        try:
            return self._answer(environ)
        except Problem as problem:
            if problem.code in FAILURES:
                self._tell(problem)
            return render_problem(problem)

    def _answer(self, environ: dict[str, Any]) -> Response:
        self._believe_proxies(environ)
        # A server tells what it could not read, so that it is answered as everything is.
        if unreadable := environ.get("enrollment.unreadable"):
            raise unreadable
        self.gate.check_host()
        try:
            environ["PATH_INFO"] = environ["bottle.raw_path"].encode("latin-1").decode()
        except UnicodeDecodeError:
            detail = "The path is not percent-encoded UTF-8."
            raise Problem("malformed_request", detail) from None
        try:
            route, ids = self.router.match(environ)
        except HTTPError as error:
            return http.answer_unrouted(error)
        environ["bottle.route"] = route
        response: Response = route.callback(**ids)
        return response

    def _tell(self, failure: Problem) -> None:
        """Log what only who runs the service can mend, with what SQLite says of it."""
        if time.monotonic() >= self._told[failure.code] + FAILURES_TOLD_EVERY:
            self._told[failure.code] = time.monotonic()
            cause, advice = failure.__cause__ or failure.detail, KINDS[failure.code].advice
            log.error("%s: %s: %s", failure.code, str(cause).rstrip("."), advice)

    def _believe_proxies(self, environ: dict[str, Any]) -> None:
        """The client is the last address that was not told by a proxy of ours."""
        if environ.get("REMOTE_ADDR") not in self.trusted_proxies:
            return
        hops = environ.get("HTTP_X_FORWARDED_FOR", "").split(",")
        with suppress(ValueError):
            while environ.get("REMOTE_ADDR") in self.trusted_proxies and hops:
                environ["REMOTE_ADDR"] = _address_of(hops.pop().strip())


def _address_of(hop: str) -> str:
    """An address as X-Forwarded-For has it, without its port. Raises ValueError."""
    found = HOP.fullmatch(hop)
    if found is None:
        raise ValueError(hop)
    return str(IPv4Address(found[2]) if found[2] else IPv6Address(found[1] or found[3]))


def make_app(config: Config) -> App:
    """The service as a WSGI application on a database that has been migrated; close it when it is
    no longer served."""
    database = Database(config.database, config.busy_timeout)
    gate = Gate(database, config)
    app = App(database, gate, Metrics(database, config.database), config.trusted_proxies)
    http.register(app, database, gate, OPERATIONS, config.retry_window)
    return app
