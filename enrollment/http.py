"""What every route shares: operations, their answers, and what the history will say."""

import re
from collections.abc import Callable, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any, NamedTuple

import msgspec
from bottle import Bottle, HTTPError, request

from enrollment.access import ANYONE, Gate, current_caller, require_registrar
from enrollment.bodies import Explained
from enrollment.database import Database
from enrollment.errors import Fault, Problem, refusal
from enrollment.filters import WriteOptions
from enrollment.inputs import read_body, read_query
from enrollment.records import Change, Fields
from enrollment.rendering import Answer, Response, render
from enrollment.values import Moment
from enrollment.writes import rehearse, write, write_once

PATH_PARAMETER = re.compile(r"<(\w+):(?:id|re:([^>]+))>")


def template(path: str) -> str:
    """The path of an operation as OpenAPI writes it: `/v1/students/{student_id}`."""
    return PATH_PARAMETER.sub(r"{\1}", path)


class Operation(NamedTuple):
    """One method of one path, who may use it, its handler, the structs that its body and its query
    must fit, what it answers with which status, which rules can be against it, and of a POST,
    whether it is held against If-Match: everything else is.

    The handler takes the connection, within a transaction that only reads or may write too, then by
    name the ids of the path, and `body` and `query` if it declares them. Where no one needs a token
    it takes the database itself. It returns an Answer or raises a Problem.
    """

    method: str
    path: str
    allowed: frozenset[str]
    handler: Callable[..., Answer]
    body: type[msgspec.Struct] | None = None
    query: type[msgspec.Struct] | None = None
    answer: Any = None
    status: int = HTTPStatus.OK
    conflicts: Sequence[str] = ()
    conditional: bool = False

    @property
    def ids(self) -> list[tuple[str, str]]:
        """The names in its path, each with its pattern, or none if it is an id."""
        return PATH_PARAMETER.findall(self.path)

    @property
    def options(self) -> type[msgspec.Struct]:
        """What its query must fit."""
        return self.query or (Fields if self.method == "GET" else WriteOptions)


def register(
    app: Bottle,
    database: Database,
    gate: Gate,
    operations: Sequence[Operation],
    retry_window: int,
) -> None:
    """Route each operation."""
    # Up to 18 digits fit SQLite's integers; anything else is no id, and so not found.
    app.router.add_filter("id", lambda _: ("[1-9][0-9]{0,17}", int, str))
    for operation in operations:
        endpoint = Endpoint(database, gate, operation, retry_window)
        app.route(operation.path, operation.method, endpoint)


class Endpoint:
    """An operation of one application: it lets the caller in, reads what is sent, and answers."""

    def __init__(
        self, database: Database, gate: Gate, operation: Operation, retry_window: int
    ) -> None:
        self._database = database
        self._gate = gate
        self._operation = operation
        self._retry_window = retry_window

    def __call__(self, **ids: Any) -> Response:
        """Raises every problem that there is."""
        operation = self._operation
        if operation.allowed is ANYONE:
            return render(operation.handler(self._database, **ids, **self._query()))
        with self._database.read() as db:
            self._gate.admit(db, operation.allowed, ids)
            if operation.method == "GET":
                return render(operation.handler(db, **ids, **self._query()))
        # A server that asks first does not wait for the body of who is not let in.
        if request.environ.get("enrollment.knocks"):
            request.environ["enrollment.let_in"] = True
            return Response(HTTPStatus.CONTINUE)
        return self._write(ids)

    def _query(self) -> dict[str, Any]:
        query = read_query(request.environ, self._operation.options)
        return {"query": query} if self._operation.query else {}

    def _write(self, ids: dict[str, Any]) -> Response:
        operation, body = self._operation, None
        options = read_query(request.environ, WriteOptions)
        act = partial(operation.handler, **ids)
        if operation.body:
            body = read_body(request.environ, operation.body)
            require_registrar(body)
            act = partial(act, body=body)
        if options.dry_run:
            return rehearse(self._database, act)
        if operation.method == "POST":
            return write_once(self._database, act, body, self._retry_window)
        return write(self._database, act)


def answer_unrouted(error: HTTPError) -> Response:
    """The router's 404 and 405, and OPTIONS, which it takes for a method that is not allowed.

    Raises not_found, method_not_allowed.
    """
    if error.status_code == HTTPStatus.NOT_FOUND:
        raise Problem(
            "not_found", "There is nothing at this address; / and /docs tell what there is."
        )
    allowed = {*error.headers["Allow"].split(","), "OPTIONS"}
    if "GET" in allowed:
        allowed.add("HEAD")
    headers = {"Allow": ", ".join(sorted(allowed))}
    if request.method == "OPTIONS":
        return Response(HTTPStatus.NO_CONTENT, headers)
    detail = f"{request.path} does not take {request.method}."
    raise Problem("method_not_allowed", detail, headers=headers)


# Answers


def ok(content: Any, tag: str | None = None) -> Answer:
    return Answer(HTTPStatus.OK, content, tag=tag)


def created(content: Any, location: str, tag: str | None = None) -> Answer:
    return Answer(HTTPStatus.CREATED, content, {"Location": location}, tag)


def no_content() -> Answer:
    return Answer(HTTPStatus.NO_CONTENT, None)


def answer_later(seconds: int) -> None:
    """Let a server that can wait ask again when something has changed, for so many seconds."""
    request.environ["enrollment.wait"] = seconds


def change(given: Explained | None = None) -> Change:
    """What the history will say of this request.

    Raises effective_in_future.
    """
    given = given or Explained()
    at, override, caller = Moment.now(), given.override, current_caller()
    if given.effective_at and given.effective_at > at:
        detail = f"It is {at} now: what is true only later is not recorded yet."
        fault = Fault(pointer="/effective_at", code="effective_in_future", detail=detail)
        raise refusal([fault])
    return Change(
        at=at,
        effective_at=given.effective_at,
        actor=caller.actor if caller else "api",
        reason=given.reason,
        overridden=msgspec.json.encode(override.rules).decode() if override else None,
        override_reason=override.reason if override else None,
    )
