"""Access tokens: each proves who a caller is. Only the digests are stored."""

import hmac
import re
import secrets
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from msgspec.structs import asdict

from enrollment.data.keyset import KeysetPage, KeysetPosition, list_page
from enrollment.data.student import full_name
from enrollment.data.violations import raise_broken_rules
from enrollment.model.queries import Pagination
from enrollment.model.records import Change, NewToken, Token, TokenInput
from enrollment.model.types import Timestamp
from enrollment.problems.errors import Problem
from enrollment.storage.connection import Connection, Row
from enrollment.storage.queries import queries, to_json

SQL = queries("token")
# A prefix that scanners for leaked secrets recognize, the lookup, and a secret of 192 bits.
FORM = re.compile(r"enr_([0-9a-f]{12})_[0-9a-f]{48}")
# A name of a token has at most so many characters.
NAME_LENGTH = 100


def digest_secret(secret: str) -> str:
    """Return what is stored of a secret."""
    return sha256(secret.encode()).hexdigest()


def get_token(db: Connection, token_id: int) -> Token:
    """Return a token. Raises token_not_found."""
    row = SQL.get_token(db, id=token_id)
    if row is None:
        raise Problem("token_not_found", f"There is no token {token_id}.")
    return Token(**row)


def find_valid_token(db: Connection, text: str) -> Row | None:
    """Return the token with this text, or None if it is unknown, expired or revoked."""
    form = FORM.fullmatch(text)
    row: Row | None = form and SQL.get_token_by_lookup(db, lookup=form[1])
    if row is None or not hmac.compare_digest(row["digest"], digest_secret(text)):
        return None
    expired = row["expires_at"] is not None and row["expires_at"] <= Timestamp.now()
    return None if expired or row["revoked_at"] else row


def has_admin(db: Connection, now: Timestamp) -> bool:
    """Whether there is a valid admin token."""
    return bool(SQL.get_count_of_admins(db, now=now)["admins"])


def list_tokens(
    db: Connection, wanted: Pagination, after: KeysetPosition | None = None
) -> KeysetPage[Token]:
    """List tokens by id, expired and revoked ones too."""
    return list_page(db, SQL.list_tokens, Token, asdict(wanted), start={"id": 0}, after=after)


def insert_token(db: Connection, fields: TokenInput, change: Change) -> NewToken:
    """Add a token, and return it with its text, which is shown only once.

    Raises token_student_required, token_student_not_allowed, unknown_student, student_erased,
    already_expired.
    """
    parameters = asdict(change) | asdict(fields)
    raise_broken_rules(
        [
            *SQL.list_broken_expiry_rules(db, expires_at=fields.expires_at, now=change.at),
            *SQL.list_broken_token_rules(db, **parameters),
        ]
    )
    lookup, digest, text = _new_secret()
    row = SQL.insert_token(db, lookup=lookup, digest=digest, **parameters)
    return NewToken(**row, token=text)


def token_name(family_name: str, given_name: str | None) -> str:
    """Return the name of a token for a student: as much as fits of the student's full name."""
    return full_name(family_name, given_name)[:NAME_LENGTH].strip()


def count_token_owners(db: Connection, now: Timestamp) -> int:
    """Count the active students who have a valid token of their own."""
    count: int = SQL.get_token_owners(db, now=now)["count"]
    return count


def insert_tokens_of_students(
    db: Connection, expires_at: Timestamp | None, change: Change
) -> list[dict[str, Any]]:
    """Add a token for each active student who has no valid one. Return these students by name: for
    each the number, the names, the email, and the text of the token.

    Raises already_expired.
    """
    broken = SQL.list_broken_expiry_rules(db, expires_at=expires_at, now=change.at)
    raise_broken_rules(broken)
    students = SQL.list_students_without_token(db, now=change.at)
    new = [_new_secret() for _ in students]
    tokens = [
        (row["id"], token_name(row["family_name"], row["given_name"]), lookup, digest)
        for row, (lookup, digest, _) in zip(students, new, strict=True)
    ]
    SQL.insert_tokens_of_students(
        db, tokens=to_json(tokens), at=change.at, actor=change.actor, expires_at=expires_at
    )
    return [{**row, "token": text} for row, (_, _, text) in zip(students, new, strict=True)]


def _new_secret() -> tuple[str, str, str]:
    """Return the lookup, the digest and the text of a new token."""
    lookup = secrets.token_hex(6)
    text = f"enr_{lookup}_{secrets.token_hex(24)}"
    return lookup, digest_secret(text), text


def flush_token_uses(db: Connection, uses: Mapping[int, Timestamp]) -> None:
    """Write when each of these tokens was last used."""
    SQL.update_tokens_used(db, uses=to_json([*uses.items()]))


def revoke_token(db: Connection, token_id: int, change: Change) -> None:
    """Revoke a token permanently. A token that is revoked already does not change.

    Raises last_admin_token.
    """
    raise_broken_rules(SQL.list_broken_revocation_rules(db, id=token_id, now=change.at))
    SQL.update_token_revoked(db, id=token_id, at=change.at, actor=change.actor)
