"""Which media type a client prefers: the Accept header (RFC 9110, section 12.5.1)."""

import re

from enrollment.http.context import Context

# The most specific media range that matches decides, so these are in that order.
_RANGES = ("{0}/{1}", "{0}/*", "*/*")
# From 0 to 1, with at most three decimals (RFC 9110, section 12.4.2).
QUALITY = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")


def prefers_html(context: Context) -> bool:
    """Whether the client prefers HTML to JSON, as browsers do. A client without an Accept header or
    with curl's `*/*` does not."""
    accept = context.header("ACCEPT") or "*/*"
    qualities = dict(_parse(part) for part in accept.lower().split(","))
    return _quality(qualities, "text/html") > _quality(qualities, "application/json")


def _parse(part: str) -> tuple[str, float]:
    """Return a media range and its quality, which is 0 if it is invalid."""
    name, *parameters = (piece.strip() for piece in part.split(";"))
    quality = next((value[2:] for value in parameters if value.startswith("q=")), "1")
    return name, float(quality) if re.fullmatch(QUALITY, quality) else 0.0


def _quality(qualities: dict[str, float], media_type: str) -> float:
    """Return the quality of a media type, from 0 to 1, or 0 if no range matches it."""
    names = (name.format(*media_type.split("/")) for name in _RANGES)
    return next((qualities[name] for name in names if name in qualities), 0.0)
