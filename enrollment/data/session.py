"""Sessions of the pages, and links that sign someone in once. Each belongs to a token, and only the
digests of their secrets are stored."""

import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from enrollment.data.token import digest_secret
from enrollment.model.types import Timestamp
from enrollment.storage.connection import Connection, Row
from enrollment.storage.queries import queries, to_json

SQL = queries("session")
# A session ends so long after the sign-in, or so long after its last use.
LASTS = timedelta(hours=10)
LASTS_UNUSED = timedelta(hours=2)
# For so long after its end a session is known: a form that was begun in it is not lost.
KNOWN_AFTER = timedelta(days=1)
# A link can be used for so long, and once.
LINK_LASTS = timedelta(minutes=15)
# The log masks whatever has this form; see log.py.
LINK_FORM = re.compile(r"link_[0-9a-f]{48}")


def begin_session(db: Connection, token_id: int) -> str:
    """Begin a session of a token, and return its secret. A few that have ended are deleted."""
    now, secret = datetime.now(UTC), secrets.token_hex(32)
    SQL.delete_old_sessions(db, ended_until=Timestamp.of(now - KNOWN_AFTER))
    times = {"now": Timestamp.of(now), "expires_at": Timestamp.of(now + LASTS)}
    SQL.insert_session(db, token_id=token_id, digest=digest_secret(secret), **times)
    return secret


def find_session(db: Connection, secret: str) -> Row | None:
    """Return the session with this secret and its token, or None if either has ended."""
    now = datetime.now(UTC)
    times = {"now": Timestamp.of(now), "seen_since": Timestamp.of(now - LASTS_UNUSED)}
    row: Row | None = SQL.get_session(db, digest=digest_secret(secret), **times)
    return row


def is_known(db: Connection, secret: str) -> bool:
    """Whether there was a session with this secret not long ago, or is one."""
    return SQL.get_known_session(db, digest=digest_secret(secret)) is not None


def flush_session_uses(db: Connection, uses: Mapping[int, Timestamp]) -> None:
    """Write when each of these sessions was last used."""
    SQL.update_sessions_seen(db, uses=to_json([*uses.items()]))


def end_session(db: Connection, secret: str) -> None:
    """End a session, if there is one with this secret."""
    SQL.delete_session(db, digest=digest_secret(secret))


def insert_link(db: Connection, token_id: int, actor: str) -> str:
    """Make a link that signs in once as the owner of a token, and return its code."""
    now, code = datetime.now(UTC), f"link_{secrets.token_hex(24)}"
    SQL.delete_old_links(db, now=Timestamp.of(now))
    times = {"now": Timestamp.of(now), "expires_at": Timestamp.of(now + LINK_LASTS)}
    SQL.insert_link(db, token_id=token_id, digest=digest_secret(code), actor=actor, **times)
    return code


def find_link(db: Connection, code: str) -> Row | None:
    """Return the link with this code and its token, or None if it was used or either has ended."""
    if not LINK_FORM.fullmatch(code):
        return None
    row: Row | None = SQL.get_link(db, digest=digest_secret(code), now=Timestamp.now())
    return row


def use_link(db: Connection, link_id: int) -> None:
    """Use up a link."""
    SQL.update_link_used(db, id=link_id, now=Timestamp.now())
