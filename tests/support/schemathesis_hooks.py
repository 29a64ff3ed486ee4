"""Hooks for schemathesis: values that it cannot guess, and checks that it does not have."""

import re
from datetime import datetime
from typing import Any
from uuid import uuid4

import schemathesis
from hypothesis import strategies as st

from enrollment.http.endpoint import KEY

# Entity tags, existing and not.
TAGS = st.sampled_from(['"1"', '"2"', 'W/"1"', '"1-1"', "*", '"never"'])
schemathesis.openapi.format("entity-tags", TAGS | st.lists(TAGS, min_size=1).map(", ".join))
schemathesis.openapi.format("request-id", st.text("ab01._- \"'<", min_size=1).map(str.strip))
# An offset can bring the first and the last day out of the years 1 to 9999: no schema can say so.
DAYS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)).map(datetime.isoformat)
OFFSETS = st.sampled_from(["Z", "+00:00", "-05:30", "+14:00"])
schemathesis.openapi.format("date-time", st.builds("{}{}".format, DAYS, OFFSETS))
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# The values of `wait` for which the change feed waits.
WAITS = {str(seconds) for seconds in range(1, 31)}
# The codes for a request that does not match its schema.
MISFITS = {"invalid_body", "invalid_query"}
# Headers that any HTTP response may have.
OF_HTTP = {"content-type", "content-length", "connection", "date", "server"}


@schemathesis.serializer("application/zip", XLSX)
def file_as_it_is(context: Any, value: Any) -> bytes:
    """A file is sent as it is."""
    return value if isinstance(value, bytes) else str(value).encode()


@schemathesis.hook
def before_call(context: Any, case: schemathesis.Case, kwargs: dict[str, Any]) -> None:
    """Replace values that would only be refused or slow: a key that another request has used is
    refused, and waiting for an event takes time and shows nothing."""
    # schemathesis may send an id from a response as X-Request-Id; a header must be text.
    for name, value in (case.headers or {}).items():
        if isinstance(value, int):
            case.headers[name] = str(value)
    key = case.headers and case.headers.get("Idempotency-Key")
    if key and re.fullmatch(KEY, key.strip()):
        case.headers["Idempotency-Key"] = f'"{uuid4()}"'
    # Token 1 authenticates these requests, so it must not be revoked.
    ids = case.path_parameters or {}
    if case.method == "DELETE" and str(ids.get("token_id")) == "1":
        ids["token_id"] = 2
    # A file has content (minLength), which schemathesis does not see in the format `binary`.
    if case.method == "POST" and case.path.startswith("/v1/imports") and not case.body:
        case.body = b"?"
    if case.query and str(case.query.get("wait")) in WAITS:
        case.query["wait"] = 0


@schemathesis.check
def every_problem_is_described(context: Any, response: Any, case: schemathesis.Case) -> None:
    described = case.operation.responses.find_by_status_code(response.status_code)
    if described is not None and response.status_code >= 400:
        (content,) = described.definition["content"].values()
        code = response.json()["code"]
        assert code in content["examples"], f"Not described: {code}"


@schemathesis.check
def every_header_is_described(context: Any, response: Any, case: schemathesis.Case) -> None:
    described = case.operation.responses.find_by_status_code(response.status_code)
    if described is not None:
        names = {name.lower() for name, _ in described.headers.items()}
        more = {*response.headers} - names - OF_HTTP
        assert not more, f"Not described: {more}"


@schemathesis.check
def what_fits_the_schema_is_not_invalid(
    context: Any, response: Any, case: schemathesis.Case
) -> None:
    """A 422 for such a request is a contradiction, which no schema can describe."""
    if response.status_code == 422 and case.meta and case.meta.generation.mode.is_positive:
        assert response.json()["code"] not in MISFITS
