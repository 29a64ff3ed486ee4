"""/v1/tokens: who may do what."""

from enrollment import http, paging
from enrollment.access import ADMINS
from enrollment.answers import ListPage
from enrollment.data import token
from enrollment.database import Connection
from enrollment.filters import Page
from enrollment.http import Operation
from enrollment.preconditions import require_match, tag_of
from enrollment.records import NewToken, Token, TokenFields
from enrollment.rendering import Answer


def list_tokens(db: Connection, query: Page) -> Answer:
    """List the access tokens, without what proves them."""
    return paging.page(token.list_tokens(db, query, paging.place(query)), query)


def create_token(db: Connection, body: TokenFields) -> Answer:
    """Create a token; the answer shows it this once."""
    new = token.insert_token(db, body, http.change())
    kept = token.get_token(db, new.id)
    return http.created(new, f"/v1/tokens/{new.id}")._replace(kept=kept)


def read_token(db: Connection, token_id: int) -> Answer:
    """Read a token, without what proves it."""
    return http.ok(token.get_token(db, token_id))


def revoke_token(db: Connection, token_id: int) -> Answer:
    """Revoke it for good; it stays on record."""
    present = token.get_token(db, token_id)
    # The version alone is enough: the tag changes whenever the token is used.
    require_match(lambda: tag_of(present), str(present.version))
    token.revoke_token(db, token_id, http.change())
    return http.no_content()


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
