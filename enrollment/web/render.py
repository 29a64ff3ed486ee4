"""The templates of the pages, and the style sheet. Each template is compiled once."""

from hashlib import sha256
from pathlib import Path
from typing import Any

from enrollment.http.context import Context
from enrollment.http.template import template
from enrollment.web.words import Words

TEMPLATES = Path(__file__).parent / "templates"
STYLE = (TEMPLATES / "style.css").read_bytes()
ICON = (TEMPLATES / "icon.svg").read_bytes()
# The digest in the name lets a browser keep the style sheet until a release changes it.
STYLE_DIGEST = sha256(STYLE).hexdigest()[:12]
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
# Nothing that is shown in a session stays in the browser after it.
PRIVATE = {"Cache-Control": "no-store"}
HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",
    **PRIVATE,
}


def render(name: str, context: Context, **values: Any) -> bytes:
    """Return the HTML of a template. It escapes every value."""
    words = Words(context.zone)
    common = {"context": context, "caller": context.accepted, "words": words, "style": STYLE_DIGEST}
    rendered: str = template(TEMPLATES, name).render(**common | values)
    return rendered.encode()
