"""The context of a request: all that is known about it. It is passed to whatever needs it.

The headers say which host it was sent to (Host), and which client it is from (X-Forwarded-For).
"""

import random
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import tzinfo
from http import HTTPMethod
from ipaddress import (
    AddressValueError,
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
)
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from enrollment.model.records import Change
from enrollment.model.requests import ChangeDetails
from enrollment.model.results import Violation
from enrollment.model.types import Timestamp
from enrollment.problems.errors import Problem
from enrollment.storage.connection import Connection, Row

if TYPE_CHECKING:
    from enrollment.http.operation import Operation

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
# The authority of RFC 3986 without a user: a name or an IP address, and perhaps a port. An IPv6
# address has no zone.
HOST = re.compile(
    r"(?:(?P<name>[A-Za-z0-9._-]+)|\[(?P<number>[0-9A-Fa-f:.]+)\])(?::(?P<port>[0-9]{0,5}))?"
)
LAST_PORT = 65535
# Some proxies add the port of the client. An IPv6 address with a zone is not taken: the zone can be
# any text, and it names an interface of the proxy.
HOP = re.compile(
    r"(?:\[([0-9A-Fa-f:.]{2,45})\]|([0-9.]{7,15}))(?::[0-9]{1,5})?|([0-9A-Fa-f:.]{2,45})"
)


class Caller(NamedTuple):
    """The token that a request was sent with. Only with the role student it has a `student_id`."""

    id: int
    name: str
    role: str
    student_id: int | None

    @property
    def actor(self) -> str:
        """The name of the caller in the history."""
        return f"{self.name} #{self.id}"


FindToken = Callable[[Connection, "Context", str], Row]


class Context:
    """One request: its `environ` (PEP 3333), and what is found out while it is answered."""

    def __init__(
        self,
        environ: dict[str, Any],
        expose_metrics: Callable[[Connection, tzinfo], bytes],
        zone: tzinfo,
        find_token: "FindToken",
    ) -> None:
        self.environ = environ
        # The time zone of the school: a date in place of a time is a day there.
        self.zone = zone
        # Returns the metrics. Only `GET /metrics` needs it.
        self.expose_metrics = expose_metrics
        # Returns the token with a text, or refuses it. Only `POST /ims/oneroster/token` needs it.
        self.find_token = find_token
        # The path, percent-decoded to Latin-1 (PEP 3333). `match` replaces it with UTF-8.
        self.path: str = environ.get("PATH_INFO", "")
        sent = environ.get("HTTP_X_REQUEST_ID", "")
        self.request_id = sent if REQUEST_ID.fullmatch(sent) else f"{random.getrandbits(64):016x}"
        # The IP address of the client. `find_client` replaces that of a trusted proxy.
        self.client: str = environ.get("REMOTE_ADDR", "-")
        # The operation of this path and method, or None if there is none, and the ids in the path.
        self.matched: Operation | None = None
        self.ids: dict[str, Any] = {}
        self.query: msgspec.Struct | None = None
        # What was read of a file that is the body. It is closed with the context.
        self.upload: Any = None
        # The fields that the body names. Others have their defaults.
        self.named: frozenset[str] = frozenset()
        # The caller, or None as long as no token has been accepted.
        self.accepted: Caller | None = None
        # Headers that show what is left of the rate limit. They are empty until it is counted.
        self.rate_limit: Mapping[str, str] = {}
        # The entity tag that a write was checked against.
        self.etag: str | None = None
        # Whether `check_preconditions` looks up the tag even if there is no precondition.
        self.needs_etag = False
        # The codes of everything that was refused, for the metrics.
        self.refusals: Sequence[str] = ()
        # For how many seconds the request waits for an event, since the response has no items.
        self.poll_seconds = 0

    def close(self) -> None:
        """Remove what was read of a file."""
        if self.upload is not None:
            self.upload.close()
            self.upload = None

    @property
    def operation(self) -> "Operation":
        """The operation of a request that was routed. Others are answered at once."""
        assert self.matched
        return self.matched

    @property
    def caller(self) -> Caller:
        """Who sent a request for an operation that is not public."""
        assert self.accepted
        return self.accepted

    @property
    def method(self) -> str:
        method: str = self.environ["REQUEST_METHOD"]
        return method

    @property
    def reads(self) -> bool:
        """Whether the method is one that changes nothing."""
        return self.method in (HTTPMethod.GET, HTTPMethod.HEAD)

    def header(self, name: str) -> str | None:
        """The value of a header, by its name in capitals with underscores."""
        value: str | None = self.environ.get(f"HTTP_{name}")
        return value


def forwarded_scheme(context: Context) -> str:
    """Return the scheme that the nearest proxy names in X-Forwarded-Proto, or ""."""
    return (context.header("X_FORWARDED_PROTO") or "").rpartition(",")[2].strip().lower()


def known_hosts(names: Iterable[str]) -> frozenset[str]:
    """Return the names of the service, in the form in which `check_host` compares them."""
    return frozenset(map(_comparable, names))


def check_host(context: Context, hosts: Collection[str]) -> None:
    """Refuse a request to a host name that is not among `hosts`. "*" stands for every name.

    Otherwise a page of another site could reach the service by letting its own name point here (DNS
    rebinding). HTTP/1.0 allows a request without Host, but it passes only if `hosts` has "*".

    Raises malformed_request, misdirected_request.
    """
    host = context.header("HOST")
    if host is None and context.environ.get("SERVER_PROTOCOL") != "HTTP/1.0":
        raise Problem("malformed_request", "The request has no header Host.")
    name = "" if host is None else _host_name(host)
    if "*" not in hosts and name not in hosts:
        raise Problem("misdirected_request", f'The service does not answer to "{name[:255]}".')


def find_client(context: Context, proxies: Iterable[IPv4Network | IPv6Network]) -> None:
    """Set the client of the context, if its peer is a trusted proxy.

    Each proxy adds the address that it got the request from at the end of X-Forwarded-For. The
    client is the last address there that is no trusted proxy. An invalid address ends the search.
    """
    if not proxies:
        return
    hops = (context.header("X_FORWARDED_FOR") or "").split(",")
    with suppress(ValueError):
        while hops and any(ip_address(context.client) in network for network in proxies):
            context.client = _hop_address(hops.pop().strip())


def _host_name(host: str) -> str:
    """Return the name in a header Host, without its port. Raises malformed_request."""
    found = HOST.fullmatch(host)
    if found and int(found["port"] or 0) <= LAST_PORT:
        if found["name"]:
            return found["name"].lower()
        with suppress(AddressValueError):
            return str(IPv6Address(found["number"]))
    raise Problem("malformed_request", "The header Host is not one name or number and a port.")


def _comparable(name: str) -> str:
    """Return a name in lower case, or an IPv6 address in its shortest form."""
    with suppress(AddressValueError):
        return str(IPv6Address(name))
    return name.lower()


def _hop_address(hop: str) -> str:
    """Return an address of X-Forwarded-For, without its port. Raises ValueError."""
    found = HOP.fullmatch(hop)
    if found is None:
        raise ValueError(hop)
    return str(IPv4Address(found[2]) if found[2] else IPv6Address(found[1] or found[3]))


def change_context(context: Context, given: ChangeDetails | None = None) -> Change:
    """Return what the history records about this request: who changes what is given, and when.

    Raises effective_in_future.
    """
    given = given or ChangeDetails()
    at, override, caller = Timestamp.now(), given.override, context.caller
    if given.effective_at and given.effective_at > at:
        violation = Violation(
            pointer="/effective_at",
            code="effective_in_future",
            detail=f"A change cannot take effect in the future. It is {at} now.",
            details={"now": str(at)},
        )
        raise Problem.from_violations([violation])
    return Change(
        at=at,
        effective_at=given.effective_at,
        actor=caller.actor,
        reason=given.reason,
        overridden=msgspec.json.encode(override.rules).decode() if override else None,
        override_reason=override.reason if override else None,
        by_student=caller.role == "student",
        zone=context.zone,
    )
