"""Entity tags and preconditions (RFC 9110, sections 8.8.3 and 13)."""

import re
from collections.abc import Callable
from typing import Any

from bottle import request

from enrollment.errors import Problem
from enrollment.records import Enrollment, Token

ENTITY_TAG = r'(?:W/)?"[^"]*"'
SEEN = "enrollment.tag"


def tag_of(record: Any) -> str | None:
    """The version of a record, with what changes without it: the position of a waitlisted student,
    the last use of a token. None for what has no version."""
    version = getattr(record, "version", None)
    if isinstance(record, Token) and record.last_used_at:
        return f"{version}-{record.last_used_at}"
    if isinstance(record, Enrollment) and record.position:
        return f"{version}-{record.position}"
    return None if version is None else str(version)


def require_match(find_tag: Callable[[], str | None], *also: str) -> None:
    """Hold a write against the tag of what is there now, or None: its If-Match must name it, or a
    tag that is `also` good enough; its If-None-Match must not name it. The tag is found only where
    someone asks for it.

    Call it inside the transaction that writes. Raises precondition_failed.
    """
    environ = request.environ
    if not {"HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH", SEEN} & environ.keys():
        return
    environ[SEEN] = tag = find_tag()
    _require_if_match(tag, *also)
    if _matches(request.environ.get("HTTP_IF_NONE_MATCH"), tag, weak=True):
        detail = f"If-None-Match excludes {_shown(tag)}, which is there now."
        raise Problem("precondition_failed", detail)


def ask_for_tag() -> None:
    """Let the write that follows find the tag, even if nothing is held against it."""
    request.environ[SEEN] = None


def seen_tag() -> str | None:
    """The tag that this request's write was held against, if it was."""
    tag: str | None = request.environ.get(SEEN)
    return tag


def not_modified(tag: str | None) -> bool:
    """Whether a reader has what is there already. Raises precondition_failed."""
    _require_if_match(tag)
    return _matches(request.environ.get("HTTP_IF_NONE_MATCH"), tag, weak=True)


def _require_if_match(*tags: str | None) -> None:
    """Raises precondition_failed, and tells the first of the tags."""
    tag, if_match = tags[0], request.environ.get("HTTP_IF_MATCH")
    if if_match is not None and not any(_matches(if_match, good) for good in tags):
        detail = f"If-Match is {if_match}, and there is {_shown(tag)} now."
        raise Problem("precondition_failed", detail)


def _shown(tag: str | None) -> str:
    return "nothing" if tag is None else f'"{tag}"'


def _matches(header: str | None, tag: str | None, *, weak: bool = False) -> bool:
    if header is None or tag is None:
        return False
    if header.strip() == "*":
        return True
    if not re.fullmatch(rf"{ENTITY_TAG}(?:\s*,\s*{ENTITY_TAG})*", header.strip()):
        return False
    tags = re.findall(ENTITY_TAG, header)
    return f'"{tag}"' in [found.removeprefix("W/") if weak else found for found in tags]
