"""A visit: one request for a page, with what its handler needs to read, write and answer."""

import secrets
from collections.abc import Callable
from hashlib import sha256
from http import HTTPStatus
from io import BytesIO
from typing import Any, NamedTuple, cast

import msgspec
from bottle import Router

from enrollment.config import Config
from enrollment.data.event import get_last_event_id
from enrollment.data.export import get_school
from enrollment.data.page import list_seats_since
from enrollment.http.authentication import Authenticator, check_role
from enrollment.http.context import Caller, Context
from enrollment.http.endpoint import RolledBack, execute_idempotently, prepare
from enrollment.http.endpoint import read as run_read
from enrollment.http.endpoint import write as run_write
from enrollment.http.operation import REGISTRARS, match
from enrollment.http.query import parse_pairs, read_fields
from enrollment.http.responses import Response, Result
from enrollment.problems.errors import Problem
from enrollment.storage.connection import Connection
from enrollment.storage.database import Database
from enrollment.web.fields import Fields
from enrollment.web.held import HeldFiles
from enrollment.web.render import HEADERS, render
from enrollment.web.words import Words, parameters

MAX_FIELDS = 10_000
# The most students who got a seat by a form that the next page names.
SEATS_SHOWN = 50


class Site(NamedTuple):
    """What all visits share."""

    database: Database
    authenticator: Authenticator
    router: Router
    config: Config
    held: HeldFiles


class Visit:
    """One request for a page, in one transaction."""

    def __init__(self, site: Site, context: Context, db: Connection) -> None:
        self.site = site
        self.context = context
        self.db = db
        self.words = Words(context.zone)
        self.query = read_query(context)
        self.form = Fields() if context.reads else read_form(context)

    @property
    def caller(self) -> Caller:
        return self.context.caller

    @property
    def is_student(self) -> bool:
        return self.caller.role == "student"

    @property
    def may_write(self) -> bool:
        """Whether the caller may change the records of others."""
        return self.caller.role in REGISTRARS

    def page(
        self, name: str, *problems: Problem | None, status: int = HTTPStatus.OK, **values: Any
    ) -> Result:
        """Return the page that the template `name` makes of these values.

        The template has the first problem as `problem`. The first one that is not None gives the
        page its status, and all of them count in the metrics.
        """
        if shown := [problem for problem in problems if problem]:
            status = shown[0].status
            self.context.refusals = [code for problem in shown for code in problem.codes]
        values["problem"] = problems[0] if problems else None
        values |= {"key": secrets.token_hex(8), "visit": self, "school": get_school(self.db)}
        # Only the address remembers it; the links of the layout take it along.
        values["chosen_term"] = self.query.one("term")
        content = render(name, self.context, **values)
        return Result(status, content, HEADERS)

    def once(self, act: Callable[[], str]) -> Result:
        """Run what a form asks for, and go to the path that is returned. If the same form is sent
        again, nothing is done again.

        Raises what `act` raises; then nothing has changed.
        """
        content = sha256(msgspec.json.encode(self.form)).hexdigest()
        self.context.environ["HTTP_IDEMPOTENCY_KEY"] = f"page-{self.form.one('key')}-{content}"

        def run(db: Connection) -> Result:
            last = get_last_event_id(db)
            return Result(HTTPStatus.OK, b"", {"Location": self._with_seats(db, act(), last)})

        with self.site.database.write() as db:
            window = self.site.config.retry_window
            response = execute_idempotently(self.context, db, run, self.form, window)
        return see_other(response.headers["Location"])

    def _with_seats(self, db: Connection, path: str, last_event_id: int) -> str:
        """Return the address of a page of staff with who got a seat from a waitlist since."""
        seats = [] if self.is_student else list_seats_since(db, last_event_id, SEATS_SHOWN)
        query = "&".join(f"seat={student_id}-{course_id}" for student_id, course_id in seats)
        return "".join((path, "&" if "?" in path else "?", query)) if query else path

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        if_match: str = "",
        dry_run: bool = False,
        query: dict[str, str] | None = None,
    ) -> Any:
        """Run a write of the API as the caller of this page, and return its response as JSON.

        So the rules, roles and preconditions are those of the API. Raises every Problem that it
        answers with; then nothing has changed.
        """
        sent = b"" if body is None else msgspec.json.encode(body)
        content = {"CONTENT_LENGTH": str(len(sent)), "wsgi.input": BytesIO(sent)}
        text = parameters(**(query or {}), dry_run="true" if dry_run else "")
        inner = self._inner(method, path, text, CONTENT_TYPE="application/json", **content)
        # No write answers with a file.
        answer = cast(bytes, self._write(inner, if_match).content)
        return msgspec.json.decode(answer) if answer else None

    def send_file(
        self, path: str, file: Any, *, if_match: str = "", **query: Any
    ) -> tuple[bytes, str]:
        """POST a file that was read to the API, as `send` does. Return the response and its entity
        tag."""
        inner = self._inner("POST", path, parameters(**query))
        # The context of the page closes it.
        inner.upload = file
        response = self._write(inner, if_match)
        return cast(bytes, response.content), response.headers.get("ETag", "").strip('"')

    def _write(self, inner: Context, if_match: str) -> Response:
        if if_match:
            inner.environ["HTTP_IF_MATCH"] = f'"{if_match}"'
        try:
            with self.site.database.write() as db:
                return run_write(inner, db, self.site.config.retry_window)
        except RolledBack as rolled_back:
            return rolled_back.response

    def download(self, path: str, **query: Any) -> Result:
        """Return a file of the API, for the caller of this page. Raises what the API does."""
        inner = self._inner("GET", path, parameters(**query))
        response = run_read(inner, self.db)
        return Result(response.status, response.content, response.headers)

    def _inner(self, method: str, path: str, query: str, **environ: Any) -> Context:
        """Return the context of a request to the API, as the caller of this page."""
        environ |= {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query}
        outer = self.context
        inner = Context(environ, outer.expose_metrics, outer.zone, outer.find_token)
        inner.accepted = outer.accepted
        match(self.site.router, inner)
        check_role(inner)
        prepare(inner)
        return inner


def see_other(location: str, headers: dict[str, str] | None = None) -> Result:
    """Send the browser to another page."""
    return Result(HTTPStatus.SEE_OTHER, b"", {**HEADERS, "Location": location, **(headers or {})})


def read_query(context: Context) -> Fields:
    """Return the fields of the query. Raises malformed_request."""
    return Fields(parse_pairs(context.environ.get("QUERY_STRING", ""), MAX_FIELDS))


def read_form(context: Context) -> Fields:
    """Return the fields of a form. One with a file was read before.

    Raises what `read_fields` does.
    """
    if context.upload is not None:
        return cast(Fields, context.upload.form)
    if context.environ.get("CONTENT_LENGTH") in ("", "0"):
        return Fields()
    return Fields(read_fields(context.environ, MAX_FIELDS))
