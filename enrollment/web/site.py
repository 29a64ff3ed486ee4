"""The life of a request for a page: sign-in, one transaction, and a page also for every refusal."""

from http import HTTPStatus
from urllib.parse import urlsplit

from enrollment.data import session
from enrollment.http.accept import prefers_html
from enrollment.http.context import Context
from enrollment.http.responses import Response, Result
from enrollment.problems.errors import Problem
from enrollment.problems.registry import PROBLEM_TYPES
from enrollment.storage.connection import Connection
from enrollment.web.guard import check_origin, is_https, read_secret
from enrollment.web.render import HEADERS, PRIVATE, render
from enrollment.web.visit import Site, Visit, see_other
from enrollment.web.words import link


def wants_page(context: Context) -> bool:
    """Whether the answer to a request is a page, also if it is refused."""
    if context.matched:
        return context.matched.is_page
    return prefers_html(context) and not context.path.startswith(("/v1", "/ims"))


def receive_page(context: Context) -> None:
    """Refuse a form of another site. Raises foreign_form."""
    if not context.reads:
        check_origin(context)


def admit_page(site: Site, context: Context) -> Response | None:
    """Send a visitor who has not signed in to the sign-in. Return None if the request must be run,
    as for a form that was sent without a session: what was typed is not lost.

    Raises forbidden, too_many_requests.
    """
    with site.database.read() as db:
        if not _sign_in(site, context, db) and not _is_kept(site, context, db):
            return _response(_to_sign_in(context))
    return None


def receive_form(site: Site, context: Context) -> None:
    """Read the form with a file, if the page takes one. Raises what the reader of the page does."""
    if read := context.operation.reader:
        context.upload = read(site, context)


def run_page(site: Site, context: Context) -> Response:
    """Return the page, or what its form leads to. Raises a Problem that the page does not show
    itself."""
    if context.reads:
        with site.database.read(is_slow=True) as db:
            return _run(site, context, db)
    with site.database.write() as db:
        return _run(site, context, db)


def render_problem_page(context: Context, problem: Problem) -> Response:
    """Return a page that says what is wrong and what to do, and note its codes for the metrics."""
    context.refusals = problem.codes
    problem_type = PROBLEM_TYPES[problem.code]
    content = render("problem", context, problem=problem, problem_type=problem_type)
    headers = {**HEADERS, **problem.headers}
    headers.pop("WWW-Authenticate", None)
    return Response(problem_type.status, headers, content, problem.code)


def _run(site: Site, context: Context, db: Connection) -> Response:
    operation = context.operation
    # The session may have ended while the request waited.
    if operation.is_public or _sign_in(site, context, db):
        return _response(operation.handler(Visit(site, context, db), **context.ids))
    if _is_kept(site, context, db):
        # Not 401, which needs a challenge (RFC 9110, section 15.5.2).
        status, action = HTTPStatus.FORBIDDEN, _address(context)
        return _response(Visit(site, context, db).page("ended", status=status, action=action))
    return _response(_to_sign_in(context))


def _is_kept(site: Site, context: Context, db: Connection) -> bool:
    """Whether what was sent can be sent again after the sign-in: a form without a file, whose
    session has ended. The body of another one is not read: it could fill memory."""
    if context.reads or context.operation.reader:
        return False
    return session.is_known(db, _secret(site, context))


def _sign_in(site: Site, context: Context, db: Connection) -> bool:
    secret = _secret(site, context)
    return bool(secret) and site.authenticator.authorize_session(db, context, secret)


def _secret(site: Site, context: Context) -> str:
    """Return the secret of the session, or nothing."""
    return read_secret(context, https=is_https(context, site.config.trusted_proxies)) or ""


def _to_sign_in(context: Context) -> Result:
    """Lead to the sign-in, and from there to the page that was asked for, or had the form."""
    if not context.reads:
        path = urlsplit(context.header("REFERER") or "").path
        return see_other(link("/sign-in", ended=1, next=path))
    return see_other(link("/sign-in", next=_address(context)))


def _address(context: Context) -> str:
    query = context.environ.get("QUERY_STRING", "")
    return f"{context.path}?{query}" if query else context.path


def _response(result: Result) -> Response:
    return Response(result.status, {**PRIVATE, **result.headers}, result.content)
