"""The life of a request, from its headers to its response, whatever fails on the way."""

import logging
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from bottle import HTTPError

from enrollment.api.oneroster import ROSTERING
from enrollment.api.operations import OPERATIONS
from enrollment.config import Config
from enrollment.http.authentication import Authenticator
from enrollment.http.context import Context, check_host, find_client, known_hosts
from enrollment.http.endpoint import RolledBack, prepare, read, receive_upload, write
from enrollment.http.operation import answer_unrouted, make_router, match
from enrollment.http.responses import (
    Pieces,
    Response,
    complete,
    log_failure,
    render_failure,
    render_problem,
    service_failed,
)
from enrollment.log import FailureLog, requests
from enrollment.metrics import Metrics
from enrollment.problems.errors import Problem
from enrollment.problems.registry import OPERATOR_PROBLEMS
from enrollment.storage.database import Database
from enrollment.storage.engine import open_database
from enrollment.web.held import HeldFiles
from enrollment.web.pages import PAGES
from enrollment.web.site import (
    admit_page,
    receive_form,
    receive_page,
    render_problem_page,
    run_page,
    wants_page,
)
from enrollment.web.visit import Site

log = logging.getLogger("enrollment")
REASONS = {status.value: status.phrase for status in HTTPStatus}


class App:
    """The service. Call `open` for each request; then `receive`, `admit`, `read_upload` and `run`,
    each if there is no response yet; and then close the context and call `record`.

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
        self._failures = FailureLog()

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
        response = self.receive(context) or self.admit(context)
        response = response or self.read_upload(context) or self.run(context)
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
        """Route a request. Return the response if it needs neither a token nor the database.

        This waits for nothing.
        """
        return self._answer(context, self._receive)

    def admit(self, context: Context) -> Response | None:
        """Authorize a request that was received. Return the response if it is a refusal or a quick
        read, or None if the request must be run.

        This waits neither for a body nor for a write of this process.
        """
        return self._answer(context, self._admit)

    def read_upload(self, context: Context) -> Response | None:
        """Read the file that is the body, if the operation takes one. Return the response if it is
        a refusal. The body must have arrived.

        This takes as long as the file is large, and waits for no write.
        """
        return self._answer(context, self._read_upload)

    def run(self, context: Context) -> Response:
        """Return the response to a slow read or to a write that has been received.

        A write checks the token again in its own transaction: the token may have been revoked while
        the write waited.
        """
        response = self._answer(context, self._run)
        assert response
        return response

    def refuse(self, context: Context, problem: Problem) -> Response:
        """Return the response to a problem that was raised after `run` had returned."""

        def fail(context: Context) -> Response:
            raise problem

        response = self._answer(context, fail)
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
        if operation.is_page:
            receive_page(context)
        elif operation.is_public:
            prepare(context)
            waits = operation.body or operation.is_slow(context.query)
            return None if waits else read(context, self.database)
        return None

    def _admit(self, context: Context) -> Response | None:
        operation = context.operation
        if operation.is_public:
            return None
        if operation.is_page:
            return admit_page(self._site, context)
        if not operation.reads and self.authenticator.recognize(context):
            prepare(context)
            return None
        with self.database.read() as db:
            self.authenticator.authorize(db, context)
            prepare(context)
            if operation.reads and not operation.is_slow(context.query):
                return read(context, db)
        return None

    def _read_upload(self, context: Context) -> None:
        if context.operation.is_page:
            receive_form(self._site, context)
        else:
            receive_upload(context)

    def _run(self, context: Context) -> Response:
        operation = context.operation
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
        return None if response is None else complete(context, response)

    def _answer_or_refuse(
        self, context: Context, act: Callable[[Context], Response | None]
    ) -> Response | None:
        """Return what `act` returns, or the response to the problem that it raises."""
        try:
            return act(context)
        except Problem as problem:
            if problem.code in OPERATOR_PROBLEMS:
                self._failures.add(problem)
            return _refuse(context, problem)
        except Exception as error:
            if not wants_page(context):
                raise
            log_failure(context, error)
            return _refuse(context, service_failed())


def _refuse(context: Context, problem: Problem) -> Response:
    """Return the response to a problem: a page to a person, JSON to a program."""
    render = render_problem_page if wants_page(context) else render_problem
    return render(context, problem)


def make_app(config: Config) -> App:
    """Make the service for a database that has been migrated. The caller closes it.

    Raises CommandError if the database cannot be written.
    """
    database = open_database(config.database, config.busy_timeout)
    return App(database, Authenticator(database, config), Metrics(database), config)
