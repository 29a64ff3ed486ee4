"""How a write is made that is not just made: as a rehearsal, or once under an Idempotency-Key."""

import re
from collections.abc import Callable
from hashlib import sha256
from http import HTTPStatus
from typing import Any

import msgspec
from msgspec.structs import asdict

from enrollment.data import event
from enrollment.data.idempotency_key import (
    IdempotencyKey,
    StoredResponse,
    find_stored_response,
    insert_stored_response,
)
from enrollment.http.context import Context
from enrollment.http.responses import Response, Result, encode, render
from enrollment.http.visibility import visible_events
from enrollment.model.queries import EventFilter
from enrollment.model.results import DryRun
from enrollment.model.types import UNBOUNDED
from enrollment.problems.errors import Problem
from enrollment.storage.database import Database
from enrollment.storage.sqlite import Connection

# More than one request can leave.
EVENTS_SHOWN = UNBOUNDED
KEY = r'"([ !#-\[\]-~]{1,255})"|([!#-+\--:<-\[\]-~]{1,255})'


# What changes the database within a transaction, and tells what it did.
Handler = Callable[[Connection], Result]


class _Rollback(Exception):
    """Ends a rehearsal."""


def dry_run(context: Context, database: Database, act: Handler) -> Response:
    """What a write would answer, and the events that it would leave; then all of it is undone.

    The tag is that of what is there now, for the write itself to be held against. A key is only
    read. Raises idempotency_key_invalid.
    """
    if context.method == "POST":
        _key(context)
    try:
        with database.write() as db:
            last = event.get_last_event_id(db)
            context.needs_etag = True
            answer = act(db)
            left = event.list_events(db, EventFilter(after=last, limit=EVENTS_SHOWN)).items
            raise _Rollback
    except _Rollback:
        status = HTTPStatus.OK if answer.status == HTTPStatus.NO_CONTENT else answer.status
        content = msgspec.to_builtins(answer.content or {}) | asdict(
            DryRun(dry_run=True, events=visible_events(context.caller, left))
        )
        return render(context, Result(status, content, tag=context.etag))


def execute_idempotently(
    context: Context, db: Connection, act: Handler, body: Any, seconds: int
) -> Response:
    """Act, unless this caller has been answered under the same key: then tell that answer again. It
    is kept in the transaction of the change itself, so many seconds
    (draft-ietf-httpapi-idempotency-key-header-07).

    Raises idempotency_key_invalid, idempotency_key_reused.
    """
    text, caller = _key(context), context.caller
    if text is None or caller is None:
        return render(context, act(db))
    key = IdempotencyKey(caller.id, text, seconds)
    fingerprint = _fingerprint(context, body)
    stored = find_stored_response(db, key)
    if stored is None:
        answer = act(db)
        response = render(context, answer)
        content = encode(answer.stored) if answer.stored else response.content
        stored = StoredResponse(fingerprint, response.status, response.headers, content)
        insert_stored_response(db, key, stored)
        return response
    if stored.fingerprint != fingerprint:
        detail = f'"{text}" has been the key of another request.'
        raise Problem("idempotency_key_reused", detail)
    return Response(
        stored.status, {**stored.headers, "Idempotency-Replayed": "true"}, stored.content
    )


def _key(context: Context) -> str | None:
    """A string of RFC 8941; a word without quotes is taken for one."""
    header = context.header("IDEMPOTENCY_KEY")
    if header is None:
        return None
    found = re.fullmatch(KEY, header.strip())
    if found is None:
        detail = "Expected 1 to 255 ASCII characters, in double quotes unless they are one word."
        raise Problem("idempotency_key_invalid", detail)
    return found[1] or found[2]


def _fingerprint(context: Context, body: Any) -> str:
    """What makes two requests the same: where they go, and what they say."""
    query = context.environ.get("QUERY_STRING", "")
    asked = [context.method, context.path, query, body]
    return sha256(msgspec.json.encode(asked, enc_hook=str)).hexdigest()
