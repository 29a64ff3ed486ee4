"""Prerequisites as text: "MA101, CS101 or CS105"."""

import re
from collections.abc import Sequence
from typing import Any

from msgspec import UNSET

from enrollment.model.courses import Prerequisite
from enrollment.web.fields import read_codes


def write_prerequisites(listed: Sequence[Prerequisite], *, concurrent: bool) -> str:
    """Return those prerequisites of a list that are `concurrent`, or those that are not."""
    chosen = [item for item in listed if item.concurrent == concurrent]
    return ", ".join(" or ".join(codes_of(item)) for item in chosen)


def read_prerequisites(text: str, *, concurrent: bool) -> list[dict[str, Any]]:
    """Return the prerequisites of a text, as the API takes them."""
    return [_read(item) | {"concurrent": concurrent} for item in read_codes(text)]


def codes_of(item: Prerequisite) -> Sequence[str]:
    """The codes of which one is enough."""
    return [str(item.code)] if item.any_of is UNSET else item.any_of


def _read(item: str) -> dict[str, Any]:
    codes = re.split(r"\s+or\s+", item)
    return {"code": codes[0]} if len(codes) == 1 else {"any_of": codes}
