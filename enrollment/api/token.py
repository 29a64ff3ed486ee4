"""/v1/tokens: access tokens and their roles."""

from enrollment.data import token
from enrollment.http.conditional import check_preconditions, etag_of
from enrollment.http.context import Context, change_context
from enrollment.http.operation import ADMINS, Operation
from enrollment.http.query import paged
from enrollment.http.responses import Result, created, no_content, ok
from enrollment.model.queries import Pagination
from enrollment.model.records import NewToken, Token, TokenInput
from enrollment.model.results import Page
from enrollment.problems.registry import rules_for
from enrollment.storage.connection import Connection


def list_tokens(context: Context, db: Connection, query: Pagination) -> Result:
    """List access tokens, without their secrets."""
    return paged(context, query, token.list_tokens, db)


def create_token(context: Context, db: Connection, body: TokenInput) -> Result:
    """Create a token; the response shows its secret only once."""
    new = token.insert_token(db, body, change_context(context))
    stored = token.get_token(db, new.id)
    return created(new, f"/v1/tokens/{new.id}")._replace(replay=stored)


def read_token(context: Context, db: Connection, token_id: int) -> Result:
    """Read a token, without its secret."""
    return ok(token.get_token(db, token_id))


def revoke_token(context: Context, db: Connection, token_id: int) -> Result:
    """Revoke a token permanently (the record is kept)."""
    present = token.get_token(db, token_id)
    # The version alone is enough: the tag changes whenever the token is used.
    check_preconditions(context, lambda: etag_of(present), str(present.version))
    token.revoke_token(db, token_id, change_context(context))
    return no_content()


OPERATIONS = (
    Operation("GET", "/v1/tokens", ADMINS, list_tokens, query=Pagination, answer=Page[Token]),
    Operation(
        "POST",
        "/v1/tokens",
        ADMINS,
        create_token,
        body=TokenInput,
        answer=NewToken,
        status=201,
        conflicts=rules_for("token"),
    ),
    Operation("GET", "/v1/tokens/<token_id:id>", ADMINS, read_token, answer=Token),
    Operation(
        "DELETE",
        "/v1/tokens/<token_id:id>",
        ADMINS,
        revoke_token,
        status=204,
        conflicts=rules_for("token_revocation"),
    ),
)
