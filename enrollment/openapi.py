"""The OpenAPI document (https://spec.openapis.org/oas/v3.1.0), made of the declared operations."""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

import msgspec

from enrollment.access import ANYONE
from enrollment.filters import Page, WriteOptions
from enrollment.http import Operation
from enrollment.kinds import KINDS
from enrollment.records import Enrollment, Fields, Rehearsal, Results
from enrollment.rendering import ProblemBody
from enrollment.values import END, SURROGATES, Day, Moment, PastMoment

FORMATS: dict[type, str] = {Day: "date", Moment: "date-time", PastMoment: "date-time"}
REF = "#/components/schemas/{name}"
PATH_PARAMETER = re.compile(r"<(\w+):(?:id|re:([^>]+))>")


def document(operations: Sequence[Operation]) -> dict[str, Any]:
    """The whole document; it needs no server."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        path = PATH_PARAMETER.sub(r"{\1}", operation.path)
        paths.setdefault(path, {})[operation.method.lower()] = _operation(operation)
    types = [kind for operation in operations for kind in _types(operation)]
    _, schemas = msgspec.json.schema_components(types, schema_hook=_schema, ref_template=REF)
    whole: dict[str, Any] = _with_patterns_of_ecmascript(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "Enrollment",
                "version": version("enrollment"),
                "description": "Students, courses, and who is in what.",
                "license": {"name": "MIT", "identifier": "MIT"},
            },
            "servers": [{"url": "/"}],
            "security": [{"token": []}],
            "tags": [{"name": name} for name in sorted({_tag(op) for op in operations})],
            "paths": paths,
            "components": {
                "schemas": schemas,
                "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            },
        }
    )
    return whole


def _operation(operation: Operation) -> dict[str, Any]:
    name = operation.handler.__name__
    described: dict[str, Any] = {
        "operationId": name,
        "summary": name.replace("_", " ").capitalize(),
        "tags": [_tag(operation)],
        "parameters": [*_path_parameters(operation), *_query_parameters(operation)],
        "responses": {
            str(status): response for status, response in sorted(_responses(operation).items())
        },
    }
    if operation.allowed is ANYONE:
        described["security"] = []
    else:
        described["description"] = f"For the roles: {', '.join(sorted(operation.allowed))}."
    if operation.body:
        described["requestBody"] = {"required": True, "content": _json(operation.body)}
    return described


def _tag(operation: Operation) -> str:
    return operation.handler.__module__.rpartition(".")[2]


def _path_parameters(operation: Operation) -> Iterator[dict[str, Any]]:
    for name, pattern in PATH_PARAMETER.findall(operation.path):
        schema: dict[str, Any] = {"type": "integer", "minimum": 1, "maximum": 10**18 - 1}
        if pattern:
            schema = {"type": "string", "pattern": f"^{pattern}$"}
        yield {"name": name, "in": "path", "required": True, "schema": schema}


def _query_parameters(operation: Operation) -> Iterator[dict[str, Any]]:
    query = _query(operation)
    (_,), schemas = msgspec.json.schema_components([query], schema_hook=_schema, ref_template=REF)
    for name, schema in schemas[query.__name__]["properties"].items():
        yield {"name": name, "in": "query", "required": False, "schema": _present(schema)}


def _query(operation: Operation) -> type[msgspec.Struct]:
    return operation.query or (Fields if operation.method == "GET" else WriteOptions)


def _present(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter is left out, not null."""
    if "anyOf" in schema:
        (schema,) = [part for part in schema["anyOf"] if part != {"type": "null"}]
    return schema


def _responses(operation: Operation) -> dict[int, dict[str, Any]]:
    responses = {status: _success(operation, status) for status in _success_statuses(operation)}
    for status in _problem_statuses(operation):
        codes = [code for code, kind in KINDS.items() if kind.status == status]
        if status == HTTPStatus.CONFLICT:
            codes = [*operation.conflicts]
        responses[status] = {
            "description": "One of: " + ", ".join(codes),
            "content": {"application/problem+json": {"schema": _ref(ProblemBody)}},
        }
    return responses


def _success_statuses(operation: Operation) -> set[int]:
    """What it declares, and what follows from its method: a reader may have it already, a PUT may
    create, each of a list may have a status of its own, and a rehearsed deletion has an answer."""
    statuses = {int(operation.status)}
    if operation.method == "GET":
        statuses |= {304}
    if operation.method == "PUT" and operation.answer is Enrollment:
        statuses |= {201}
    if operation.status == HTTPStatus.CREATED and operation.answer is Results:
        statuses |= {207}
    if operation.status == HTTPStatus.NO_CONTENT:
        statuses |= {200}
    return statuses


def _success(operation: Operation, status: int) -> dict[str, Any]:
    described: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if status in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
        return described
    if operation.answer in (bytes, str):
        kind = "text/html" if operation.answer is bytes else "text/plain"
        described["content"] = {kind: {"schema": {"type": "string"}}}
    elif operation.method == "GET":
        described["content"] = _json(operation.answer)
    else:
        kinds = (operation.answer, Rehearsal) if operation.answer else (Rehearsal,)
        schema = {"anyOf": [_ref(kind) for kind in kinds]}
        described["content"] = {"application/json": {"schema": schema}}
    return described


def _problem_statuses(operation: Operation) -> set[int]:
    statuses = {400, 412, 421, 422, 500, 503}
    if operation.allowed is not ANYONE:
        statuses |= {401, 403, 429}
    if operation.body:
        statuses |= {408, 411, 413, 415}
    if operation.method != "GET":
        statuses |= {507}
    if operation.conflicts:
        statuses |= {409}
    if "<" in operation.path or issubclass(_query(operation), Page):
        statuses |= {404}
    return statuses


def _types(operation: Operation) -> Iterator[Any]:
    yield from (ProblemBody, Rehearsal)
    yield from (kind for kind in (operation.body, operation.answer) if kind not in (None, bytes))


def _json(kind: Any) -> dict[str, Any]:
    return {"application/json": {"schema": _ref(kind)}}


@cache
def _ref(kind: Any) -> dict[str, Any]:
    (schema,), _ = msgspec.json.schema_components([kind], schema_hook=_schema, ref_template=REF)
    return schema


def _schema(kind: type) -> dict[str, Any]:
    return {"type": "string", "format": FORMATS[kind]}


def _with_patterns_of_ecmascript(part: Any) -> Any:
    """There "$" is the very end, and a lone surrogate is no character (JSON Schema, 6.3.3)."""
    if isinstance(part, list):
        return [_with_patterns_of_ecmascript(inner) for inner in part]
    if not isinstance(part, dict):
        return part
    return {
        name: inner.replace(END, "$").replace(SURROGATES, "")
        if name == "pattern" and isinstance(inner, str)
        else _with_patterns_of_ecmascript(inner)
        for name, inner in part.items()
    }
