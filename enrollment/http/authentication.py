"""Authentication and authorization: who is calling, and what that caller may do and see."""

import math
import time
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from hashlib import sha256

from msgspec.structs import replace

from enrollment.config import Config
from enrollment.data import session, token
from enrollment.http.context import Caller, Context
from enrollment.http.rate_limit import RateLimiter, Usage
from enrollment.model.records import Event, Hold
from enrollment.model.types import Timestamp
from enrollment.problems.errors import Problem
from enrollment.storage.connection import Connection, Row
from enrollment.storage.database import Database

# In seconds: how often the last uses of all tokens are written together. If each request wrote its
# own, every read would be a write.
TOKEN_USE_INTERVAL = 60
# In seconds: for how long a token that was valid lets writes into the queue.
RECOGNIZED_FOR = 1.0


class Authenticator:
    """Checks the token of a request, and what its role may do."""

    def __init__(self, database: Database, config: Config) -> None:
        self._database = database
        self._failures = RateLimiter(config.failure_limit, seconds=60)
        self._requests = RateLimiter(config.rate_limit, seconds=60)
        # When each token was last used, by its id, unless that has been written.
        self._used: dict[int, datetime] = {}
        # The same of each session of the pages.
        self._seen: dict[int, datetime] = {}
        # When they were last written, in seconds of `time.monotonic`.
        self._flushed = -math.inf
        # Whose the headers were that were accepted lately, by their digests, and until when that
        # counts, in seconds of `time.monotonic`.
        self._recent: dict[bytes, Caller] = {}
        self._recent_until = -math.inf

    def authorize(self, db: Connection, context: Context) -> None:
        """Set the caller of the context, or refuse a caller who may not use the operation.

        Raises token_missing, token_invalid, too_many_failures, too_many_requests, forbidden.
        """
        row = self.find_token(db, context, self._read_token(context))
        caller = Caller(row["id"], row["name"], row["role"], row["student_id"])
        self._used[caller.id] = datetime.now(UTC)
        self._accepted_lately()[_digest(context)] = caller
        self._admit(context, caller)

    def recognize(self, context: Context) -> bool:
        """Do as `authorize` does, without the database, if the token was valid a moment ago. Return
        whether it was.

        This is enough to let a write into the queue: its transaction checks the token again. Raises
        too_many_requests, forbidden.
        """
        caller = self._accepted_lately().get(_digest(context))
        if caller is None:
            return False
        self._admit(context, caller)
        return True

    def _accepted_lately(self) -> dict[bytes, Caller]:
        """Return the callers by the digests of their headers, without those of a while ago."""
        now = time.monotonic()
        if now >= self._recent_until:
            self._recent, self._recent_until = {}, now + RECOGNIZED_FOR
        return self._recent

    def authorize_session(self, db: Connection, context: Context, secret: str) -> bool:
        """Set the caller of a page to the owner of a session. Return whether the session and its
        token are still valid.

        Raises too_many_requests, forbidden.
        """
        row = session.find_session(db, secret)
        if row is None:
            return False
        caller = Caller(row["id"], row["name"], row["role"], row["student_id"])
        self._used[caller.id] = self._seen[row["session_id"]] = datetime.now(UTC)
        self._admit(context, caller)
        return True

    def find_token(self, db: Connection, context: Context, text: str) -> Row:
        """Return the token with this text. Raises token_invalid, too_many_failures."""
        row = token.find_valid_token(db, text.strip())
        if row is None:
            raise self.failure(context, "The token is unknown, expired or revoked.")
        return row

    def token_uses_due(self) -> bool:
        """Whether uses must be written now. The call that returns True begins a new interval."""
        due = bool(self._used) and time.monotonic() >= self._flushed + TOKEN_USE_INTERVAL
        if due:
            self._flushed = time.monotonic()
        return due

    def flush_token_uses(self) -> None:
        """Write when tokens and sessions were last used. If the database can't be written, keep
        them."""
        # Requests on other threads may add uses meanwhile.
        used = dict([self._used.popitem() for _ in range(len(self._used))])
        seen = dict([self._seen.popitem() for _ in range(len(self._seen))])
        try:
            with self._database.write() as db:
                token.flush_token_uses(db, _timestamps(used))
                session.flush_session_uses(db, _timestamps(seen))
        except Problem:
            # Reads may go on while writes fail. The next flush tries again.
            for kept, uses in ((self._used, used), (self._seen, seen)):
                for id, moment in uses.items():
                    kept.setdefault(id, moment)

    def _read_token(self, context: Context) -> str:
        """Return the text of the token. Raises token_missing, token_invalid, too_many_failures."""
        header = context.header("AUTHORIZATION")
        if header is None:
            raise Problem("token_missing", "The request has no token.", headers=_challenge())
        # A header that was sent twice arrives as one list. The same value twice is accepted.
        first, *others = {part.strip() for part in header.split(",")}
        scheme, _, text = first.partition(" ")
        if others:
            raise self.failure(
                context, "The header Authorization was sent with several values. Send one."
            )
        if scheme.lower() != "bearer" or not text.strip():
            raise self.failure(
                context, "The header Authorization must be: Bearer, a space, the token."
            )
        return text

    def failure(self, context: Context, detail: str) -> Problem:
        """Count a failure of the client, and return the problem to raise."""
        usage = self._failures.hit(context.client)
        if self._failures.limit and usage.remaining < 0:
            detail = "Too many invalid tokens came from this IP address."
            return Problem("too_many_failures", detail, headers=_retry_after(usage))
        return Problem("token_invalid", detail, headers=_challenge(', error="invalid_token"'))

    def _admit(self, context: Context, caller: Caller) -> None:
        """Set the caller of the context. Raises too_many_requests, forbidden."""
        context.accepted = caller
        self._count(context, caller)
        check_role(context)

    def _count(self, context: Context, caller: Caller) -> None:
        """Count the request once, even if it is authorized twice, and set the headers that show how
        much of the limit is left (draft-ietf-httpapi-ratelimit-headers).

        Raises too_many_requests.
        """
        if not self._requests.limit or context.rate_limit:
            return
        usage = self._requests.hit(caller.id)
        context.rate_limit = {
            "RateLimit-Policy": f'"token";q={self._requests.limit};w={self._requests.seconds}',
            "RateLimit": f'"token";r={max(usage.remaining, 0)};t={usage.resets_in}',
        }
        if usage.remaining < 0:
            detail = f"The token may be used {self._requests.limit} times a minute."
            raise Problem("too_many_requests", detail, headers=_retry_after(usage))


def check_role(context: Context) -> None:
    """Refuse a caller who may not use the operation of the context. Raises forbidden."""
    caller = context.caller
    allowed = context.operation.allowed
    if caller.role not in allowed:
        raise role_forbidden(caller.role, allowed)
    named = context.ids.get("student_id", caller.student_id)
    if caller.role == "student" and named != caller.student_id:
        roles = ", ".join(sorted(allowed - {"student"}))
        detail = (
            f"This token may do this only for student {caller.student_id}."
            f" These roles may for every student: {roles}."
        )
        raise Problem("forbidden", detail)


def role_forbidden(role: str, allowed: Collection[str]) -> Problem:
    """Return the problem of a role that is not among those that are allowed."""
    roles = ", ".join(sorted(allowed))
    return Problem("forbidden", f"The role {role} may not do this. These roles may: {roles}.")


def visible_events(caller: Caller, events: list[Event]) -> list[Event]:
    """Return the events that the caller may see.

    A student sees only the events of that student. The actor is hidden if it is someone else: a
    promotion would show which student has left the course.
    """
    if caller.role != "student":
        return events
    return [
        event if event.actor == caller.actor else replace(event, actor=None)
        for event in events
        if event.student_id == caller.student_id
    ]


def visible_hold(caller: Caller, hold: Hold) -> Hold:
    """Return a hold as the caller may see it. A student sees no one who placed or released it."""
    if caller.role != "student":
        return hold
    return replace(hold, placed_by=None, released_by=None)


def _digest(context: Context) -> bytes:
    """Return the digest of the header of a token: the token itself is kept nowhere."""
    return sha256((context.header("AUTHORIZATION") or "").encode("latin-1", "replace")).digest()


def _timestamps(moments: Mapping[int, datetime]) -> dict[int, Timestamp]:
    return {id: Timestamp.of(moment) for id, moment in moments.items()}


def _challenge(error: str = "") -> dict[str, str]:
    """Return the header that asks for a token (RFC 6750, section 3)."""
    return {"WWW-Authenticate": f'Bearer realm="enrollment"{error}'}


def _retry_after(usage: Usage) -> dict[str, str]:
    return {"Retry-After": str(usage.resets_in)}
