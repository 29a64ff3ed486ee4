"""What every route shares: operations, answers, problems and rehearsals."""

import logging
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from hashlib import blake2b
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec
from bottle import Bottle, HTTPError, HTTPResponse, request, response

from enrollment.access import Gate, current_caller, require_registrar
from enrollment.data import event
from enrollment.database import Database
from enrollment.errors import KINDS, Fault, Problem
from enrollment.filters import EventFilter, WriteOptions
from enrollment.inputs import BodyAwaited, read_body, read_query
from enrollment.preconditions import not_modified, seen_tag, tag_of
from enrollment.records import Change, Explained, Fields
from enrollment.values import Moment

log = logging.getLogger("enrollment")

# More than one request can leave.
EVENTS_SHOWN = 1_000_000


class Answer(NamedTuple):
    """A status, what is sent as JSON (bytes are sent as they are), further headers, and an entity
    tag: if there is none, the version of the content, or else for a GET a digest, will do."""

    status: int
    content: Any
    headers: Mapping[str, str] = MappingProxyType({})
    tag: str | None = None


class Operation(NamedTuple):
    """One method of one path, who may use it, its handler, and the structs that its body and its
    query must fit.

    The handler takes the database, then by name the ids of the path, and `body` and `query` if it
    declares them; it returns an Answer or raises a Problem.
    """

    method: str
    path: str
    allowed: frozenset[str]
    handler: Callable[..., Answer]
    body: type[msgspec.Struct] | None = None
    query: type[msgspec.Struct] | None = None


def register(app: Bottle, database: Database, gate: Gate, operations: Sequence[Operation]) -> None:
    """Route each operation, and let every error of the router be a problem too."""
    # Up to 18 digits fit SQLite's integers; anything else is no id, and so not found.
    app.router.add_filter("id", lambda _: ("[1-9][0-9]{0,17}", int, str))
    app.add_hook("before_request", partial(_check_address, gate))
    app.default_error_handler = _router_error
    for operation in operations:
        add_operation(app, database, gate, operation)


def _check_address(gate: Gate) -> None:
    """Bottle would leave bytes that are no UTF-8 out, and find what was not asked for."""
    try:
        gate.check_host()
        request.environ["bottle.raw_path"].encode("latin-1").decode()
    except UnicodeDecodeError:
        detail = "The path is not percent-encoded UTF-8."
        raise _render_problem(Problem("malformed_request", detail)) from None
    except Problem as problem:
        raise _render_problem(problem) from None


def add_operation(app: Bottle, database: Database, gate: Gate, operation: Operation) -> None:
    def callback(**ids: int) -> HTTPResponse:
        try:
            gate.admit(operation.allowed, ids)
            inputs: dict[str, Any] = dict(ids)
            reads = operation.method == "GET"
            query = read_query(
                request.environ, operation.query or (Fields if reads else WriteOptions)
            )
            if operation.query:
                inputs["query"] = query
            if operation.body:
                inputs["body"] = read_body(request.environ, operation.body)
                require_registrar(inputs["body"])
            act = partial(operation.handler, database, **inputs)
            rehearsed = isinstance(query, WriteOptions) and query.dry_run
            return _render(_rehearse(database, act) if rehearsed else act())
        except Problem as problem:
            return _render_problem(problem)
        except BodyAwaited:
            request.environ["enrollment.body_awaited"] = True
            return HTTPResponse(status=HTTPStatus.NO_CONTENT)
        except Exception as error:
            return _render_failure(error)

    app.route(operation.path, operation.method, callback)


def _encode(content: Any) -> bytes:
    """JSON that ends its line: a terminal's prompt then begins the next."""
    return msgspec.json.encode(content) + b"\n"


class _Undo(Exception):
    """Ends a rehearsal."""


def _rehearse(database: Database, act: Callable[[], Answer]) -> Answer:
    """What a write would answer, and the events that it would leave; then all of it is undone.

    The tag is that of what is there now, for the write itself to be held against.
    """
    try:
        with database.write() as db:
            last = event.get_last_event_id(db)
            answer = act()
            left = event.list_events(db, EventFilter(after=last, limit=EVENTS_SHOWN)).items
            caller = current_caller()
            if caller and caller.role == "student":
                left = [found for found in left if found.student_id == caller.student_id]
            raise _Undo
    except _Undo:
        status = HTTPStatus.OK if answer.status == HTTPStatus.NO_CONTENT else answer.status
        content = msgspec.to_builtins(answer.content or {}) | {"dry_run": True, "events": left}
        return Answer(status, content, tag=seen_tag())


def _render(answer: Answer) -> HTTPResponse:
    if answer.status == HTTPStatus.NO_CONTENT:
        return HTTPResponse(status=answer.status, headers=answer.headers)
    if isinstance(answer.content, bytes):
        return HTTPResponse(answer.content, answer.status, answer.headers)
    content = _encode(answer.content)
    reads = request.method in ("GET", "HEAD")
    tag = answer.tag or tag_of(answer.content)
    if tag is None and reads:
        tag = blake2b(content, digest_size=12).hexdigest()
    headers = {"Content-Type": "application/json", **answer.headers}
    if tag:
        headers["ETag"] = f'"{tag}"'
    if reads and not_modified(tag):
        return HTTPResponse(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    return HTTPResponse(content, answer.status, headers)


class ProblemBody(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 9457, with a code, and in `errors` every single reason."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: Sequence[Fault]
    request_id: str | msgspec.UnsetType = msgspec.UNSET


def _render_problem(problem: Problem) -> HTTPResponse:
    kind = KINDS[problem.code]
    request.environ["enrollment.busy"] = problem.code == "database_busy"
    body = ProblemBody(
        type=f"/problems/{problem.code}",
        title=kind.title,
        status=kind.status,
        detail=problem.detail,
        code=problem.code,
        errors=problem.faults,
        request_id=request.environ["enrollment.request_id"]
        if problem.code == "internal_error"
        else msgspec.UNSET,
    )
    headers = {"Content-Type": "application/problem+json", **problem.headers}
    return HTTPResponse(_encode(body), kind.status, headers)


def _render_failure(error: BaseException | None) -> HTTPResponse:
    """What no one foresaw: the log has the traceback, the client only the id of the request."""
    log.error("request %s failed", request.environ["enrollment.request_id"], exc_info=error)
    return _render_problem(Problem("internal_error", "The service failed; the log says why."))


def _router_error(error: HTTPError) -> str:
    """The router's 404 and 405, and OPTIONS, which it takes for a method that is not allowed."""
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = {*error.headers["Allow"].split(","), "OPTIONS"}
        if "GET" in allowed:
            allowed.add("HEAD")
        headers = {"Allow": ", ".join(sorted(allowed))}
        if request.method == "OPTIONS":
            rendered = HTTPResponse(status=HTTPStatus.NO_CONTENT, headers=headers)
        else:
            detail = f"{request.path} does not take {request.method}."
            rendered = _render_problem(Problem("method_not_allowed", detail, headers=headers))
    elif error.status_code == HTTPStatus.NOT_FOUND:
        rendered = _render_problem(Problem("not_found", "There is nothing at this address."))
    else:
        rendered = _render_failure(error.exception)
    rendered.apply(response)
    body: bytes = rendered.body or b""
    return body.decode()


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

    Raises invalid_body for what is said to be true only later.
    """
    given = given or Explained()
    at, override, caller = Moment.now(), given.override, current_caller()
    if given.effective_at and given.effective_at > at:
        fault = Fault(
            pointer="/effective_at",
            code="invalid_value",
            detail=f"Expected a time that has come: it is {at} now",
        )
        raise Problem("invalid_body", "What is true only later is not recorded yet.", [fault])
    return Change(
        at=at,
        effective_at=given.effective_at,
        actor=caller.actor if caller else "api",
        reason=given.reason,
        overridden=msgspec.json.encode(override.rules).decode() if override else None,
        override_reason=override.reason if override else None,
    )
