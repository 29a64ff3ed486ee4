"""Every response that an operation can have: its status, headers, content and examples."""

from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Any, get_origin

import msgspec

from enrollment.http.operation import ANYONE, Operation
from enrollment.model.queries import PageQuery
from enrollment.model.records import Enrollment
from enrollment.model.results import CourseCopies, DryRun, EventFeed, Page, Results
from enrollment.model.types import UNBOUNDED
from enrollment.openapi.examples import sample
from enrollment.openapi.headers import headers_of
from enrollment.openapi.schemas import reference, written_reference
from enrollment.problems.body import ProblemBody, example_body
from enrollment.problems.registry import PROBLEM_TYPES


def responses(operation: Operation) -> dict[str, Any]:
    """The responses of an operation, by status and in the order of their statuses."""
    every: dict[int, Any] = {}
    for status in _successes(operation):
        every[status] = _success(operation, status)
    for status, codes in _problems(operation).items():
        every[status] = (
            {"$ref": f"#/components/responses/{_name(codes)}"}
            if _shared(operation, status)
            else _problem(operation, status, codes)
        )
    return {str(status): every[status] for status in sorted(every)}


def shared_responses(operations: Iterable[Operation]) -> dict[str, Any]:
    """The responses that operations have in common: problems that are not rules."""
    return {
        _name(codes): _problem(operation, status, codes)
        for operation in operations
        for status, codes in _problems(operation).items()
        if _shared(operation, status)
    }


def examples(operations: Iterable[Operation]) -> dict[str, Any]:
    """An example of each problem that one of these operations can have. Others are only pages'."""
    codes = {code for operation in operations for code in _codes(operation)}
    return {code: _example(code) for code in PROBLEM_TYPES if code in codes}


# Success


def _successes(operation: Operation) -> set[int]:
    """The declared status, and those that follow from the declaration: 303 if a browser is led to a
    page, 304 if the client has the current version, 201 if a PUT creates, 207 if each item of
    many has a status, and 200 for a deletion as a dry run."""
    statuses = {int(operation.status)}
    if operation.page:
        statuses |= {303}
    if operation.method == "GET":
        statuses |= {304}
    if operation.method == "PUT" and operation.answer is Enrollment:
        statuses |= {201}
    if _creates_many(operation) and operation.answer is not CourseCopies:
        statuses |= {207}
    if operation.status == HTTPStatus.NO_CONTENT:
        statuses |= {200}
    return statuses


def _creates_many(operation: Operation) -> bool:
    return (
        operation.status == HTTPStatus.CREATED
        and isinstance(operation.answer, type)
        and issubclass(operation.answer, Results)
    )


def _success(operation: Operation, status: int) -> dict[str, Any]:
    names = [] if status in (HTTPStatus.NO_CONTENT, HTTPStatus.SEE_OTHER) else ["ETag"]
    if operation.page:
        names += ["Vary"]
    created = status == HTTPStatus.CREATED and not _creates_many(operation)
    if created or status == HTTPStatus.SEE_OTHER:
        names += ["Location"]
    if get_origin(operation.answer) is Page or operation.answer is EventFeed:
        names += ["Link"]
    if operation.method == "POST":
        names += ["Idempotency-Replayed"]
    if operation.download:
        names += ["Content-Disposition"]
    described: dict[str, Any] = {
        "description": HTTPStatus(status).phrase,
        "headers": headers_of(operation, *names),
    }
    if status not in (HTTPStatus.NO_CONTENT, HTTPStatus.SEE_OTHER, HTTPStatus.NOT_MODIFIED):
        described["content"] = _content(operation)
    return described


def _content(operation: Operation) -> dict[str, Any]:
    if operation.download:
        schema = {"type": "string", "format": "binary", "maxLength": UNBOUNDED}
        media_type = operation.download.partition(";")[0]
        return {media_type: {"schema": schema, "example": "the bytes of the file"}}
    if operation.answer is bytes:
        schema = {"type": "string", "format": "html", "maxLength": UNBOUNDED}
        return {"text/html": {"schema": schema, "example": "<!doctype html>"}}
    if operation.answer is str:
        schema = {"type": "string", "pattern": r"\S", "maxLength": UNBOUNDED}
        return {"text/plain": {"schema": schema, "example": "enrollment_wal_bytes 4152.0\n"}}
    if operation.answer == dict[str, Any]:
        # This document itself is too long for an example.
        return {"application/json": {"schema": reference(operation.answer)}}
    if operation.answer is None:
        schema = reference(DryRun)
    elif operation.reads:
        schema = reference(operation.answer)
    else:
        schema = written_reference(operation.answer)
    kind = operation.answer or DryRun
    return {"application/json": {"schema": schema, "example": sample(kind)}}


# Problems


def _codes(operation: Operation) -> Iterator[str]:
    """The codes of every problem that an operation can have."""
    yield from ("malformed_request", "misdirected_request", "invalid_query", "internal_error")
    yield from ("database_busy", "database_read_only", "database_damaged", "disk_failed")
    yield from ("database_moved", "database_unreachable")
    if not operation.reads:
        yield "outcome_unknown"
    if operation.allowed is not ANYONE:
        yield from ("token_missing", "token_invalid", "forbidden")
        yield from ("too_many_failures", "too_many_requests")
    if operation.body:
        yield from ("malformed_json", "unsupported_media_type", "invalid_body")
        yield from ("length_required", "body_too_large", "request_timeout")
    if operation.uploads:
        yield from ("unsupported_media_type", "length_required", "body_too_large")
        yield "request_timeout"
    if operation.method == "POST":
        yield from ("idempotency_key_invalid", "idempotency_key_reused")
    if operation.conditional or operation.method != "POST":
        yield "precondition_failed"
    if operation.method != "GET":
        yield "disk_full"
    yield from operation.conflicts
    names = [name for name, _ in operation.ids]
    if names:
        yield from ("not_found", *(f"{name.removesuffix('_id')}_not_found" for name in names))
    if {"student_id", "course_id"} <= {*names}:
        yield "enrollment_not_found"
    if issubclass(operation.options, PageQuery):
        yield "page_not_found"
    if "as_of" in operation.options.__struct_fields__:
        yield "time_in_future"


def _problems(operation: Operation) -> dict[int, list[str]]:
    """The codes that an operation can have, by status."""
    codes = {*_codes(operation)}
    by_status: dict[int, list[str]] = {}
    for code, kind in PROBLEM_TYPES.items():
        if code in codes:
            by_status.setdefault(kind.status, []).append(code)
    return by_status


def _shared(operation: Operation, status: int) -> bool:
    """Whether other operations can have the same response. Rules differ, and few operations need
    no token."""
    return status != HTTPStatus.CONFLICT and operation.allowed is not ANYONE


def _name(codes: list[str]) -> str:
    return ".".join(codes)


def _problem(operation: Operation, status: int, codes: list[str]) -> dict[str, Any]:
    names = {401: ["WWW-Authenticate"], 429: ["Retry-After"], 503: ["Retry-After"]}
    # The names of the examples are the codes of this response. They cannot stand beside the
    # reference, where generators ignore them.
    shown = {code: {"$ref": f"#/components/examples/{code}"} for code in codes}
    return {
        "description": ("One of: " if len(codes) > 1 else "") + ", ".join(codes),
        "headers": headers_of(operation, *names.get(status, [])),
        "content": {
            "application/problem+json": {"schema": reference(ProblemBody), "examples": shown}
        },
    }


def _example(code: str) -> dict[str, Any]:
    kind, body = PROBLEM_TYPES[code], msgspec.to_builtins(example_body(code))
    return {"summary": kind.title, "description": kind.advice, "value": body}
