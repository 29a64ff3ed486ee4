"""The pages /docs and /problems. They load and run nothing."""

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from bottle import html_escape

from enrollment.http.template import template
from enrollment.openapi import interface
from enrollment.openapi.interface import Interface, to_json
from enrollment.problems.body import example_body
from enrollment.problems.registry import FIELD_CODES, PROBLEM_TYPES, families

TEMPLATES = Path(__file__).parent / "templates"
STYLE = (TEMPLATES / "style.css").read_text("utf-8")
STYLE_DIGEST = b64encode(sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{STYLE_DIGEST}';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}


def docs(document: dict[str, Any]) -> bytes:
    """The page that shows a whole OpenAPI document."""
    return _page("docs", api=Interface(document), document=document, interface=interface)


@cache
def problems() -> bytes:
    """The page that lists every problem."""
    return _page("problems", families=families(), field_codes=FIELD_CODES)


@cache
def problem(code: str) -> bytes:
    """The page of one problem, with an example."""
    example = to_json(example_body(code), indent=2)
    return _page("problem", type=PROBLEM_TYPES[code], example=example)


def marked(text: str) -> str:
    """HTML of a text, with the parts in backquotes as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html_escape(text))


def prose(text: str) -> str:
    """HTML paragraphs of a text, with the codes of problems linked to their pages."""
    linked = re.sub(r"\b[a-z_]+\b", _link, marked(text))
    return "".join(f"<p>{paragraph}</p>" for paragraph in linked.split("\n\n") if paragraph)


def _link(word: re.Match[str]) -> str:
    code = word[0]
    return f'<a href="/problems/{code}">{code}</a>' if code in PROBLEM_TYPES else code


def _page(name: str, **values: Any) -> bytes:
    rendered: str = template(TEMPLATES, name).render(
        style=STYLE, marked=marked, prose=prose, **values
    )
    return rendered.encode()
