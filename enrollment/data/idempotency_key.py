"""Kept answers: what was answered under an Idempotency-Key."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from enrollment.model.types import Moment
from enrollment.storage.queries import as_json, queries
from enrollment.storage.sqlite import Connection

SQL = queries("idempotency_key")


class Key(NamedTuple):
    """Who asks, and under which key; answers are kept for some seconds."""

    token_id: int
    key: str
    seconds: int


class KeptAnswer(NamedTuple):
    """An answer as it was sent, and the digest of what it answers."""

    fingerprint: str
    status: int
    headers: Mapping[str, str]
    content: bytes


def find_kept_answer(db: Connection, key: Key) -> KeptAnswer | None:
    """None if nothing was answered, or too long ago."""
    parameters = {"token_id": key.token_id, "key": key.key, "since": _since(key)}
    row = SQL.get_kept_answer(db, **parameters)
    return row and KeptAnswer(*row)._replace(headers=json.loads(row["headers"]))


def insert_kept_answer(db: Connection, key: Key, answer: KeptAnswer) -> None:
    """Keep it, and forget a few old ones."""
    SQL.delete_old_kept_answers(db, since=_since(key))
    parameters = answer._asdict() | {"headers": as_json(dict(answer.headers))}
    at = Moment.now()
    SQL.insert_kept_answer(db, token_id=key.token_id, key=key.key, at=at, **parameters)


def _since(key: Key) -> Moment:
    return Moment.of(datetime.now(UTC) - timedelta(seconds=key.seconds))
