"""Dry runs, and writes that are run only once under an Idempotency-Key."""

import re
from collections.abc import Callable
from hashlib import sha256
from http import HTTPStatus
from typing import Any, NoReturn

import msgspec
from msgspec.structs import asdict

from enrollment.data import event
from enrollment.data.idempotency_key import (
    IdempotencyKey,
    StoredResponse,
    find_stored_response,
    insert_stored_response,
)
from enrollment.http.authentication import visible_events
from enrollment.http.context import Context
from enrollment.http.responses import Response, Result, encode, render
from enrollment.model.queries import EventFilter
from enrollment.model.results import DryRun
from enrollment.model.types import UNBOUNDED
from enrollment.problems.errors import Problem
from enrollment.storage.connection import Connection

# The most events that a dry run shows. No request leaves so many, but that of a file.
EVENTS_SHOWN, EVENTS_SHOWN_OF_FILE = UNBOUNDED, 1000
# A string of RFC 8941, or one word without quotes.
KEY = r'"([ !#-\[\]-~]{1,255})"|([!#-+\--:<-\[\]-~]{1,255})'
# Makes the change of a write, within a transaction.
Handler = Callable[[Connection], Result]


class RolledBack(Exception):
    """Ends the transaction of a dry run, and carries its response."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


def dry_run(context: Context, db: Connection, act: Handler) -> NoReturn:
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
    if text is None or caller is None:
        return render(context, act(db))
    key = IdempotencyKey(caller.id, text, seconds)
    fingerprint = _fingerprint(context, body)
    stored = find_stored_response(db, key)
    if stored is None:
        result = act(db)
        response = render(context, result)
        content = encode(result.replay) if result.replay else response.content
        assert isinstance(content, bytes)
        stored = StoredResponse(fingerprint, response.status, response.headers, content)
        insert_stored_response(db, key, stored)
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
