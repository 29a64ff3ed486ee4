"""/v1/tokens: who may do what."""

from enrollment.data import token
from enrollment.http.authentication import ADMINS
from enrollment.http.conditional import require_match, tag_of
from enrollment.http.context import Context
from enrollment.http.endpoint import change_context
from enrollment.http.operation import Operation
from enrollment.http.pagination import decode_cursor, page_response
from enrollment.http.responses import Answer, created, no_content, ok
from enrollment.model.queries import Page
from enrollment.model.records import NewToken, Token, TokenFields
from enrollment.model.results import ListPage
from enrollment.storage.sqlite import Connection


def list_tokens(context: Context, db: Connection, query: Page) -> Answer:
    """List the access tokens, without what proves them."""
    return page_response(
        context, token.list_tokens(db, query, decode_cursor(context, query)), query
    )


def create_token(context: Context, db: Connection, body: TokenFields) -> Answer:
    """Create a token; the answer shows it this once."""
    new = token.insert_token(db, body, change_context(context))
    kept = token.get_token(db, new.id)
    return created(new, f"/v1/tokens/{new.id}")._replace(kept=kept)


def read_token(context: Context, db: Connection, token_id: int) -> Answer:
    """Read a token, without what proves it."""
    return ok(token.get_token(db, token_id))


def revoke_token(context: Context, db: Connection, token_id: int) -> Answer:
    """Revoke it for good; it stays on record."""
    present = token.get_token(db, token_id)
    require_match(context, lambda: tag_of(present))
    token.revoke_token(db, token_id, change_context(context))
    return no_content()


OPERATIONS = (
    Operation("GET", "/v1/tokens", ADMINS, list_tokens, query=Page, answer=ListPage[Token]),
    Operation(
        "POST",
        "/v1/tokens",
        ADMINS,
        create_token,
        body=TokenFields,
        answer=NewToken,
        status=201,
        conflicts=(
            "student_of_token_missing",
            "student_of_token_unwanted",
            "unknown_student",
            "expired_already",
        ),
    ),
    Operation("GET", "/v1/tokens/<token_id:id>", ADMINS, read_token, answer=Token),
    Operation("DELETE", "/v1/tokens/<token_id:id>", ADMINS, revoke_token, status=204),
)
