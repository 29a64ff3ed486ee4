"""/ and /problems: what a newcomer finds, and what every problem's `type` points to."""

from base64 import b64encode
from hashlib import sha256
from html import escape
from importlib.metadata import version

from enrollment import http
from enrollment.access import ANYONE
from enrollment.database import Database
from enrollment.errors import Problem
from enrollment.http import Operation
from enrollment.kinds import KINDS
from enrollment.records import Health, Service
from enrollment.rendering import Answer

STYLE = "body{font:1.1rem/1.5 system-ui;max-width:40rem;margin:3rem auto;padding:0 1rem}"
STYLE_DIGEST = b64encode(sha256(STYLE.encode()).digest()).decode()
HTML = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{STYLE_DIGEST}';"
    " frame-ancestors 'none'",
}


def read_service(database: Database) -> Answer:
    """Where everything is."""
    return http.ok(
        Service(
            service="enrollment",
            release=version("enrollment"),
            students="/v1/students",
            terms="/v1/terms",
            courses="/v1/courses",
            events="/v1/events",
            problems="/problems",
        )
    )


def read_live(database: Database) -> Answer:
    """Whether the service answers."""
    return http.ok(Health(status="live"))


def read_ready(database: Database) -> Answer:
    """Whether a write can begin; a 503 otherwise."""
    with database.write():
        return http.ok(Health(status="ready"))


def list_problems(database: Database) -> Answer:
    """Every problem there is."""
    rows = "".join(
        f'<li><a href="/problems/{code}">{code}</a>: {escape(kind.title)}</li>'
        for code, kind in KINDS.items()
    )
    return _html("Problems", f"<ul>{rows}</ul>")


def read_problem(database: Database, code: str) -> Answer:
    """What a problem means and what to do."""
    kind = KINDS.get(code)
    if kind is None:
        raise Problem("not_found", f"There is no problem with the code {code}.")
    return _html(
        code,
        f"<p>{escape(kind.title)}. It comes with the HTTP status {kind.status}.</p>"
        f"<h2>What to do</h2><p>{escape(kind.advice)}</p>"
        '<p><a href="/problems">All problems</a></p>',
    )


def _html(title: str, content: str) -> Answer:
    document = (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{STYLE}</style><h1>{title}</h1>{content}</html>"
    )
    return Answer(200, document.encode(), HTML)


OPERATIONS = (
    Operation("GET", "/", ANYONE, read_service, answer=Service),
    Operation("GET", "/livez", ANYONE, read_live, answer=Health),
    Operation("GET", "/readyz", ANYONE, read_ready, answer=Health),
    Operation("GET", "/problems", ANYONE, list_problems, answer=bytes),
    Operation("GET", "/problems/<code:re:[a-z_]+>", ANYONE, read_problem, answer=bytes),
)
