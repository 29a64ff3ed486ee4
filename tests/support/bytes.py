"""Requests as bytes: their beginnings, from an admin or from no one."""

import json

from tests.support.tokens import TOKENS

STUDENT = {"given_name": "Ada", "family_name": "Lovelace"}
GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n"
POST = b"POST /v1/students HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
# The server closes the connection after the response.
LAST = b"Connection: close\r\n"


def authorized(sent: bytes) -> bytes:
    """The same from an admin, to the name that the service has."""
    token = TOKENS["admin"].encode()
    return sent.replace(b"Host: x\r\n", b"Host: localhost\r\nAuthorization: Bearer %s\r\n" % token)


def post(student: dict[str, str]) -> bytes:
    body = json.dumps(student).encode()
    return authorized(POST + b"Content-Length: %d\r\n\r\n%s" % (len(body), body))


def chunked(body: bytes, header: bytes = b"") -> bytes:
    """A body in two chunks and the last, empty one."""
    head = authorized(POST + header + b"Transfer-Encoding: chunked\r\n\r\n")
    parts = (body[:7], body[7:], b"")
    return head + b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
