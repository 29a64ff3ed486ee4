"""Requests as bytes, whole or only their beginnings, with the admin token or without a token."""

import json

from tests.support.tokens import TOKENS

STUDENT = {"given_name": "Ada", "family_name": "Lovelace"}
GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST /v1/students HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
# A header by which the server closes the connection after the response.
LAST = b"Connection: close\r\n"


def authorized(sent: bytes) -> bytes:
    """Add the admin token to a request to `Host: x`, and replace that host by localhost, to which
    the service answers."""
    token = TOKENS["admin"].encode()
    return sent.replace(b"Host: x\r\n", b"Host: localhost\r\nAuthorization: Bearer %s\r\n" % token)


def post(student: dict[str, str]) -> bytes:
    """A whole request that creates a student."""
    body = json.dumps(student).encode()
    return authorized(POST + b"Content-Length: %d\r\n\r\n%s" % (len(body), body))


def chunked(body: bytes, header: bytes = b"") -> bytes:
    """A whole request whose body is sent in two chunks and the empty chunk that ends it."""
    head = authorized(POST + header + b"Transfer-Encoding: chunked\r\n\r\n")
    parts = (body[:7], body[7:], b"")
    return head + b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
