"""How a write is made that is not just made: as a rehearsal, or once under an Idempotency-Key."""

import re
from collections.abc import Callable
from hashlib import sha256
from http import HTTPStatus
from typing import Any

import msgspec
from msgspec.structs import asdict

from enrollment.data import event
from enrollment.data.idempotency_key import KeptAnswer, Key, find_kept_answer, insert_kept_answer
from enrollment.http.context import Context
from enrollment.http.responses import Answer, Response, encode, render
from enrollment.http.visibility import as_told
from enrollment.model.queries import EventFilter
from enrollment.model.results import Rehearsal
from enrollment.model.types import MOST
from enrollment.problems.errors import Problem
from enrollment.storage.database import Database
from enrollment.storage.sqlite import Connection

# More than one request can leave.
EVENTS_SHOWN = MOST
KEY = r'"([ !#-\[\]-~]{1,255})"|([!#-+\--:<-\[\]-~]{1,255})'


# What changes the database within a transaction, and tells what it did.
Act = Callable[[Connection], Answer]


class _Undo(Exception):
    """Ends a rehearsal."""


def rehearse(context: Context, database: Database, act: Act) -> Response:
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
            raise _Undo
    except _Undo:
        status = HTTPStatus.OK if answer.status == HTTPStatus.NO_CONTENT else answer.status
        content = msgspec.to_builtins(answer.content or {}) | asdict(
            Rehearsal(events=as_told(context.caller, left))
        )
        return render(context, Answer(status, content, tag=context.etag))


def write_once(context: Context, db: Connection, act: Act, body: Any, seconds: int) -> Response:
    """Act, unless this caller has been answered under the same key: then tell that answer again. It
    is kept in the transaction of the change itself, so many seconds
    (draft-ietf-httpapi-idempotency-key-header-07).

    Raises idempotency_key_invalid, idempotency_key_reused.
    """
    text, caller = _key(context), context.caller
    if text is None or caller is None:
        return render(context, act(db))
    key = Key(caller.id, text, seconds)
    fingerprint = _fingerprint(context, body)
    kept = find_kept_answer(db, key)
    if kept is None:
        answer = act(db)
        response = render(context, answer)
        content = encode(answer.kept) if answer.kept else response.content
        kept = KeptAnswer(fingerprint, response.status, response.headers, content)
        insert_kept_answer(db, key, kept)
        return response
    if kept.fingerprint != fingerprint:
        detail = f'"{text}" has been the key of another request.'
        raise Problem("idempotency_key_reused", detail)
    return Response(kept.status, {**kept.headers, "Idempotency-Replayed": "true"}, kept.content)


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
