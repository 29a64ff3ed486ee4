"""Stored responses: each was sent for a request with an Idempotency-Key."""

import json
from collections.abc import Mapping
from typing import NamedTuple

from enrollment.model.types import Timestamp
from enrollment.storage.connection import Connection
from enrollment.storage.queries import queries, to_json

SQL = queries("idempotency_key")


class StoredResponse(NamedTuple):
    """A response as it was sent."""

    # The digest of the request.
    fingerprint: str
    status: int
    headers: Mapping[str, str]
    content: bytes


def find_stored_response(
    db: Connection, token_id: int, key: str, since: Timestamp
) -> StoredResponse | None:
    """Return the response stored for a key of a token since this time, or None if there is none."""
    row = SQL.get_stored_response(db, token_id=token_id, key=key, since=since)
    return row and StoredResponse(*row)._replace(headers=json.loads(row["headers"]))


def insert_stored_response(
    db: Connection, token_id: int, key: str, since: Timestamp, response: StoredResponse
) -> None:
    """Store a response for a key of a token, and delete a few that are older than this time."""
    SQL.delete_old_responses(db, since=since)
    SQL.insert_stored_response(
        db,
        token_id=token_id,
        key=key,
        fingerprint=response.fingerprint,
        status_code=response.status,
        headers=to_json(dict(response.headers)),
        content=response.content,
        at=Timestamp.now(),
    )
