"""/sign-in: a token once, or a link once. A session begins; no password is asked for."""

from http import HTTPStatus

from enrollment.data import session
from enrollment.http.operation import ANYONE, Operation
from enrollment.http.responses import Result
from enrollment.problems.errors import Problem
from enrollment.storage.connection import Row
from enrollment.web.guard import cookie, is_https, is_loopback, local_path, read_secret
from enrollment.web.render import HEADERS, ICON, STYLE
from enrollment.web.visit import Visit, see_other

# What the names of these files contain never changes, so they are kept for a year.
KEPT = {"Cache-Control": "public, max-age=31536000, immutable"}
PROBLEMS_SHOWN = ("token_invalid", "too_many_failures")


def show_sign_in(visit: Visit) -> Result:
    """Ask for a token."""
    _https(visit)
    return visit.page("sign_in", next=visit.query.one("next"), refusal=None)


def sign_in(visit: Visit) -> Result:
    """Begin a session with a token."""
    https = _https(visit)
    target = visit.form.one("next")
    authenticator = visit.site.authenticator
    try:
        row = authenticator.find_token(visit.db, visit.context, visit.form.one("token"))
    except Problem as problem:
        if problem.code not in PROBLEMS_SHOWN:
            raise
        visit.context.refusals = problem.codes
        # Not 401, which needs a challenge (RFC 9110, section 15.5.2): the form is one.
        late = problem.code == "too_many_failures"
        status = HTTPStatus.TOO_MANY_REQUESTS if late else HTTPStatus.UNPROCESSABLE_ENTITY
        return visit.page("sign_in", status=status, next=target, refusal=problem)
    return _begin(visit, row["id"], target, https=https)


def show_link(visit: Visit, code: str) -> Result:
    """Show whom a link signs in. Only the button uses it up: mail scanners open links."""
    _https(visit)
    return visit.page("link", link=_link(visit, code))


def use_link(visit: Visit, code: str) -> Result:
    """Begin a session with a link."""
    https = _https(visit)
    row = _link(visit, code)
    session.use_link(visit.db, row["link_id"])
    return _begin(visit, row["id"], "/start", https=https)


def sign_out(visit: Visit) -> Result:
    """End the session."""
    https = is_https(visit.context, visit.site.config.trusted_proxies)
    if secret := read_secret(visit.context, https=https):
        session.end_session(visit.db, secret)
    return see_other("/sign-in?out=1", cookie("", https=https))


def read_style(visit: Visit, digest: str) -> Result:
    """Send the style sheet."""
    return Result(HTTPStatus.OK, STYLE, {"Content-Type": "text/css; charset=utf-8", **KEPT})


def read_icon(visit: Visit) -> Result:
    """Send the icon."""
    return Result(HTTPStatus.OK, ICON, {**HEADERS, "Content-Type": "image/svg+xml", **KEPT})


def _begin(visit: Visit, token_id: int, target: str, *, https: bool) -> Result:
    secret = session.begin_session(visit.db, token_id)
    return see_other(local_path(target), cookie(secret, https=https))


def _link(visit: Visit, code: str) -> Row:
    """Return the link with this code. A wrong one counts like a wrong token. Raises link_invalid,
    too_many_failures."""
    row = session.find_link(visit.db, code)
    if row is None:
        failure = visit.site.authenticator.failure(visit.context, "The link is unknown.")
        if failure.code == "too_many_failures":
            raise failure
        raise Problem("link_invalid", "The link was used already, or its time is over.")
    return row


def _https(visit: Visit) -> bool:
    """Return whether the cookie must be secure. Raises sign_in_needs_https if it cannot be safe."""
    https = is_https(visit.context, visit.site.config.trusted_proxies)
    if not https and not is_loopback(visit.context):
        detail = "Signing in over http works only on the machine of the service."
        raise Problem("sign_in_needs_https", detail)
    return https


PAGES = (
    Operation("GET", "/sign-in", ANYONE, show_sign_in),
    Operation("POST", "/sign-in", ANYONE, sign_in),
    Operation("GET", "/sign-in/<code:re:[a-z0-9_]+>", ANYONE, show_link),
    Operation("POST", "/sign-in/<code:re:[a-z0-9_]+>", ANYONE, use_link),
    Operation("POST", "/sign-out", ANYONE, sign_out),
    Operation("GET", "/style-<digest:re:[0-9a-f]+>.css", ANYONE, read_style),
    Operation("GET", "/icon.svg", ANYONE, read_icon),
)
