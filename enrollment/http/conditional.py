"""Entity tags and preconditions (RFC 9110, sections 8.8.3 and 13)."""

import re
from collections.abc import Callable
from functools import partial
from hashlib import blake2b, file_digest
from typing import Any, BinaryIO

from enrollment.http.context import Context
from enrollment.model.records import Enrollment, Token
from enrollment.problems.errors import Problem

ENTITY_TAG = r'(?:W/)?"[^"]*"'
# What is sent to a client: bytes, or a file, which is read while it is sent and then closed.
Content = bytes | BinaryIO
_digest = partial(blake2b, digest_size=12)


def etag_of(record: Any) -> str | None:
    """Return the entity tag of a record, or None if it has no version.

    It is the version, and also what changes while the version stays the same: the position on a
    waitlist, and the last use of a token.
    """
    version = getattr(record, "version", None)
    if isinstance(record, Token) and record.last_used_at:
        return f"{version}-{record.last_used_at}"
    if isinstance(record, Enrollment) and record.position:
        return f"{version}-{record.position}"
    return None if version is None else str(version)


def digest_of(content: Content) -> str:
    """Return a digest of what is sent, for its entity tag."""
    if isinstance(content, bytes):
        return _digest(content).hexdigest()
    content.seek(0)
    return file_digest(content, _digest).hexdigest()  # type: ignore[arg-type]


def check_preconditions(context: Context, find_tag: Callable[[], str | None], *also: str) -> None:
    """Check the preconditions of a write: If-Match must name the current tag or one of `also`, and
    If-None-Match must not name the current tag.

    `find_tag` returns the current tag, or None if there is no record. It is called only if there is
    a precondition, or if the context needs the tag.

    Call it inside the transaction that writes. Raises precondition_failed.
    """
    if_none_match = context.header("IF_NONE_MATCH")
    if context.header("IF_MATCH") is None and if_none_match is None and not context.needs_etag:
        return
    tag = context.etag = find_tag()
    _require_if_match(context, tag, *also)
    if _matches(if_none_match, tag, weak=True):
        detail = f'If-None-Match excludes "{tag}", the current entity tag.'
        raise Problem("precondition_failed", detail)


def check_record(context: Context, present: Any) -> None:
    """Check the preconditions of a write of this record; None: there is no record.

    Call it inside the transaction that writes. Raises precondition_failed.
    """
    check_preconditions(context, lambda: etag_of(present))


def not_modified(context: Context, tag: str | None) -> bool:
    """Whether the client of a read has the current version already. Raises precondition_failed."""
    _require_if_match(context, tag)
    return _matches(context.header("IF_NONE_MATCH"), tag, weak=True)


def _require_if_match(context: Context, *tags: str | None) -> None:
    """Raise precondition_failed if an If-Match names none of the tags. The first tag is the current
    one, which the detail names."""
    tag, if_match = tags[0], context.header("IF_MATCH")
    if if_match is not None and not any(_matches(if_match, good) for good in tags):
        detail = f'If-Match is {if_match}, but the current entity tag is "{tag}".'
        if tag is None:
            detail = f"If-Match is {if_match}, but there is no record."
        raise Problem("precondition_failed", detail)


def _matches(header: str | None, tag: str | None, *, weak: bool = False) -> bool:
    """Whether a header names a tag, by strong or weak comparison (RFC 9110, section 8.8.3.2)."""
    if header is None or tag is None:
        return False
    if header.strip() == "*":
        return True
    if not re.fullmatch(rf"{ENTITY_TAG}(?:\s*,\s*{ENTITY_TAG})*", header.strip()):
        return False
    tags = re.findall(ENTITY_TAG, header)
    return f'"{tag}"' in [found.removeprefix("W/") if weak else found for found in tags]
