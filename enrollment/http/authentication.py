"""Access: who is calling, and who may do what."""

import math
import time
from datetime import UTC, datetime

from enrollment.config import Config
from enrollment.data import token
from enrollment.http.context import Caller, Context
from enrollment.http.rate_limit import RateLimiter, Usage
from enrollment.model.types import Timestamp
from enrollment.problems.errors import Problem
from enrollment.storage.database import Database
from enrollment.storage.sqlite import Connection

# Who may use an operation. A student is let in where the path names that very student, or none.
ANYONE = frozenset({"anyone"})


ADMINS = frozenset({"admin"})


REGISTRARS = ADMINS | {"registrar"}


READERS = REGISTRARS | {"reader"}


REGISTRARS_AND_STUDENTS = REGISTRARS | {"student"}


READERS_AND_STUDENTS = READERS | {"student"}


# The uses of tokens are noted together, once in so many seconds: else every read would write.
TOKEN_USE_INTERVAL = 60


class Authenticator:
    """Lets a request pass, or raises why not."""

    def __init__(self, database: Database, config: Config) -> None:
        self._database = database
        self._hosts = {config.host.lower(), *config.allowed_hosts}
        self._failures = RateLimiter(config.failure_limit, seconds=60)
        self._requests = RateLimiter(config.rate_limit, seconds=60)
        self._used: dict[int, datetime] = {}
        self._flushed = -math.inf

    def check_host(self, context: Context) -> None:
        """A page that is made for another name must not reach the service by a name of its own
        (DNS rebinding). Raises misdirected_request."""
        host = context.header("HOST") or ""
        name = host if host.endswith("]") else host.rpartition(":")[0] or host
        if "*" not in self._hosts and name.strip("[]").lower() not in self._hosts:
            raise Problem("misdirected_request", f'The service does not answer to "{host[:255]}".')

    def authorize(self, db: Connection, context: Context) -> None:
        """Set the caller, if the operation of the context is for that caller's role.

        Raises token_missing, token_invalid, too_many_failures, too_many_requests, forbidden.
        """
        caller = context.caller = self._authenticate(db, context)
        if caller is None:
            raise Problem("token_missing", "The request has no token.", headers=_challenge())
        allowed = context.operation.allowed if context.operation else frozenset()
        if caller.role not in allowed:
            roles = ", ".join(sorted(allowed))
            detail = f"The role {caller.role} may not do this. These roles may: {roles}."
            raise Problem("forbidden", detail)
        named = context.ids.get("student_id", caller.student_id)
        if caller.role == "student" and named != caller.student_id:
            roles = ", ".join(sorted(allowed - {"student"}))
            detail = (
                f"This token may do this only for student {caller.student_id}."
                f" These roles may for every student: {roles}."
            )
            raise Problem("forbidden", detail)

    def token_uses_due(self) -> bool:
        """Whether it is time again; it is for whoever asks first."""
        due = bool(self._used) and time.monotonic() >= self._flushed + TOKEN_USE_INTERVAL
        if due:
            self._flushed = time.monotonic()
        return due

    def flush_token_uses(self) -> None:
        """Write down which tokens were used since this was done last."""
        used, self._used = self._used, {}
        try:
            with self._database.write() as db:
                token.flush_token_uses(
                    db, {id: Timestamp.of(moment) for id, moment in used.items()}
                )
        except Problem:
            # Where the database can't be written to, it can still be read; it is tried again.
            self._used = used | self._used

    def _authenticate(self, db: Connection, context: Context) -> Caller | None:
        header = context.header("AUTHORIZATION")
        if header is None:
            return None
        # A header that is sent twice arrives as one list: the same token twice is one.
        first, *others = {part.strip() for part in header.split(",")}
        scheme, _, text = first.partition(" ")
        if others:
            raise self._failure(
                context, "The header Authorization was sent with several values; send one."
            )
        if scheme.lower() != "bearer" or not text.strip():
            raise self._failure(
                context, "The header Authorization is not: Bearer, a space, the token."
            )
        row = token.find_valid_token(db, text.strip())
        if row is None:
            raise self._failure(context, "The token is unknown, expired or revoked.")
        caller = Caller(row["id"], row["name"], row["role"], row["student_id"])
        self._used[caller.id] = datetime.now(UTC)
        self._count(context, caller)
        return caller

    def _failure(self, context: Context, detail: str) -> Problem:
        usage = self._failures.hit(context.client)
        if self._failures.limit and usage.remaining < 0:
            detail = "Too many invalid tokens came from this IP address."
            return Problem("too_many_failures", detail, headers=_retry_after(usage))
        return Problem("token_invalid", detail, headers=_challenge(', error="invalid_token"'))

    def _count(self, context: Context, caller: Caller) -> None:
        """Count the request once, and show how much of the limit is left
        (draft-ietf-httpapi-ratelimit-headers)."""
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


def _challenge(error: str = "") -> dict[str, str]:
    """RFC 6750, section 3."""
    return {"WWW-Authenticate": f'Bearer realm="enrollment"{error}'}


def _retry_after(usage: Usage) -> dict[str, str]:
    return {"Retry-After": str(usage.resets_in)}
