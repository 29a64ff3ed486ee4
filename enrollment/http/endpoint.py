"""The run of an operation: its query, its body, its handler and its response."""

from functools import partial
from http import HTTPStatus
from typing import Any

from enrollment.data.record_change import acting
from enrollment.http.accept import prefers_html
from enrollment.http.body import read_body, read_upload, refuse_body
from enrollment.http.context import Context
from enrollment.http.query import read_query
from enrollment.http.responses import Response, Result, render
from enrollment.http.validation import forbid_staff_fields
from enrollment.http.writes import Handler, dry_run, execute_idempotently
from enrollment.model.queries import WriteOptions
from enrollment.model.types import Timestamp
from enrollment.storage.connection import Connection
from enrollment.storage.database import Database


def prepare(context: Context) -> None:
    """Read the query, and refuse a body that the operation does not take.

    Raises malformed_request, invalid_query.
    """
    operation = context.operation
    assert operation
    context.query = read_query(context.environ, operation.options, context.zone)
    if not operation.body and not operation.uploads:
        refuse_body(context.environ)


def read(context: Context, source: Connection | Database) -> Response:
    """Return the response to a read. The source is the database if the operation is public, else a
    connection.
    """
    operation = context.operation
    assert operation
    if operation.page and prefers_html(context):
        return Response(HTTPStatus.SEE_OTHER, {"Location": operation.page, "Vary": "Accept"})
    result = operation.handler(context, source, **_arguments(context))
    if operation.page:
        result = result._replace(headers={**result.headers, "Vary": "Accept"})
    return render(context, result)


def receive_upload(context: Context) -> None:
    """Read the file that is the body, if the operation takes one. This takes as long as the file is
    large, so it comes before the write.

    Raises what `read_upload` does, and the reader of the operation.
    """
    operation = context.operation
    if operation and operation.reader:
        content = read_upload(context.environ, operation.uploads)
        context.upload = operation.reader(context, content)


def write(context: Context, db: Connection, retry_window: int) -> Response:
    """Read the body, run a write, and return its response. Call it within `Database.write`.

    `retry_window` says for how many seconds the response under an Idempotency-Key is kept. Raises
    RolledBack after a dry run, and any Problem.
    """
    operation, body = context.operation, None
    assert operation
    handler = partial(operation.handler, context, **_arguments(context))
    if operation.body:
        body, context.named = read_body(context.environ, operation.body, context.zone)
        forbid_staff_fields(context, body)
        handler = partial(handler, body=body)
    if operation.uploads:
        handler, body = partial(handler, body=context.upload), context.upload.digest
    act: Handler = handler
    if context.caller and not operation.only_enrolls:
        act = partial(_act_as, context.caller.actor, act)
    if isinstance(context.query, WriteOptions) and context.query.dry_run:
        dry_run(context, db, act)
    if operation.method == "POST":
        return execute_idempotently(context, db, act, body, retry_window)
    return render(context, act(db))


def _arguments(context: Context) -> dict[str, Any]:
    """Return what the handler takes by name: the ids of the path, and a query that is declared."""
    declared = context.operation and context.operation.query
    return {**context.ids, "query": context.query} if declared else context.ids


def _act_as(actor: str, act: Handler, db: Connection) -> Result:
    """Run a write whose changes of records name the caller as their actor."""
    with acting(db, actor, Timestamp.now()):
        return act(db)
