"""The OpenAPI document (https://spec.openapis.org/oas/v3.1.0), made of the declared operations."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from http import HTTPStatus
from typing import Any

import msgspec

from enrollment.http.body import media_types
from enrollment.http.endpoint import KEY
from enrollment.http.operation import ANYONE, Operation, path_template
from enrollment.model.release import RELEASE
from enrollment.model.results import BulkResult, CourseResult, DryRun, StudentResult, Violation
from enrollment.openapi.college import LIST
from enrollment.openapi.examples import request_sample
from enrollment.openapi.headers import headers
from enrollment.openapi.responses import examples, responses, shared_responses
from enrollment.openapi.schemas import (
    fields,
    finished,
    mark_always_sent,
    mark_left_out,
    named,
    reference,
    written,
)
from enrollment.problems.body import ProblemBody

ABOUT = """Students, courses, and who is enrolled in which course.

Every refusal gives all its reasons as `application/problem+json` (RFC 9457) and changes nothing.
Every path with GET also takes HEAD. The response to OPTIONS lists the methods of a path in `Allow`,
and so does the 405 response to any other method."""
TOKEN = """An access token, which an admin creates (`POST /v1/tokens`). Its role must be one of the
operation's `x-roles`. A token with the role student cannot use a path with another student's id."""
# The server refuses longer headers.
HEADER = {"type": "string", "maxLength": 2**20}


def document(operations: Sequence[Operation]) -> dict[str, Any]:
    """The document of these operations. No running service is needed."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        described = _operation(operation, operations)
        paths.setdefault(path_template(operation.path), {})[operation.method.lower()] = described
    whole: dict[str, Any] = finished(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "Enrollment",
                "version": RELEASE,
                "description": ABOUT,
                "contact": {"name": "The operator of this service"},
                "license": {"name": "MIT", "identifier": "MIT"},
            },
            "servers": [{"url": "/", "x-internal": False}],
            "security": [{"token": []}],
            "tags": [
                {"name": name, "description": _about(name)}
                for name in dict.fromkeys(_tag(operation) for operation in operations)
            ],
            "paths": paths,
            "components": {
                "schemas": _schemas(operations),
                "responses": shared_responses(operations),
                "parameters": {header["name"]: header for header in _header_parameters()},
                "headers": headers(),
                "examples": examples(operations),
                "securitySchemes": {
                    "token": {"type": "http", "scheme": "bearer", "description": TOKEN}
                },
            },
        }
    )
    return whole


def _schemas(operations: Sequence[Operation]) -> dict[str, Any]:
    schemas = named(_records(operations))
    for operation in operations:
        if isinstance(operation.answer, type) and issubclass(operation.answer, msgspec.Struct):
            mark_always_sent(schemas[operation.answer.__name__])
    for record in (Violation, BulkResult, StudentResult, CourseResult):
        mark_left_out(schemas[record.__name__])
    return schemas | written(_written(operations))


def _records(operations: Sequence[Operation]) -> Iterator[Any]:
    yield from (ProblemBody, DryRun)
    for operation in operations:
        for kind in (operation.body, operation.answer):
            if kind not in (None, bytes, str):
                yield kind


def _written(operations: Sequence[Operation]) -> Iterable[Any]:
    """The types that writes return."""
    return dict.fromkeys(
        operation.answer for operation in operations if operation.answer and not operation.reads
    )


def _operation(operation: Operation, operations: Sequence[Operation]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.handler.__name__,
        "summary": _sentence(operation.handler.__doc__),
        "description": _access(operation),
        "tags": [_tag(operation)],
        "x-roles": sorted(operation.allowed),
        "parameters": [
            *_path_parameters(operation),
            *_query_parameters(operation),
            *({"$ref": f"#/components/parameters/{name}"} for name in _header_names(operation)),
        ],
        "responses": responses(operation),
    }
    if operation.allowed is ANYONE:
        described["security"] = []
    if operation.body:
        content = {"schema": reference(operation.body), "example": request_sample(operation.body)}
        types = dict.fromkeys(media_types(operation.method), content)
        described["requestBody"] = {"required": True, "content": types}
    if operation.uploads:
        limits = {"minLength": 1, "maxLength": operation.body_limit}
        schema = {"type": "string", "format": "binary"} | limits
        file = {"schema": schema, "example": LIST}
        content = dict.fromkeys(operation.uploads, file)
        described["requestBody"] = {"required": True, "content": content}
    if operation.status == HTTPStatus.CREATED and (links := dict(_links(operation, operations))):
        described["responses"]["201"]["links"] = links
    return described


def _access(operation: Operation) -> str:
    if operation.allowed is ANYONE:
        return "No token is needed."
    return f"Roles: {', '.join(sorted(operation.allowed))}."


def _tag(operation: Operation) -> str:
    """The module of the operation. The document and its page belong to the service itself."""
    module = operation.handler.__module__.rpartition(".")[2]
    return "service" if module == "operations" else module


def _about(tag: str) -> str:
    return _sentence(sys.modules[f"enrollment.api.{tag}"].__doc__) + "."


def _sentence(docstring: str | None) -> str:
    return (docstring or "").partition("\n\n")[0].removesuffix(".")


# Parameters


def _path_parameters(operation: Operation) -> Iterator[dict[str, Any]]:
    for name, pattern in operation.ids:
        schema: dict[str, Any] = {"type": "integer", "minimum": 1, "maximum": 10**18 - 1}
        if pattern:
            schema = {"type": "string", "pattern": f"^{pattern}$", "maxLength": 64}
        described = _parameter("path", name, f"The {name.replace('_', ' ')}", schema)
        yield described | {"required": True, "example": "course_full" if pattern else 1}


def _query_parameters(operation: Operation) -> Iterator[dict[str, Any]]:
    for name, schema in fields(operation.options).items():
        described = (
            schema.pop("description", None) or f"Only records with this {name.replace('_', ' ')}"
        )
        yield _parameter("query", name, described, schema)


def _header_names(operation: Operation) -> Iterator[str]:
    yield "X-Request-Id"
    if operation.conditional or operation.method != "POST":
        yield from ("If-Match", "If-None-Match")
    if operation.method == "POST":
        yield "Idempotency-Key"


def _header_parameters() -> Iterator[dict[str, Any]]:
    """The request headers, which are described once and referred to."""
    yield _parameter(
        "header",
        "X-Request-Id",
        "The id of the request in the log: 1 to 64 letters, digits and . _ -; any other value is"
        " replaced",
        HEADER | {"format": "request-id"},
    )
    tags = HEADER | {"format": "entity-tags"}
    text = "Only if the record has one of these entity tags; with *, only if it exists"
    yield _parameter("header", "If-Match", text, tags)
    text = "Only if the record has none of these entity tags; with *, only if it does not exist"
    yield _parameter("header", "If-None-Match", text, tags)
    yield _parameter(
        "header",
        "Idempotency-Key",
        "A key that is new for every request. A request that is sent again with its key is not done"
        " again. It has up to 255 ASCII characters, in double quotes unless it is one word",
        {"type": "string", "pattern": f"^(?:{KEY})$", "maxLength": 257},
    )


def _parameter(place: str, name: str, described: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "in": place,
        "required": False,
        "description": f"{described}.",
        "schema": schema,
    }


# Links


def _links(
    operation: Operation, operations: Sequence[Operation]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Links from a new record to every operation on it."""
    known = {name: f"$request.path.{name}" for name, _ in operation.ids}
    names = {field.name for field in msgspec.structs.fields(operation.answer)}
    for other in operations:
        more = [name for name, _ in other.ids if name not in known]
        if other.path.startswith(f"{operation.path}/<") and len(more) == 1:
            (name,) = more
            new = f"$response.body#/{name if name in names else 'id'}"
            yield (
                other.handler.__name__,
                {"operationId": other.handler.__name__, "parameters": known | {name: new}},
            )
