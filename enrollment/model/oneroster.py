"""What is asked of the OneRoster interface, and how it answers."""

from typing import Annotated, Literal, NamedTuple

import msgspec
from msgspec import Meta

from enrollment.model.records import Input

# The largest page, in records. Clients ask for this many and read one page, or stop at a page that
# is shorter than they asked for.
LARGEST_PAGE = 10_000
Operator = Literal["=", "!=", ">", ">=", "<", "<=", "~"]


class RecordQuery(Input, frozen=True, kw_only=True):
    """What is asked of one record."""

    fields: Annotated[str, Meta(max_length=1000)] = ""


class PageOfRecords(RecordQuery, frozen=True, kw_only=True):
    """What is asked of a list: at most `limit` records after the first `offset` ones."""

    limit: Annotated[int, Meta(ge=1, le=10**18 - 1)] = 100
    offset: Annotated[int, Meta(ge=0, le=10**18 - 1)] = 0
    sort: Annotated[str, Meta(max_length=100)] = ""
    orderBy: Literal["asc", "desc"] = "asc"  # noqa: N815
    filter: Annotated[str, Meta(max_length=1000)] = ""


class Condition(NamedTuple):
    """A comparison of a field with a value. Text is compared without case; `~` means contains."""

    field: str
    operator: Operator
    value: str


class Selection(NamedTuple):
    """Which records a page has: those that meet all conditions, or any of them if `is_either`, in
    the order of a field, or else of their ids."""

    conditions: tuple[Condition, ...] = ()
    is_either: bool = False
    sort: str = ""
    is_descending: bool = False
    limit: int = 1
    offset: int = 0


class ClientCredentials(msgspec.Struct, frozen=True, kw_only=True):
    """A request for an access token (RFC 6749, section 4.4.2)."""

    grant_type: str = ""
    scope: str = ""
    client_id: str = ""
    client_secret: str = ""


class AccessToken(msgspec.Struct, frozen=True, kw_only=True):
    """An access token (RFC 6749, section 5.1). It is valid for so many seconds."""

    access_token: str
    expires_in: int
    scope: str
    token_type: str = "Bearer"
