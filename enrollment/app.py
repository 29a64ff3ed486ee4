"""One request's life: from its headers to the response, whatever happens on the way."""

import logging
import math
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from bottle import HTTPError

from enrollment.api.operations import OPERATIONS
from enrollment.config import Config
from enrollment.http.addresses import check_host, find_client, known_hosts
from enrollment.http.authentication import Authenticator
from enrollment.http.context import Context
from enrollment.http.endpoint import prepare, read, write
from enrollment.http.operation import answer_unrouted, make_router, match
from enrollment.http.responses import Response, render_failure, render_problem
from enrollment.http.writes import RolledBack
from enrollment.log import requests
from enrollment.metrics import Metrics
from enrollment.problems.errors import Problem
from enrollment.problems.registry import OPERATOR_PROBLEMS, PROBLEM_TYPES
from enrollment.storage.database import Database

log = logging.getLogger("enrollment")
# A failure that lasts is logged once in so many seconds, however many requests meet it.
FAILURES_LOGGED_EVERY = 60
# A response is for its reader alone, and is no page that could do or load anything.
SECURITY = {
    "Cache-Control": "private, no-cache",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
EMPTY = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
REASONS = {status.value: status.phrase for status in HTTPStatus}


class App:
    """The service: `receive`, then `run` what was not answered yet, then `record`. It is a WSGI
    application too (PEP 3333), for tests and for other servers."""

    def __init__(
        self, database: Database, authenticator: Authenticator, metrics: Metrics, config: Config
    ) -> None:
        self.database = database
        self.authenticator = authenticator
        self.router = make_router(OPERATIONS)
        self._metrics = metrics
        self._config = config
        self._hosts = known_hosts((config.host, *config.allowed_hosts))
        self._logged = dict.fromkeys(OPERATOR_PROBLEMS, -math.inf)

    def close(self) -> None:
        self.authenticator.flush_token_uses()
        self.database.close()

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        started = time.perf_counter()
        context = self.open(environ)
        response = self.receive(context) or self.run(context)
        self.record(context, response.status, time.perf_counter() - started)
        if self.authenticator.token_uses_due():
            self.authenticator.flush_token_uses()
        status = f"{response.status} {REASONS[response.status]}"
        start_response(status, [*response.headers.items()])
        return [response.content]

    def open(self, environ: dict[str, Any]) -> Context:
        """Begin with a request (PEP 3333)."""
        return Context(environ, self._metrics.expose)

    def receive(self, context: Context) -> Response | None:
        """Route and authorize a request, and answer it if that takes no time: a refusal, or a read
        that is quick. Otherwise return None: the request is to be run.

        It waits neither for a body nor for a write of this process.
        """
        return self._answer(context, self._receive)

    def run(self, context: Context) -> Response:
        """The response to a request that was received: of a slow read, or of a write, whose token
        is checked again in the transaction of the write itself."""
        response = self._answer(context, self._run)
        assert response
        return response

    def record(self, context: Context, status: int, seconds: float) -> None:
        """Log and count a request that has been answered. Its response is sent even if this
        fails."""
        try:
            requests.add(context, status, seconds)
            self._metrics.observe(context, status, seconds)
        except Exception:
            log.exception("request %s was not recorded", context.request_id)

    def _receive(self, context: Context) -> Response | None:
        find_client(context, self._config.trusted_proxies)
        check_host(context, self._hosts)
        try:
            match(self.router, context)
        except HTTPError as error:
            return answer_unrouted(context, error)
        operation = context.operation
        assert operation
        if operation.is_public:
            prepare(context)
            return None if operation.is_slow(context.query) else self._run(context)
        with self.database.read() as db:
            self.authenticator.authorize(db, context)
            prepare(context)
            if operation.reads and not operation.is_slow(context.query):
                return self._run(context)
        return None

    def _run(self, context: Context) -> Response:
        operation = context.operation
        assert operation
        if operation.is_public:
            return read(context, self.database)
        if operation.reads:
            with self.database.read(is_slow=True) as db:
                return read(context, db)
        try:
            with self.database.write() as db:
                self.authenticator.authorize(db, context)
                return write(context, db, self._config.retry_window)
        except RolledBack as dry_run:
            return dry_run.response

    def _answer(
        self, context: Context, act: Callable[[Context], Response | None]
    ) -> Response | None:
        """What the act returns, or what its failure is answered with; with the common headers.
        Raises nothing."""
        try:
            response = self._answer_or_refuse(context, act)
        # To render a problem may fail too.
        except Exception as error:
            response = render_failure(context, error)
        return response and _complete(context, response)

    def _answer_or_refuse(
        self, context: Context, act: Callable[[Context], Response | None]
    ) -> Response | None:
        try:
            return act(context)
        except Problem as problem:
            if problem.code in OPERATOR_PROBLEMS:
                self._log(problem)
            return render_problem(context, problem)

    def _log(self, failure: Problem) -> None:
        """Log what only the operator can fix, with what SQLite says of it."""
        if time.monotonic() >= self._logged[failure.code] + FAILURES_LOGGED_EVERY:
            self._logged[failure.code] = time.monotonic()
            cause, advice = failure.__cause__ or failure.detail, PROBLEM_TYPES[failure.code].advice
            log.error("%s: %s: %s", failure.code, str(cause).rstrip("."), advice)


def _complete(context: Context, response: Response) -> Response:
    """The response with the headers that all have. A response to HEAD has no content."""
    headers: dict[str, str] = {**SECURITY, **context.rate_limit, **response.headers}
    headers["X-Request-Id"] = context.request_id
    if response.status in EMPTY:
        headers.pop("Content-Type", None)
    else:
        headers["Content-Length"] = str(len(response.content))
    content = b"" if context.method == "HEAD" else response.content
    return response._replace(headers=headers, content=content)


def make_app(config: Config) -> App:
    """The service on a database that has been migrated; close it when it is no longer served."""
    database = Database(config.database, config.busy_timeout)
    authenticator = Authenticator(database, config)
    return App(database, authenticator, Metrics(database, config.database), config)
