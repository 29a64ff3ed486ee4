"""Kept answers: what was answered under an Idempotency-Key."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from enrollment.model.types import Timestamp
from enrollment.storage.queries import queries, to_json
from enrollment.storage.sqlite import Connection

SQL = queries("idempotency_key")


class IdempotencyKey(NamedTuple):
    """Who asks, and under which key; answers are kept for some seconds."""

    token_id: int
    key: str
    seconds: int


class StoredResponse(NamedTuple):
    """An answer as it was sent, and the digest of what it answers."""

    fingerprint: str
    status: int
    headers: Mapping[str, str]
    content: bytes


def find_stored_response(db: Connection, key: IdempotencyKey) -> StoredResponse | None:
    """None if nothing was answered, or too long ago."""
    parameters = {"token_id": key.token_id, "key": key.key, "since": _since(key)}
    row = SQL.get_stored_response(db, **parameters)
    return row and StoredResponse(*row)._replace(headers=json.loads(row["headers"]))


def insert_stored_response(db: Connection, key: IdempotencyKey, answer: StoredResponse) -> None:
    """Keep it, and forget a few old ones."""
    SQL.delete_old_responses(db, since=_since(key))
    parameters = answer._asdict() | {"headers": to_json(dict(answer.headers))}
    at = Timestamp.now()
    SQL.insert_stored_response(db, token_id=key.token_id, key=key.key, at=at, **parameters)


def _since(key: IdempotencyKey) -> Timestamp:
    return Timestamp.of(datetime.now(UTC) - timedelta(seconds=key.seconds))
