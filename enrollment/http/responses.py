"""Results and problems as HTTP responses."""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from io import SEEK_END, IOBase
from types import MappingProxyType
from typing import Any, BinaryIO, NamedTuple, Self

import msgspec

from enrollment.http.conditional import Content, digest_of, etag_of, not_modified
from enrollment.http.context import Context
from enrollment.http.oneroster_errors import error_of, is_oneroster
from enrollment.model.results import Violation
from enrollment.problems.body import problem_body
from enrollment.problems.errors import Problem

log = logging.getLogger("enrollment")
# Only the client may keep a response, and no browser may run or load anything because of it.
SECURITY_HEADERS = {
    "Cache-Control": "private, no-cache",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
# The statuses of responses without content.
WITHOUT_CONTENT = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
# In bytes. A file is sent in pieces of this size.
PIECE = 64 * 1024


class Result(NamedTuple):
    """What a handler returns."""

    status: int
    # Sent as JSON; bytes and files are sent as they are.
    content: Any
    headers: Mapping[str, str] = MappingProxyType({})
    # The entity tag. If None, it is made from the version of the content. If that has no version,
    # the response to a read has a digest of the content as its tag.
    tag: str | None = None
    # The content for a retry under the same Idempotency-Key, if it is different.
    replay: Any = None


class Response(NamedTuple):
    """What is sent to the client."""

    status: int
    headers: Mapping[str, str] = MappingProxyType({})
    content: Content = b""
    # The code of the problem, if the response is one.
    problem: str | None = None


def encode(content: Any) -> bytes:
    """Encode JSON, with a line end for readers at a terminal."""
    return msgspec.json.encode(content) + b"\n"


def render(context: Context, result: Result) -> Response:
    """Turn a result into a response with its ETag, or into 304. Raises precondition_failed."""
    if result.status == HTTPStatus.NO_CONTENT:
        return Response(result.status, result.headers)
    content = result.content
    if not isinstance(content, bytes | IOBase):
        content = encode(content)
    try:
        return _render_content(context, result, content)
    except BaseException:
        discard(content)
        raise


def _render_content(context: Context, result: Result, content: Content) -> Response:
    tag = result.tag or etag_of(result.content)
    if tag is None and context.reads:
        tag = digest_of(content)
    headers = dict(result.headers)
    if tag:
        headers["ETag"] = f'"{tag}"'
    if context.reads and not_modified(context, tag):
        discard(content)
        return Response(HTTPStatus.NOT_MODIFIED, headers)
    return Response(result.status, {"Content-Type": "application/json", **headers}, content)


def render_problem(context: Context, problem: Problem) -> Response:
    """Turn a problem into a response (RFC 9457, or that of OneRoster), and note its codes for the
    metrics."""
    context.refusals = problem.codes
    if is_oneroster(context.path):
        status, headers, error = error_of(context.path, problem)
        return Response(status, headers, encode(error), problem.code)
    body = problem_body(problem, context.request_id)
    headers = {"Content-Type": "application/problem+json", **problem.headers}
    return Response(body.status, headers, encode(body), problem.code)


def render_failure(context: Context, error: BaseException | None) -> Response:
    """Turn an unexpected exception into a response with the request id, and log its traceback."""
    log_failure(context, error)
    return render_problem(context, service_failed())


def log_failure(context: Context, error: BaseException | None) -> None:
    log.error("request %s failed", context.request_id, exc_info=error)


def service_failed() -> Problem:
    return Problem("internal_error", "The service failed. The log has the details.")


# What handlers return


def ok(content: Any, tag: str | None = None) -> Result:
    return Result(HTTPStatus.OK, content, tag=tag)


def created(content: Any, location: str, tag: str | None = None) -> Result:
    return Result(HTTPStatus.CREATED, content, {"Location": location}, tag)


def unchanged(tag: str) -> Result:
    """Return the result of a read whose client has the content already."""
    return Result(HTTPStatus.NOT_MODIFIED, None, tag=tag)


def no_content() -> Result:
    return Result(HTTPStatus.NO_CONTENT, None)


def created_many(context: Context, results: Any, mode: str) -> Result:
    """Return the results for many items: 201 for all of them, 207 for each. Note for the metrics
    what was refused."""
    context.refusals = [violation.code for item in results.items for violation in item.errors]
    status = HTTPStatus.CREATED if mode == "all" else HTTPStatus.MULTI_STATUS
    return Result(status, results)


def status_of(violations: Sequence[Violation]) -> int:
    """Return the status that a request for one item alone would have."""
    return Problem.from_violations(violations).status if violations else HTTPStatus.CREATED


def complete(context: Context, response: Response) -> Response:
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


# What is sent


def size_of(content: Content) -> int:
    """Return how many bytes are sent."""
    return len(content) if isinstance(content, bytes) else content.seek(0, SEEK_END)


class Pieces:
    """A file that is sent piece by piece. It is closed at the end, or by `close` at any time."""

    def __init__(self, content: BinaryIO) -> None:
        self._file = content
        self._file.seek(0)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        piece = self._file.read(PIECE)
        if not piece:
            self.close()
            raise StopIteration
        return piece

    def close(self) -> None:
        self._file.close()


def discard(content: Content) -> None:
    """Close a file that is not sent."""
    if not isinstance(content, bytes):
        content.close()
