"""/ims/oneroster: rosters for other systems, as OneRoster 1.2 and 1.1 describe them."""

from collections.abc import Iterator
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from enrollment.api import oneroster_token
from enrollment.data.oneroster import COLUMNS
from enrollment.exchange.records import COMMON, KINDS, PATHS, Records, Version
from enrollment.exchange.rostering import COLLECTIONS, WITHIN, Roster
from enrollment.http.context import Context, forwarded_scheme
from enrollment.http.oneroster_filter import wanted_page
from enrollment.http.operation import READERS, Operation
from enrollment.http.query import filters
from enrollment.http.responses import Result
from enrollment.model.oneroster import LARGEST_PAGE, PageOfRecords, RecordQuery
from enrollment.problems.errors import Problem
from enrollment.storage.connection import Connection

ID = "re:[^/]+"


def list_records(
    version: Version, name: str, context: Context, db: Connection, query: PageOfRecords, **ids: str
) -> Result:
    """List records, page by page."""
    many = COLLECTIONS[name].many
    asked = _asked(version, many, query)
    wanted = wanted_page(query, COLUMNS[many], LARGEST_PAGE, context.zone)
    roster = Roster(db, context.zone, Records(_base(context), version))
    records, total = roster.page(name, ids, wanted)
    headers = {"X-Total-Count": str(total), "Link": _links(context, query, wanted.limit, total)}
    # One by one: other requests wait while a large value is encoded.
    encoded = b",".join(msgspec.json.encode(_selected(record, asked)) for record in records)
    return Result(HTTPStatus.OK, b'{"%s":[%s]}\n' % (many.encode(), encoded), headers)


def read_record(
    version: Version, name: str, context: Context, db: Connection, query: RecordQuery, **ids: str
) -> Result:
    """Read a record."""
    many = COLLECTIONS[name].many
    asked = _asked(version, many, query)
    roster = Roster(db, context.zone, Records(_base(context), version))
    record = roster.one(name, ids[name])
    return Result(HTTPStatus.OK, {KINDS[many].one: _selected(record, asked)})


def refuse_demographics(
    context: Context, db: Connection, query: PageOfRecords, **ids: str
) -> Result:
    """Refuse: the service has no demographics."""
    raise Problem("forbidden", "No one may read demographics: the service has none.")


def _asked(version: Version, many: str, query: RecordQuery) -> set[str]:
    """Return the fields that a response is to have. Raises invalid_selection."""
    known, asked = {*COMMON, *KINDS[many].of(version)}, {*query.fields.split(",")} - {""}
    if unknown := asked - known:
        names = ", ".join(sorted(unknown))
        detail = f"There is no field {names}. Expected some of: {', '.join(sorted(known))}."
        raise Problem("invalid_selection", detail)
    return asked


def _selected(record: dict[str, Any], asked: set[str]) -> dict[str, Any]:
    if not asked:
        return record
    return {name: value for name, value in record.items() if name in asked}


def _base(context: Context) -> str:
    """Return the URL of the service as its client sees it. A proxy gives the scheme in a header. A
    client that sends this header itself changes only the links in its own response."""
    own = context.environ.get("wsgi.url_scheme", "http")
    scheme = "https" if forwarded_scheme(context) == "https" else own
    host = context.header("HOST")
    return f"{scheme}://{host}" if host else ""


def _links(context: Context, query: PageOfRecords, limit: int, total: int) -> str:
    """Return the header Link (RFC 8288): to the first page, the last, and those beside this one."""
    last = max(total - 1, 0) // limit * limit
    offsets = {"first": 0, "last": last}
    if query.offset + limit < total:
        offsets["next"] = query.offset + limit
    if query.offset:
        offsets["prev"] = max(min(query.offset, last + limit) - limit, 0)
    kept = {name: value for name, value in filters(query).items() if name != "offset"}
    address = f"{_base(context)}{quote(context.path)}"
    return ", ".join(
        f'<{address}?{urlencode(kept | {"limit": limit, "offset": offset})}>; rel="{relation}"'
        for relation, offset in offsets.items()
    )


def _operations(version: Version) -> Iterator[Operation]:
    get = partial(Operation, "GET", allowed=READERS, slow=True)
    root = PATHS[version]
    for name in COLLECTIONS:
        yield get(
            f"{root}/{name}", handler=partial(list_records, version, name), query=PageOfRecords
        )
        one = partial(read_record, version, name)
        yield get(f"{root}/{name}/<{name}:{ID}>", handler=one, query=RecordQuery)
    for path in ("demographics", f"demographics/<demographics:{ID}>"):
        yield get(f"{root}/{path}", handler=refuse_demographics, query=PageOfRecords)
    for outer, names in WITHIN.items():
        path = "/".join(f"{part}/<{part}:{ID}>" for part in outer.split("/"))
        for name in names:
            handler = partial(list_records, version, name)
            yield get(f"{root}/{path}/{name}", handler=handler, query=PageOfRecords)


ROSTERING = (*_operations("v1p2"), *_operations("v1p1"), *oneroster_token.OPERATIONS)
