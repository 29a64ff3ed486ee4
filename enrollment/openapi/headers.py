"""The response headers."""

from typing import Any

from enrollment.http.operation import ANYONE, Operation
from enrollment.model.types import UNBOUNDED, RequestId
from enrollment.openapi.schemas import reference

EVERY_RESPONSE = (
    "X-Request-Id",
    "Cache-Control",
    "Content-Security-Policy",
    "Referrer-Policy",
    "X-Content-Type-Options",
)


def headers() -> dict[str, Any]:
    """Every response header, by its name."""
    text = {"type": "string", "maxLength": UNBOUNDED}
    seconds = {"type": "integer", "minimum": 0, "maximum": UNBOUNDED}
    described: dict[str, tuple[str, dict[str, Any]]] = {
        "X-Request-Id": ("The id of the request in the log", reference(RequestId)),
        "Cache-Control": (
            "Only the client may keep the response, and must check it before using it again",
            {"const": "private, no-cache"},
        ),
        "Content-Security-Policy": (
            "The response is no page that can load or run anything",
            text | {"pattern": "^default-src 'none'"},
        ),
        "Referrer-Policy": ("No referrer is sent", {"const": "no-referrer"}),
        "X-Content-Type-Options": ("Browsers must not guess the type", {"const": "nosniff"}),
        "ETag": (
            "The current entity tag, for If-Match and If-None-Match; in a dry run, the one before",
            text | {"pattern": '^"[^"]+"$'},
        ),
        "Location": (
            "The path of the new record, which a dry run does not create; or of the page to read",
            text | {"format": "uri-reference"},
        ),
        "Vary": ("The request header that the response depends on", {"const": "Accept"}),
        "Link": ("The next page, unless this is the last", text | {"pattern": '; rel="next"$'}),
        "Content-Disposition": (
            "The response is a file; what to call it",
            text | {"pattern": "^attachment; filename="},
        ),
        "Idempotency-Replayed": (
            "The request was done before with the same key; this is the response it had then",
            {"const": "true"},
        ),
        "Retry-After": ("The number of seconds to wait", seconds),
        "WWW-Authenticate": ("How to send a token", text | {"pattern": "^Bearer realm="}),
        "RateLimit-Policy": (
            "If requests are limited: how many a token may send (q) in how many seconds (w)",
            text | {"pattern": '^"token";q=[0-9]+;w=[0-9]+$'},
        ),
        "RateLimit": (
            "How many requests are left (r), and in how many seconds all are available again (t)",
            text | {"pattern": '^"token";r=[0-9]+;t=[0-9]+$'},
        ),
    }
    always = {*EVERY_RESPONSE, "Retry-After", "WWW-Authenticate"}
    return {
        name: {"description": text, "required": name in always, "schema": schema}
        for name, (text, schema) in described.items()
    }


def headers_of(operation: Operation, *more: str) -> dict[str, Any]:
    """The headers of each response of an operation, and more of one of them, as references."""
    limits = () if operation.allowed is ANYONE else ("RateLimit-Policy", "RateLimit")
    names = (*EVERY_RESPONSE, *limits, *more)
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
