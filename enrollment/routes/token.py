"""/v1/tokens: who may do what."""

from enrollment import http, paging
from enrollment.access import ADMINS
from enrollment.data import token
from enrollment.database import Database
from enrollment.filters import Page
from enrollment.http import Operation
from enrollment.preconditions import require_match, tag_of
from enrollment.records import ListPage, NewToken, Token, TokenFields
from enrollment.rendering import Answer


def list_tokens(database: Database, query: Page) -> Answer:
    """List the access tokens, without what proves them."""
    with database.read() as db:
        return paging.page(token.list_tokens(db, query, paging.place(query)), query)


def create_token(database: Database, body: TokenFields) -> Answer:
    """Create a token; the answer shows it this once."""
    with database.write() as db:
        new = token.insert_token(db, body, http.change())
        kept = token.get_token(db, new.id)
    return http.created(new, f"/v1/tokens/{new.id}")._replace(kept=kept)


def read_token(database: Database, token_id: int) -> Answer:
    """Read a token, without what proves it."""
    with database.read() as db:
        return http.ok(token.get_token(db, token_id))


def revoke_token(database: Database, token_id: int) -> Answer:
    """Revoke it for good; it stays on record."""
    with database.write() as db:
        require_match(tag_of(token.get_token(db, token_id)))
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
