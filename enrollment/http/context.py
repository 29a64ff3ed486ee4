"""The context of a request: all that is known about it. It is passed to whatever needs it."""

import random
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import tzinfo
from http import HTTPMethod
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

    __slots__ = (
        "caller",
        "client",
        "environ",
        "etag",
        "expose_metrics",
        "find_token",
        "ids",
        "named",
        "needs_etag",
        "operation",
        "path",
        "poll_seconds",
        "query",
        "rate_limit",
        "refusals",
        "request_id",
        "upload",
        "zone",
    )

    def __init__(
        self,
        environ: dict[str, Any],
        expose_metrics: Callable[[Connection], bytes],
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
        self.operation: Operation | None = None
        self.ids: dict[str, Any] = {}
        self.query: msgspec.Struct | None = None
        # What was read of a file that is the body. It is closed with the context.
        self.upload: Any = None
        # The fields that the body names. Others have their defaults.
        self.named: frozenset[str] = frozenset()
        # None as long as no token has been accepted.
        self.caller: Caller | None = None
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
            detail=f"`effective_at` must not be later than now ({at}).",
            details={"now": str(at)},
        )
        raise Problem.from_violations([violation])
    return Change(
        at=at,
        effective_at=given.effective_at,
        actor=caller.actor if caller else "api",
        reason=given.reason,
        overridden=msgspec.json.encode(override.rules).decode() if override else None,
        override_reason=override.reason if override else None,
        by_student=caller is not None and caller.role == "student",
        zone=context.zone,
    )
