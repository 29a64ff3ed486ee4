"""/ims/oneroster/token: an access token for a client of the OneRoster interface (RFC 6749, section
4.4). The two halves of a token of the service are the id and the secret of such a client."""

from base64 import b64decode
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import unquote_plus

from enrollment.http.authentication import role_forbidden
from enrollment.http.context import Context
from enrollment.http.operation import ANYONE, READERS, Operation
from enrollment.http.query import read_form
from enrollment.http.responses import Result
from enrollment.model.oneroster import AccessToken, ClientCredentials
from enrollment.problems.errors import Problem
from enrollment.storage.database import Database

# In seconds: when a client asks again. The token itself may be valid for longer.
LIFETIME = 3600
SCOPES = tuple(
    f"{scheme}://purl.imsglobal.org/spec/or/{version}/scope/{name}.readonly"
    for version in ("v1p2", "v1p1")
    for scheme in ("https", "http")
    for name in ("roster-core", "roster")
)


def issue_token(context: Context, database: Database) -> Result:
    """Get an access token with the id and the secret of a client."""
    form = read_form(context.environ, ClientCredentials, context.zone)
    if not form.grant_type:
        raise Problem("malformed_request", "The form has no grant_type.")
    if form.grant_type != "client_credentials":
        detail = f"The grant type is {form.grant_type}, not client_credentials."
        raise Problem("unsupported_grant_type", detail)
    text = "_".join(_credentials(context, form))
    with database.read() as db:
        row = context.find_token(db, context, text)
    if row["role"] not in READERS:
        raise role_forbidden(row["role"], READERS)
    answer = AccessToken(
        access_token=text, expires_in=_lifetime(row["expires_at"]), scope=_granted(form.scope)
    )
    return Result(HTTPStatus.OK, answer, {"Cache-Control": "no-store", "Pragma": "no-cache"})


def _credentials(context: Context, form: ClientCredentials) -> tuple[str, str]:
    """Return the id and the secret of the client: of the header, where both are percent-encoded
    (RFC 6749, section 2.3.1), or else of the form. Raises malformed_request, token_invalid."""
    header = context.header("AUTHORIZATION")
    if header is None:
        return form.client_id, form.client_secret
    if form.client_secret:
        detail = "Send the secret in the header Authorization or in the form, not in both."
        raise Problem("malformed_request", detail)
    scheme, _, encoded = header.partition(" ")
    try:
        id, _, secret = b64decode(encoded.strip(), validate=True).decode().partition(":")
    except ValueError:
        id = secret = ""
    if scheme.lower() != "basic" or not secret:
        raise Problem("malformed_request", "The header Authorization must be: Basic, id:secret.")
    return unquote_plus(id), unquote_plus(secret)


def _granted(asked: str) -> str:
    """Return the scopes that are granted: all if none is asked for. Raises invalid_scope."""
    granted = [scope for scope in SCOPES if not asked.split() or scope in asked.split()]
    if not granted:
        raise Problem("invalid_scope", f"Expected some of: {', '.join(SCOPES)}.")
    return " ".join(granted)


def _lifetime(expires_at: str | None) -> int:
    """Return for how many seconds the client can use the token before it asks again."""
    if expires_at is None:
        return LIFETIME
    left = datetime.fromisoformat(expires_at) - datetime.now(UTC)
    return max(0, min(LIFETIME, int(left.total_seconds())))


OPERATIONS = (
    Operation("POST", "/ims/oneroster/token", ANYONE, issue_token, body=ClientCredentials),
)
