"""/ and /problems: what a newcomer finds, and what every problem's `type` points to."""

from base64 import b64encode
from hashlib import sha256
from html import escape
from importlib.metadata import version

from bottle import request
from prometheus_client import CONTENT_TYPE_LATEST

from enrollment import http
from enrollment.access import ANYONE, READERS
from enrollment.data.check import is_current, try_to_write
from enrollment.database import Connection, Database
from enrollment.errors import Problem
from enrollment.http import Operation
from enrollment.kinds import KINDS
from enrollment.rendering import Answer

STYLE = "body{font:1.1rem/1.5 system-ui;max-width:40rem;margin:3rem auto;padding:0 1rem}"
STYLE_DIGEST = b64encode(sha256(STYLE.encode()).digest()).decode()
HTML = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{STYLE_DIGEST}';"
    " frame-ancestors 'none'",
}


def read_service(database: Database) -> Answer:
    return http.ok(
        {
            "service": "enrollment",
            "release": version("enrollment"),
            "students": "/v1/students",
            "terms": "/v1/terms",
            "courses": "/v1/courses",
            "events": "/v1/events",
            "problems": "/problems",
        }
    )


def read_live(database: Database) -> Answer:
    return http.ok({"status": "live"})


def read_ready(database: Database) -> Answer:
    """A problem unless a write could begin now, or is under way, on the schema of this release."""
    with database.read() as db:
        if not is_current(db):
            detail = "The database has not the schema of this release."
            raise Problem("database_outdated", detail, headers={"Retry-After": "60"})
    if not database.is_written_to:
        with database.write() as db:
            try_to_write(db)
    return http.ok({"status": "ready"})


def read_metrics(db: Connection) -> Answer:
    page = request.app.metrics.page(db)
    return Answer(200, page, {"Content-Type": CONTENT_TYPE_LATEST})


def list_problems(database: Database) -> Answer:
    rows = "".join(
        f'<li><a href="/problems/{code}">{code}</a>: {escape(kind.title)}</li>'
        for code, kind in KINDS.items()
    )
    return _html("Problems", f"<ul>{rows}</ul>")


def read_problem(database: Database, code: str) -> Answer:
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
    Operation("GET", "/", ANYONE, read_service, answer=dict[str, str]),
    Operation("GET", "/livez", ANYONE, read_live, answer=dict[str, str]),
    Operation("GET", "/readyz", ANYONE, read_ready, answer=dict[str, str]),
    Operation("GET", "/metrics", READERS, read_metrics, answer=str),
    Operation("GET", "/problems", ANYONE, list_problems, answer=bytes),
    Operation("GET", "/problems/<code:re:[a-z_]+>", ANYONE, read_problem, answer=bytes),
)
