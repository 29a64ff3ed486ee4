"""Operations: one method of one path each, and how they are found."""

import re
from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple

import msgspec
from bottle import HTTPError, Router

from enrollment.http.authentication import ANYONE
from enrollment.http.context import Context
from enrollment.http.responses import Response, Result
from enrollment.model.queries import WriteOptions
from enrollment.model.records import Input
from enrollment.problems.errors import Problem

PATH_PARAMETER = re.compile(r"<(\w+):(?:id|re:([^>]+))>")


def template(path: str) -> str:
    """The path of an operation as OpenAPI writes it: `/v1/students/{student_id}`."""
    return PATH_PARAMETER.sub(r"{\1}", path)


class Operation(NamedTuple):
    """One method of one path, who may use it, its handler, the structs that its body and its query
    must fit, what it answers with which status, which rules can be against it, of a POST, whether
    it is held against If-Match (everything else is), and of a read, whether it takes long, and the
    path of the page that a browser is led to instead.

    The handler takes the context, then the connection, within a transaction that only reads or may
    write too, then by name the ids of the path, and `body` and `query` if it declares them. Where
    no one needs a token it takes the database itself instead of a connection. It returns an Answer
    or raises a Problem.
    """

    method: str
    path: str
    allowed: frozenset[str]
    handler: Callable[..., Result]
    body: type[msgspec.Struct] | None = None
    query: type[msgspec.Struct] | None = None
    answer: Any = None
    status: int = HTTPStatus.OK
    conflicts: Sequence[str] = ()
    conditional: bool = False
    slow: bool = False
    page: str | None = None

    @property
    def ids(self) -> list[tuple[str, str]]:
        """The names in its path, each with its pattern, or none if it is an id."""
        return PATH_PARAMETER.findall(self.path)

    @property
    def options(self) -> type[msgspec.Struct]:
        """What its query must fit."""
        return self.query or (Input if self.method == "GET" else WriteOptions)

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
        raise Problem("not_found", "There is nothing at this URL. / and /docs list what exists.")
    allowed = {*error.headers["Allow"].split(","), "OPTIONS"}
    if "GET" in allowed:
        allowed.add("HEAD")
    headers = {"Allow": ", ".join(sorted(allowed))}
    if context.method == "OPTIONS":
        return Response(HTTPStatus.NO_CONTENT, headers)
    detail = f"{context.path} does not support {context.method}."
    raise Problem("method_not_allowed", detail, headers=headers)
