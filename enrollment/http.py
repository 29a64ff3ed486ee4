"""What every route shares: operations, how they are found and run, and what they answer."""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any, NamedTuple

import msgspec
from bottle import HTTPError, Router

from enrollment.access import ANYONE, require_registrar
from enrollment.bodies import Explained
from enrollment.context import Context
from enrollment.database import Connection, Database
from enrollment.errors import Fault, Problem, refusal
from enrollment.filters import WriteOptions
from enrollment.inputs import read_body
from enrollment.records import Change, Fields
from enrollment.rendering import Answer, Response, render
from enrollment.values import Moment
from enrollment.writes import rehearse, write_once

PATH_PARAMETER = re.compile(r"<(\w+):(?:id|re:([^>]+))>")


def template(path: str) -> str:
    """The path of an operation as OpenAPI writes it: `/v1/students/{student_id}`."""
    return PATH_PARAMETER.sub(r"{\1}", path)


class Operation(NamedTuple):
    """One method of one path, who may use it, its handler, the structs that its body and its query
    must fit, what it answers with which status, which rules can be against it, of a POST, whether
    it is held against If-Match (everything else is), and of a read, whether it takes long.

    The handler takes the context, then the connection, within a transaction that only reads or may
    write too, then by name the ids of the path, and `body` and `query` if it declares them. Where
    no one needs a token it takes the database itself instead of a connection. It returns an Answer
    or raises a Problem.
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
    slow: bool = False

    @property
    def ids(self) -> list[tuple[str, str]]:
        """The names in its path, each with its pattern, or none if it is an id."""
        return PATH_PARAMETER.findall(self.path)

    @property
    def options(self) -> type[msgspec.Struct]:
        """What its query must fit."""
        return self.query or (Fields if self.method == "GET" else WriteOptions)

    @property
    def reads(self) -> bool:
        return self.method == "GET"

    @property
    def is_public(self) -> bool:
        """Whether it needs no token."""
        return self.allowed is ANYONE

    def is_slow(self, query: Any) -> bool:
        """Whether it would hold up the requests that come after it: it is run on a thread of its
        own."""
        return self.slow or getattr(query, "is_slow", False)


# Routes


def make_router(operations: Iterable[Operation]) -> Router:
    """Bottle's router, whose targets are the operations."""
    router = Router()
    # Up to 18 digits fit SQLite's integers; anything else is no id, and so not found.
    router.add_filter("id", lambda _: ("[1-9][0-9]{0,17}", int, str))
    for operation in operations:
        router.add(operation.path, operation.method, operation)
    return router


def match(router: Router, context: Context) -> None:
    """Set the operation that was asked for, and the ids in its path.

    Raises malformed_request; HTTPError, for `answer_unrouted`, if there is none.
    """
    try:
        context.path = context.path.encode("latin-1").decode()
    except UnicodeDecodeError:
        detail = "The path is not percent-encoded UTF-8."
        raise Problem("malformed_request", detail) from None
    asked = {"REQUEST_METHOD": context.method, "PATH_INFO": context.path}
    context.operation, context.ids = router.match(asked)


def answer_unrouted(context: Context, error: HTTPError) -> Response:
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
    if context.method == "OPTIONS":
        return Response(HTTPStatus.NO_CONTENT, headers)
    detail = f"{context.path} does not take {context.method}."
    raise Problem("method_not_allowed", detail, headers=headers)


# How an operation is run


def read(context: Context, source: Connection | Database) -> Response:
    """The response to a read."""
    operation = context.operation
    assert operation
    query = {"query": context.query} if operation.query else {}
    return render(context, operation.handler(context, source, **context.ids, **query))


def write(context: Context, db: Connection, database: Database, retry_window: int) -> Response:
    """Read the body, and write: as a dry run, once under an Idempotency-Key, or just so. Call it
    within a transaction that writes."""
    operation, body = context.operation, None
    assert operation
    act = partial(operation.handler, context, **context.ids)
    if operation.body:
        body = read_body(context.environ, operation.body)
        require_registrar(context.caller, body)
        act = partial(act, body=body)
    if isinstance(context.query, WriteOptions) and context.query.dry_run:
        return rehearse(context, database, act)
    if operation.method == "POST":
        return write_once(context, db, act, body, retry_window)
    return render(context, act(db))


# Answers


def ok(content: Any, tag: str | None = None) -> Answer:
    return Answer(HTTPStatus.OK, content, tag=tag)


def created(content: Any, location: str, tag: str | None = None) -> Answer:
    return Answer(HTTPStatus.CREATED, content, {"Location": location}, tag)


def no_content() -> Answer:
    return Answer(HTTPStatus.NO_CONTENT, None)


def change(context: Context, given: Explained | None = None) -> Change:
    """What the history will say of this request.

    Raises effective_in_future.
    """
    given = given or Explained()
    at, override, caller = Moment.now(), given.override, context.caller
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
