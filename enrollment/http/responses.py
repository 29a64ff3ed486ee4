"""Answers and problems as HTTP responses."""

import logging
from collections.abc import Mapping
from hashlib import blake2b
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec

from enrollment.http.conditional import etag_of, not_modified
from enrollment.http.context import Context
from enrollment.problems.body import problem_body
from enrollment.problems.errors import Problem

log = logging.getLogger("enrollment")


class Result(NamedTuple):
    """A status, what is sent as JSON (bytes are sent as they are), further headers, an entity tag
    (if there is none, the version of the content, or else for a GET a digest, will do), and what a
    retry is told, if not the same."""

    status: int
    content: Any
    headers: Mapping[str, str] = MappingProxyType({})
    tag: str | None = None
    stored: Any = None


class Response(NamedTuple):
    """What is sent, and the code of the problem if it is one."""

    status: int
    headers: Mapping[str, str] = MappingProxyType({})
    content: bytes = b""
    problem: str | None = None


def encode(content: Any) -> bytes:
    """JSON that ends its line: a terminal's prompt then begins the next."""
    return msgspec.json.encode(content) + b"\n"


def render(context: Context, answer: Result) -> Response:
    if answer.status == HTTPStatus.NO_CONTENT:
        return Response(answer.status, answer.headers)
    content = answer.content if isinstance(answer.content, bytes) else encode(answer.content)
    tag = answer.tag or etag_of(answer.content)
    if tag is None and context.reads:
        tag = blake2b(content, digest_size=12).hexdigest()
    headers = dict(answer.headers)
    if tag:
        headers["ETag"] = f'"{tag}"'
    if context.reads and not_modified(context, tag):
        return Response(HTTPStatus.NOT_MODIFIED, headers)
    return Response(answer.status, {"Content-Type": "application/json", **headers}, content)


def render_problem(context: Context, problem: Problem) -> Response:
    context.refusals = [violation.code for violation in problem.violations] or [problem.code]
    body = problem_body(problem, context.request_id)
    headers = {"Content-Type": "application/problem+json", **problem.headers}
    return Response(body.status, headers, encode(body), problem.code)


def render_failure(context: Context, error: BaseException | None) -> Response:
    """What no one foresaw: the log has the traceback, the client only the id of the request."""
    log.error("request %s failed", context.request_id, exc_info=error)
    problem = Problem("internal_error", "The service failed. The log has the details.")
    return render_problem(context, problem)


# Answers


def ok(content: Any, tag: str | None = None) -> Result:
    return Result(HTTPStatus.OK, content, tag=tag)


def created(content: Any, location: str, tag: str | None = None) -> Result:
    return Result(HTTPStatus.CREATED, content, {"Location": location}, tag)


def no_content() -> Result:
    return Result(HTTPStatus.NO_CONTENT, None)
