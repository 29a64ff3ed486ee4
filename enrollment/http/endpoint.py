"""The run of an operation: its query, its body, its handler and its response.

A write can be a dry run, or have an Idempotency-Key, under which it is run only once.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from http import HTTPStatus
from typing import Any, NoReturn

import msgspec
from msgspec.structs import asdict

from enrollment.data import event
from enrollment.data.idempotency_key import (
    StoredResponse,
    find_stored_response,
    insert_stored_response,
)
from enrollment.data.record_change import acting
from enrollment.http.accept import prefers_html
from enrollment.http.authentication import visible_events
from enrollment.http.body import read_body, read_upload
from enrollment.http.context import Context
from enrollment.http.query import read_query
from enrollment.http.responses import Response, Result, encode, render
from enrollment.http.validation import forbid_staff_fields
from enrollment.model.queries import EventFilter, WriteOptions
from enrollment.model.results import DryRun
from enrollment.model.types import UNBOUNDED, Timestamp
from enrollment.problems.errors import Problem
from enrollment.storage.connection import Connection
from enrollment.storage.database import Database

# The most events that a dry run shows. No request leaves so many, but that of a file.
EVENTS_SHOWN, EVENTS_SHOWN_OF_FILE = UNBOUNDED, 1000
# A string of RFC 8941, or one word without quotes.
KEY = r'"([ !#-\[\]-~]{1,255})"|([!#-+\--:<-\[\]-~]{1,255})'
# Makes the change of a write, within a transaction.
Handler = Callable[[Connection], Result]


def prepare(context: Context) -> None:
    """Read the query, and refuse a body that the operation would ignore.

    Raises malformed_request, invalid_query, time_in_future.
    """
    operation, environ = context.operation, context.environ
    context.query = read_query(environ, operation.options, context.zone)
    if operation.body or operation.uploads:
        return
    # A length of 0 is no body.
    length = environ.get("CONTENT_LENGTH") or "0"
    if "HTTP_TRANSFER_ENCODING" in environ or length.strip("0"):
        detail = f"The request has a body, but {context.method} takes none."
        raise Problem("malformed_request", detail)


def read(context: Context, source: Connection | Database) -> Response:
    """Return the response to a read. The source is the database if the operation is public, else a
    connection.
    """
    operation = context.operation
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
    if operation.reader:
        content = read_upload(context.environ, operation.uploads)
        context.upload = operation.reader(context, content)


def write(context: Context, db: Connection, retry_window: int) -> Response:
    """Read the body, run a write, and return its response. Call it within `Database.write`.

    `retry_window` says for how many seconds the response under an Idempotency-Key is kept. Raises
    RolledBack after a dry run, and any Problem.
    """
    operation, body = context.operation, None
    handler = partial(operation.handler, context, **_arguments(context))
    if operation.body:
        body, context.named = read_body(context.environ, operation.body, context.zone)
        forbid_staff_fields(context, body)
        handler = partial(handler, body=body)
    if operation.uploads:
        handler, body = partial(handler, body=context.upload), context.upload.digest
    act: Handler = handler
    if not operation.only_enrolls:
        act = partial(_act_as, context.caller.actor, act)
    if isinstance(context.query, WriteOptions) and context.query.dry_run:
        _dry_run(context, db, act)
    if operation.method == "POST":
        return execute_idempotently(context, db, act, body, retry_window)
    return render(context, act(db))


def _arguments(context: Context) -> dict[str, Any]:
    """Return what the handler takes by name: the ids of the path, and a query that is declared."""
    declared = context.operation.query
    return {**context.ids, "query": context.query} if declared else context.ids


def _act_as(actor: str, act: Handler, db: Connection) -> Result:
    """Run a write whose changes of records name the caller as their actor."""
    with acting(db, actor, Timestamp.now()):
        return act(db)


class RolledBack(Exception):
    """Ends the transaction of a dry run, and carries its response."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


def _dry_run(context: Context, db: Connection, act: Handler) -> NoReturn:
    """Run a write, and raise RolledBack with its response and the events that it would leave.

    The ETag is that of the record before the write, so that the client can send it as If-Match. An
    Idempotency-Key is validated but not stored. Raises idempotency_key_invalid, and what the write
    raises.
    """
    if context.method == "POST":
        _key(context)
    last = event.get_last_event_id(db)
    context.needs_etag = True
    result = act(db)
    shown = EVENTS_SHOWN_OF_FILE if context.upload else EVENTS_SHOWN
    left = event.list_events(db, EventFilter(after=last, limit=shown)).items
    status = HTTPStatus.OK if result.status == HTTPStatus.NO_CONTENT else result.status
    events = DryRun(dry_run=True, events=visible_events(context.caller, left))
    content = msgspec.to_builtins(result.content or {}) | asdict(events)
    raise RolledBack(render(context, Result(status, content, tag=context.etag)))


def execute_idempotently(
    context: Context, db: Connection, act: Handler, body: Any, seconds: int
) -> Response:
    """Run a write once under its Idempotency-Key: a retry by the same caller gets the response that
    was stored (draft-ietf-httpapi-idempotency-key-header-07).

    The response is stored in the transaction of the change itself, for so many seconds. A request
    without a key is just run.

    Raises idempotency_key_invalid, idempotency_key_reused.
    """
    text, caller = _key(context), context.caller
    if text is None:
        return render(context, act(db))
    since = Timestamp.of(datetime.now(UTC) - timedelta(seconds=seconds))
    fingerprint = _fingerprint(context, body)
    stored = find_stored_response(db, caller.id, text, since)
    if stored is None:
        result = act(db)
        response = render(context, result)
        content = encode(result.replay) if result.replay else response.content
        assert isinstance(content, bytes)
        stored = StoredResponse(fingerprint, response.status, response.headers, content)
        insert_stored_response(db, caller.id, text, since, stored)
        return response
    if stored.fingerprint != fingerprint:
        detail = f'"{text}" was the key of another request.'
        raise Problem("idempotency_key_reused", detail)
    return Response(
        stored.status, {**stored.headers, "Idempotency-Replayed": "true"}, stored.content
    )


def _key(context: Context) -> str | None:
    """Return the Idempotency-Key, or None if the request has none.

    Raises idempotency_key_invalid.
    """
    header = context.header("IDEMPOTENCY_KEY")
    if header is None:
        return None
    found = re.fullmatch(KEY, header.strip())
    if found is None:
        detail = "Expected 1 to 255 ASCII characters, in double quotes unless they are one word."
        raise Problem("idempotency_key_invalid", detail)
    return found[1] or found[2]


def _fingerprint(context: Context, body: Any) -> str:
    """Return a digest that only the same request has: of method, path, query and body."""
    query = context.environ.get("QUERY_STRING", "")
    asked = [context.method, context.path, query, body]
    return sha256(msgspec.json.encode(asked, enc_hook=str)).hexdigest()
