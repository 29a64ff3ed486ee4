"""The life of a request, from its headers to its response, whatever fails on the way."""

import logging
import math
import time
from collections.abc import Callable, Iterable
from functools import partial
from http import HTTPStatus
from typing import Any

from bottle import HTTPError

from enrollment.api.oneroster import ROSTERING
from enrollment.api.operations import OPERATIONS
from enrollment.config import Config
from enrollment.http.addresses import check_host, find_client, known_hosts
from enrollment.http.authentication import Authenticator
from enrollment.http.content import Pieces, discard, size_of
from enrollment.http.context import Context
from enrollment.http.endpoint import prepare, read, write
from enrollment.http.operation import answer_unrouted, make_router, match
from enrollment.http.responses import (
    Response,
    log_failure,
    render_failure,
    render_problem,
    service_failed,
)
from enrollment.http.writes import RolledBack
from enrollment.log import requests
from enrollment.metrics import Metrics
from enrollment.problems.errors import Problem
from enrollment.problems.registry import OPERATOR_PROBLEMS, PROBLEM_TYPES
from enrollment.storage.database import Database
from enrollment.web.held import HeldFiles
from enrollment.web.pages import PAGES
from enrollment.web.site import (
    receive_file,
    receive_page,
    render_problem_page,
    run_page,
    wants_page,
)
from enrollment.web.visit import Site

log = logging.getLogger("enrollment")
# In seconds. A failure that lasts is logged once in this time, not once for each request.
FAILURES_LOGGED_EVERY = 60
# Only the client may keep a response, and no browser may run or load anything because of it.
SECURITY_HEADERS = {
    "Cache-Control": "private, no-cache",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
# The statuses of responses without content.
WITHOUT_CONTENT = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
REASONS = {status.value: status.phrase for status in HTTPStatus}


class App:
    """The service. Call `open` for each request, then `receive`, then `run` if there is no response
    yet, and then `record`.

    It is also a WSGI application (PEP 3333), for tests and for other servers.
    """

    def __init__(
        self, database: Database, authenticator: Authenticator, metrics: Metrics, config: Config
    ) -> None:
        self.database = database
        self.authenticator = authenticator
        self.router = make_router((*OPERATIONS, *ROSTERING, *PAGES))
        self._site = Site(database, authenticator, self.router, config, HeldFiles())
        self._metrics = metrics
        self._config = config
        self._hosts = known_hosts((config.host, *config.allowed_hosts))
        # When each problem was last logged, in seconds of `time.monotonic`.
        self._last_logged = dict.fromkeys(OPERATOR_PROBLEMS, -math.inf)

    def close(self) -> None:
        """Write the last uses of tokens, forget held files, and close the database."""
        self._site.held.close()
        self.authenticator.flush_token_uses()
        self.database.close()

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        started = time.perf_counter()
        context = self.open(environ)
        response = self.receive(context) or self.read_upload(context) or self.run(context)
        context.close()
        self.record(context, response.status, time.perf_counter() - started)
        if self.authenticator.token_uses_due():
            self.authenticator.flush_token_uses()
        status = f"{response.status} {REASONS[response.status]}"
        start_response(status, [*response.headers.items()])
        content = response.content
        return [content] if isinstance(content, bytes) else Pieces(content)

    def open(self, environ: dict[str, Any]) -> Context:
        """Return the context of a new request. Its environ is that of PEP 3333."""
        find_token = self.authenticator.find_token
        return Context(environ, self._metrics.expose, self._config.time_zone, find_token)

    def receive(self, context: Context) -> Response | None:
        """Route and authorize a request. Return the response if it is a refusal or a quick read, or
        None if the request must be run.

        This waits neither for a body nor for a write of this process.
        """
        return self._answer(context, self._receive)

    def read_upload(self, context: Context) -> Response | None:
        """Read the file that is the body, if the operation takes one. Return the response if it is
        a refusal. The body must have arrived.

        This takes as long as the file is large, and waits for no write.
        """
        return self._answer(context, partial(receive_file, self._site))

    def run(self, context: Context) -> Response:
        """Return the response to a slow read or to a write that has been received.

        A write checks the token again in its own transaction: the token may have been revoked while
        the write waited.
        """
        response = self._answer(context, self._run)
        assert response
        return response

    def record(self, context: Context, status: int, seconds: float) -> None:
        """Log and count a request that has been answered, and how many seconds that took.

        A failure is logged, not raised: the response is sent all the same.
        """
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
        if operation.is_page:
            return receive_page(self._site, context)
        if operation.is_public:
            prepare(context)
            waits = operation.body or operation.is_slow(context.query)
            return None if waits else read(context, self.database)
        if not operation.reads and self.authenticator.recognize(context):
            prepare(context)
            return None
        with self.database.read() as db:
            self.authenticator.authorize(db, context)
            prepare(context)
            if operation.reads and not operation.is_slow(context.query):
                return read(context, db)
        return None

    def _run(self, context: Context) -> Response:
        operation = context.operation
        assert operation
        if operation.is_page:
            return run_page(self._site, context)
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
        """Return what `act` returns, or the response to what it raises, with the common headers.
        Raises nothing."""
        try:
            response = self._answer_or_refuse(context, act)
        # Rendering a problem can fail, too.
        except Exception as error:
            response = render_failure(context, error)
        return None if response is None else _complete(context, response)

    def _answer_or_refuse(
        self, context: Context, act: Callable[[Context], Response | None]
    ) -> Response | None:
        """Return what `act` returns, or the response to the problem that it raises."""
        try:
            return act(context)
        except Problem as problem:
            if problem.code in OPERATOR_PROBLEMS:
                self._log(problem)
            return self._refuse(context, problem)
        except Exception as error:
            if not wants_page(context):
                raise
            log_failure(context, error)
            return self._refuse(context, service_failed())

    def _refuse(self, context: Context, problem: Problem) -> Response:
        """Return the response to a problem: a page to a person, JSON to a program."""
        if wants_page(context):
            return render_problem_page(self._site, context, problem)
        return render_problem(context, problem)

    def _log(self, failure: Problem) -> None:
        """Log a failure that only the operator can fix, with the message of SQLite if any."""
        now = time.monotonic()
        if now >= self._last_logged[failure.code] + FAILURES_LOGGED_EVERY:
            self._last_logged[failure.code] = now
            cause, advice = failure.__cause__ or failure.detail, PROBLEM_TYPES[failure.code].advice
            log.error("%s: %s: %s", failure.code, str(cause).rstrip("."), advice)


def _complete(context: Context, response: Response) -> Response:
    """Add the headers that all responses have, and remove the content of a response to HEAD."""
    headers: dict[str, str] = {**SECURITY_HEADERS, **context.rate_limit, **response.headers}
    headers["X-Request-Id"] = context.request_id
    if response.status in WITHOUT_CONTENT:
        headers.pop("Content-Type", None)
    else:
        headers["Content-Length"] = str(size_of(response.content))
    if context.method == "HEAD":
        discard(response.content)
        response = response._replace(content=b"")
    return response._replace(headers=headers)


def make_app(config: Config) -> App:
    """Make the service for a database that has been migrated. The caller closes it.

    Raises CommandError if the database cannot be written.
    """
    database = Database(config.database, config.busy_timeout)
    authenticator = Authenticator(database, config)
    return App(database, authenticator, Metrics(database, config.database), config)
