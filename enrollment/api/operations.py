"""The list of all operations, and /v1/openapi.json and /docs, which are made from it."""

from functools import cache
from http import HTTPStatus
from typing import Any

from enrollment.api import (
    correction,
    course,
    enrollment,
    event,
    export,
    hold,
    imports,
    record_change,
    service,
    student,
    term,
    token,
    waitlist,
)
from enrollment.http.context import Context
from enrollment.http.operation import ANYONE, Operation
from enrollment.http.responses import Result, encode
from enrollment.openapi import pages
from enrollment.openapi.document import document
from enrollment.storage.database import Database


def read_openapi(context: Context, database: Database) -> Result:
    """Show this interface as an OpenAPI 3.1 document."""
    return Result(HTTPStatus.OK, openapi(), {"Content-Type": "application/json"})


def read_docs(context: Context, database: Database) -> Result:
    """Show this interface as a page."""
    return Result(HTTPStatus.OK, docs(), pages.HEADERS)


@cache
def openapi() -> bytes:
    """Return the OpenAPI document of all operations, as JSON. It is made once for each process."""
    return encode(document(OPERATIONS))


@cache
def docs() -> bytes:
    """Return the OpenAPI document as an HTML page. It is made once for each process."""
    return pages.docs(document(OPERATIONS))


OPERATIONS: tuple[Operation, ...] = (
    *service.OPERATIONS,
    *student.OPERATIONS,
    *correction.OPERATIONS,
    *term.OPERATIONS,
    *course.OPERATIONS,
    *waitlist.OPERATIONS,
    *hold.OPERATIONS,
    *enrollment.OPERATIONS,
    *event.OPERATIONS,
    *export.OPERATIONS,
    *imports.OPERATIONS,
    *record_change.OPERATIONS,
    *token.OPERATIONS,
    Operation("GET", "/v1/openapi.json", ANYONE, read_openapi, answer=dict[str, Any], slow=True),
    Operation("GET", "/docs", ANYONE, read_docs, answer=bytes, slow=True),
)
