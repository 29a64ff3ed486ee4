"""Access: who is calling, and who may do what."""

import math
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from ipaddress import AddressValueError, IPv6Address
from typing import Any, NamedTuple

from bottle import request
from msgspec.structs import replace

from enrollment.config import Config
from enrollment.data import token
from enrollment.database import Connection, Database
from enrollment.errors import Fault, Problem
from enrollment.limits import Usage, Window
from enrollment.records import Event
from enrollment.values import Moment

# Who may use an operation. A student is let in where the path names that very student, or none.
ANYONE = frozenset({"anyone"})
ADMINS = frozenset({"admin"})
REGISTRARS = ADMINS | {"registrar"}
READERS = REGISTRARS | {"reader"}
REGISTRARS_AND_STUDENTS = REGISTRARS | {"student"}
READERS_AND_STUDENTS = READERS | {"student"}

# The authority of RFC 3986 without a user: a name, or an IPv6 address without a zone.
HOST = re.compile(
    r"(?:(?P<name>[A-Za-z0-9._-]+)|\[(?P<number>[0-9A-Fa-f:.]+)\])(?::(?P<port>[0-9]{0,5}))?"
)
MOST_PORT = 65535

# The uses of tokens are noted together, once in so many seconds: else every read would write.
USES_NOTED_EVERY = 60


class Caller(NamedTuple):
    """Whom a token stands for."""

    id: int
    name: str
    role: str
    student_id: int | None

    @property
    def actor(self) -> str:
        """How the history names the caller."""
        return f"{self.name} #{self.id}"


class Gate:
    """Lets a request pass, or raises why not."""

    def __init__(self, database: Database, config: Config) -> None:
        self._database = database
        self._hosts = {_same_host(name) for name in (config.host, *config.allowed_hosts)}
        self._failures = Window(config.failure_limit, seconds=60)
        self._requests = Window(config.rate_limit, seconds=60)
        self._used: dict[int, datetime] = {}
        self._noted = -math.inf

    def check_host(self) -> None:
        """A page that is made for another name must not reach the service by a name of its own
        (DNS rebinding). An HTTP/1.0 request may have no Host: it is answered where every name is.

        Raises malformed_request, misdirected_request.
        """
        host = request.environ.get("HTTP_HOST")
        if host is None and request.environ.get("SERVER_PROTOCOL") != "HTTP/1.0":
            raise Problem("malformed_request", "The request has no header Host.")
        name = "" if host is None else _name_of(host)
        if "*" not in self._hosts and name not in self._hosts:
            raise Problem("misdirected_request", f'The service does not answer to "{name[:255]}".')

    def admit(self, db: Connection, allowed: frozenset[str], ids: Mapping[str, Any]) -> None:
        """Raises token_missing, token_invalid, too_many_failures, too_many_requests, forbidden."""
        caller = request.environ["enrollment.caller"] = self._authenticate(db)
        if caller is None:
            raise Problem("token_missing", "The request has no token.", headers=_challenge())
        if caller.role not in allowed:
            detail = f"The role {caller.role} may not do this; {', '.join(sorted(allowed))} may."
            raise Problem("forbidden", detail)
        if (
            caller.role == "student"
            and ids.get("student_id", caller.student_id) != caller.student_id
        ):
            raise Problem("forbidden", f"The token is for student {caller.student_id} alone.")

    def is_to_note_uses(self) -> bool:
        """Whether it is time again; it is for whoever asks first."""
        due = bool(self._used) and time.monotonic() >= self._noted + USES_NOTED_EVERY
        if due:
            self._noted = time.monotonic()
        return due

    def note_uses(self) -> None:
        """Write down which tokens were used since this was done last."""
        used, self._used = self._used, {}
        try:
            with self._database.write() as db:
                token.note_uses(db, {id: Moment.of(moment) for id, moment in used.items()})
        except Problem:
            # Where the database can't be written to, it can still be read; it is tried again.
            self._used = used | self._used

    def _authenticate(self, db: Connection) -> Caller | None:
        header = request.environ.get("HTTP_AUTHORIZATION")
        if header is None:
            return None
        # A header that is sent twice arrives as one list: the same token twice is one.
        first, *others = {part.strip() for part in header.split(",")}
        scheme, _, text = first.partition(" ")
        if others:
            raise self._failure("The header Authorization was sent with several values; send one.")
        if scheme.lower() != "bearer" or not text.strip():
            raise self._failure("The header Authorization is not: Bearer, a space, the token.")
        row = token.find_valid_token(db, text.strip())
        if row is None:
            raise self._failure("The token is not known here, or it has expired or been revoked.")
        caller = Caller(row["id"], row["name"], row["role"], row["student_id"])
        self._used[caller.id] = datetime.now(UTC)
        self._count(caller)
        return caller

    def _failure(self, detail: str) -> Problem:
        usage = self._failures.take(request.environ.get("REMOTE_ADDR"))
        if self._failures.limit and usage.left < 0:
            detail = "Too many tokens that are not valid came from this address."
            return Problem("too_many_failures", detail, headers=_retry_after(usage))
        return Problem("token_invalid", detail, headers=_challenge(', error="invalid_token"'))

    def _count(self, caller: Caller) -> None:
        """Tell how much of the limit is left (draft-ietf-httpapi-ratelimit-headers)."""
        # A server that asks again has been told before; a token may have been revoked meanwhile.
        if not self._requests.limit or "enrollment.headers" in request.environ:
            return
        usage = self._requests.take(caller.id)
        request.environ["enrollment.headers"] = {
            "RateLimit-Policy": f'"token";q={self._requests.limit};w={self._requests.seconds}',
            "RateLimit": f'"token";r={max(usage.left, 0)};t={usage.resets_in}',
        }
        if usage.left < 0:
            detail = f"The token may be used {self._requests.limit} times a minute."
            raise Problem("too_many_requests", detail, headers=_retry_after(usage))


def _name_of(host: str) -> str:
    """The name in a header Host, without its port. Raises malformed_request."""
    found = HOST.fullmatch(host)
    if found and int(found["port"] or 0) <= MOST_PORT:
        if found["name"]:
            return found["name"].lower()
        with suppress(AddressValueError):
            return str(IPv6Address(found["number"]))
    raise Problem("malformed_request", "The header Host is not one name or number and a port.")


def _same_host(name: str) -> str:
    """A name of the service as `_name_of` gives it."""
    with suppress(AddressValueError):
        return str(IPv6Address(name))
    return name.lower()


def current_caller() -> Caller | None:
    """Who has sent the request that is being answered, if it was admitted with a token."""
    caller: Caller | None = request.environ.get("enrollment.caller")
    return caller


def as_told(events: list[Event]) -> list[Event]:
    """What the caller may know of them: a student, only what concerns that student, and who did it
    only where it was the student: a seat comes free because another one has left."""
    caller = current_caller()
    if caller is None or caller.role != "student":
        return events
    return [
        event if event.actor == caller.actor else replace(event, actor=None)
        for event in events
        if event.student_id == caller.student_id
    ]


def require_registrar(body: Any) -> None:
    """Refuse a student who speaks as only a registrar may. Raises forbidden."""
    caller = current_caller()
    if caller is None or caller.role != "student":
        return
    faults = [
        Fault(pointer=f"/{name}", code="forbidden", detail="Only a registrar may say so")
        for name, value in (
            ("override", getattr(body, "override", None)),
            ("effective_at", getattr(body, "effective_at", None)),
            ("status", getattr(body, "status", None) == "completed"),
        )
        if value
    ]
    if faults:
        raise Problem("forbidden", "A student may enrol, wait and drop.", faults)


def _challenge(error: str = "") -> dict[str, str]:
    """RFC 6750, section 3."""
    return {"WWW-Authenticate": f'Bearer realm="enrollment"{error}'}


def _retry_after(usage: Usage) -> dict[str, str]:
    return {"Retry-After": str(usage.resets_in)}
