"""What the contenders in Python share: no stack has a way of its own for it."""

import hashlib
import hmac
from datetime import UTC, datetime
from typing import Any

READ_ROLES = ("admin", "registrar", "reader")
WRITE_ROLES = ("admin", "registrar")


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def lookup(text: str) -> str:
    """The part of a token that finds it."""
    return text[4:16]


def is_valid(token: Any, text: str) -> bool:
    """Whether this is the token with this text, and has not expired; a revoked one is not found."""
    if token is None:
        return False
    digest = hashlib.sha256(text.encode()).hexdigest()
    is_due = token.expires_at is not None and token.expires_at <= now()
    return hmac.compare_digest(digest, token.digest) and not is_due


def broken_rule(student: Any, course: Any, status: str | None, taken: int) -> str | None:
    """What speaks against an enrollment, if something does; `status` is how it stands now, and
    `taken` the number of seats that are."""
    if status in ("enrolled", "completed"):
        return f"The student has {status} {course.code}."
    if student.status != "active":
        return f"Student {student.id} is {student.status}."
    if course.status != "open":
        return f"{course.code} is {course.status}."
    if course.capacity is not None and taken >= course.capacity:
        return f"No seat of {course.code} is free."
    return None
