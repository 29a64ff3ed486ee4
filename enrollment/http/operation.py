"""Operations: what is declared of each, and how the operation of a request is found."""

import re
from collections.abc import Callable, Sequence
from functools import cache
from http import HTTPStatus
from typing import Any, NamedTuple

import msgspec
from bottle import HTTPError, Router

from enrollment.http.body import BODY_LIMIT, UPLOAD_LIMIT
from enrollment.http.context import Context
from enrollment.http.responses import Response, Result
from enrollment.model.queries import WriteOptions
from enrollment.model.records import Input
from enrollment.problems.errors import Problem

# Sets of roles that may use an operation. With the role student, a path that names a student must
# name the student of the token.
ANYONE = frozenset({"anyone"})
ADMINS = frozenset({"admin"})
REGISTRARS = ADMINS | {"registrar"}
READERS = REGISTRARS | {"reader"}
MONITORS = READERS | {"monitor"}
REGISTRARS_AND_STUDENTS = REGISTRARS | {"student"}
READERS_AND_STUDENTS = READERS | {"student"}
PATH_PARAMETER = re.compile(r"<(\w+):(?:id|re:([^>]+))>")


def path_template(path: str) -> str:
    """Return the path of an operation as in OpenAPI, such as `/v1/students/{student_id}`."""
    return PATH_PARAMETER.sub(r"{\1}", path)


class Operation(NamedTuple):
    """One method of one path.

    The handler takes the context, a connection in a transaction, and by name the ids of the path.
    If the operation declares them, it also takes `query` and `body` by name; the body is what the
    reader has made of it, if there is one. The handler of a public operation takes the database
    instead of a connection. A handler returns a Result or raises a Problem.
    """

    method: str
    # With parameters as the router has them: `/v1/students/<student_id:id>`.
    path: str
    # The roles that may use it.
    allowed: frozenset[str]
    handler: Callable[..., Result]
    # The structs that its body and its query must fit.
    body: type[msgspec.Struct] | None = None
    query: type[msgspec.Struct] | None = None
    # The type that it responds with, and the status.
    answer: Any = None
    status: int = HTTPStatus.OK
    # The codes of the rules that can forbid it.
    conflicts: Sequence[str] = ()
    # Whether a POST checks If-Match. All other methods do.
    conditional: bool = False
    # Whether a write changes enrollments only: then no change on record needs an actor.
    only_enrolls: bool = False
    # Whether it is a read that always takes long.
    slow: bool = False
    # The media type of the file that it responds with, in place of JSON.
    download: str | None = None
    # The media types of a file that is sent as it is, in place of a JSON body.
    uploads: Sequence[str] = ()
    # Reads that file before the write begins. Of the API: takes the context and the content, and
    # returns what has a `digest`. Of a page: takes what all pages share and the context, and
    # returns a form with a file. What is returned is closed after the write.
    reader: Callable[..., Any] | None = None
    # The path of the page that a browser is redirected to.
    page: str | None = None
    # Whether it is a page for people: with a session in place of a token, and a form in place of
    # JSON. Its handler takes a Visit of web/visit.py.
    is_page: bool = False

    @property
    def ids(self) -> list[tuple[str, str]]:
        """The parameters of its path: names and patterns. The pattern of an id is empty."""
        return PATH_PARAMETER.findall(self.path)

    @property
    def options(self) -> type[msgspec.Struct]:
        """The struct that its query must fit. Every write has `WriteOptions`."""
        return self.query or (Input if self.method == "GET" else WriteOptions)

    @property
    def body_limit(self) -> int:
        """How many bytes its body can have."""
        return UPLOAD_LIMIT if self.uploads else BODY_LIMIT

    @property
    def reads(self) -> bool:
        return self.method == "GET"

    @property
    def is_public(self) -> bool:
        """Whether it needs no token."""
        return self.allowed is ANYONE

    def is_slow(self, query: Any) -> bool:
        """Whether it takes so long with this query that it would delay other requests."""
        return self.slow or self.download is not None or getattr(query, "is_slow", False)


# Routes


@cache
def make_router(operations: tuple[Operation, ...]) -> Router:
    """Return a router that leads to the operations. It is made once: that takes a while."""
    router = _Router()
    # All numbers of 18 digits fit into a 64-bit integer. A longer one is not found.
    router.add_filter("id", lambda _: ("[1-9][0-9]{0,17}", int, str))
    for operation in operations:
        router.add(operation.path, operation.method, operation)
    router.compile()
    return router


class _Router(Router):  # type: ignore[misc]
    """The router of Bottle, with routes that are compiled once, and not again and again, all of
    them for each that is added: that took a third of a start."""

    def _compile(self, method: str) -> None:
        """Do nothing: Bottle calls this for each route."""

    def compile(self) -> None:
        for method in self.dyna_routes:
            super()._compile(method)


def match(router: Router, context: Context) -> None:
    """Set the operation of the context, and the ids in its path.

    Raises malformed_request. If there is no operation, raises HTTPError, for `answer_unrouted`.
    """
    try:
        context.path = context.path.encode("latin-1").decode()
    except UnicodeDecodeError:
        detail = "The path is not percent-encoded UTF-8."
        raise Problem("malformed_request", detail) from None
    asked = {"REQUEST_METHOD": context.method, "PATH_INFO": context.path}
    context.matched, context.ids = router.match(asked)


def answer_unrouted(context: Context, error: HTTPError) -> Response:
    """Respond to a request without an operation: OPTIONS, which is 405 for the router, or raise.

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
