"""The routes: every operation that the service has."""

from functools import cache
from typing import Any

from enrollment.api import course, enrollment, event, hold, service, student, term, token
from enrollment.http.authentication import ANYONE
from enrollment.http.context import Context
from enrollment.http.operation import Operation
from enrollment.http.responses import Result, encode
from enrollment.openapi import pages
from enrollment.openapi.document import document
from enrollment.storage.database import Database


def read_openapi(context: Context, database: Database) -> Result:
    """Show this interface as an OpenAPI 3.1 document."""
    return Result(200, openapi(), {"Content-Type": "application/json"})


def read_docs(context: Context, database: Database) -> Result:
    """Show this interface as a page."""
    return Result(200, docs(), pages.HEADERS)


@cache
def openapi() -> bytes:
    """The OpenAPI document of all operations, this one too."""
    return encode(document(OPERATIONS))


@cache
def docs() -> bytes:
    """The same document as a page."""
    return pages.docs(document(OPERATIONS))


OPERATIONS: tuple[Operation, ...] = (
    *service.OPERATIONS,
    *student.OPERATIONS,
    *term.OPERATIONS,
    *course.OPERATIONS,
    *hold.OPERATIONS,
    *enrollment.OPERATIONS,
    *event.OPERATIONS,
    *token.OPERATIONS,
    Operation("GET", "/v1/openapi.json", ANYONE, read_openapi, answer=dict[str, Any], slow=True),
    Operation("GET", "/docs", ANYONE, read_docs, answer=bytes, slow=True),
)
