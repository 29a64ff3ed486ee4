"""Stored responses: each was sent for a request with an Idempotency-Key."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from enrollment.model.types import Timestamp
from enrollment.storage.connection import Connection
from enrollment.storage.queries import queries, to_json

SQL = queries("idempotency_key")


class IdempotencyKey(NamedTuple):
    """The key of a request."""

    # The token of the caller. Keys of different callers are different.
    token_id: int
    key: str
    # For how many seconds the response is stored.
    seconds: int


class StoredResponse(NamedTuple):
    """A response as it was sent."""

    # The digest of the request.
    fingerprint: str
    status: int
    headers: Mapping[str, str]
    content: bytes


def find_stored_response(db: Connection, key: IdempotencyKey) -> StoredResponse | None:
    """Return the response stored for a key, or None if there is none or it is too old."""
    parameters = {"token_id": key.token_id, "key": key.key, "since": _since(key)}
    row = SQL.get_stored_response(db, **parameters)
    return row and StoredResponse(*row)._replace(headers=json.loads(row["headers"]))


def insert_stored_response(db: Connection, key: IdempotencyKey, response: StoredResponse) -> None:
    """Store a response, and delete a few old ones."""
    SQL.delete_old_responses(db, since=_since(key))
    SQL.insert_stored_response(
        db,
        token_id=key.token_id,
        key=key.key,
        fingerprint=response.fingerprint,
        status_code=response.status,
        headers=to_json(dict(response.headers)),
        content=response.content,
        at=Timestamp.now(),
    )


def _since(key: IdempotencyKey) -> Timestamp:
    return Timestamp.of(datetime.now(UTC) - timedelta(seconds=key.seconds))
