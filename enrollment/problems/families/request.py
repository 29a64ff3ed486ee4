"""Problems of the request itself: it cannot be read, is invalid, or leads nowhere."""

from functools import partial

from enrollment.model.results import Violation
from enrollment.problems.problem_type import Example, ProblemType

problem = partial(ProblemType, family="request")

PROBLEM_TYPES = (
    problem(
        code="malformed_request",
        status=400,
        title="The request cannot be read",
        advice=(
            "Check the URL, the headers and the length of the body. Only POST, PUT and PATCH take"
            " one."
        ),
        example=Example("The body is shorter than its Content-Length."),
    ),
    problem(
        code="malformed_json",
        status=400,
        title="The body is not valid JSON",
        advice="Send one JSON object in UTF-8, with each name once and without NaN or Infinity.",
        example=Example("The JSON is invalid at line 1, column 1: expected a value.", pointer=""),
    ),
    problem(
        code="idempotency_key_invalid",
        status=400,
        title="The Idempotency-Key is invalid",
        advice=(
            "Send a different key with each request, such as a UUID. Put it in double quotes unless"
            " it is one word."
        ),
        example=Example(
            "Expected 1 to 255 ASCII characters, in double quotes unless they are one word."
        ),
    ),
    problem(
        code="invalid_filter",
        status=400,
        title="The filter of a list of OneRoster is invalid",
        advice=(
            "Compare fields that `detail` lists with values in single quotation marks, and join two"
            " comparisons at most with AND or OR."
        ),
        example=Example(
            "Records cannot be searched by grade. Expected one of: sourcedId, status, title."
        ),
    ),
    problem(
        code="invalid_sort",
        status=400,
        title="A list of OneRoster cannot be sorted by this field",
        advice="Sort by one of the fields that `detail` lists.",
        example=Example(
            "Records cannot be sorted by grade. Expected one of: sourcedId, status, title."
        ),
    ),
    problem(
        code="invalid_selection",
        status=400,
        title="A record of OneRoster has no such field",
        advice="Select fields that `detail` lists, separated by commas.",
        example=Example("There is no field grade. Expected some of: sourcedId, status, title."),
    ),
    problem(
        code="unsupported_grant_type",
        status=400,
        title="A client gets a token by its credentials alone",
        advice="Send `grant_type=client_credentials`.",
        example=Example("The grant type is password, not client_credentials."),
    ),
    problem(
        code="invalid_scope",
        status=400,
        title="None of the scopes that are asked for can be granted",
        advice="Ask for the scopes of OneRoster that `detail` lists, or for none: then it is all.",
        example=Example("Expected some of: roster-core.readonly, roster.readonly."),
    ),
    problem(
        code="not_found",
        status=404,
        title="There is nothing at this URL",
        advice="The API begins at /v1. `GET /` lists its resources.",
        example=Example("There is nothing at this URL. / and /docs list what exists."),
    ),
    problem(
        code="page_not_found",
        status=404,
        title="The cursor belongs to no page of this list",
        advice="Use the `next` of a page of the same list with the same filters.",
        example=Example(
            "The cursor does not belong to this list.",
            violation=Violation(
                parameter="cursor",
                code="invalid_value",
                detail="Expected the `next` of a page of this list with the same filters",
            ),
        ),
    ),
    problem(
        code="method_not_allowed",
        status=405,
        title="The URL does not support this method",
        advice="Use one of the methods in the `Allow` header.",
        example=Example("/v1/students does not support PATCH."),
    ),
    problem(
        code="request_timeout",
        status=408,
        title="The body did not arrive in time",
        advice="Send the whole body within 30 seconds, or within what `--body-timeout` sets.",
        example=Example("The body did not arrive in time."),
    ),
    problem(
        code="length_required",
        status=411,
        title="The length of the body is unknown",
        advice="Send a `Content-Length` header.",
        example=Example("The request has no Content-Length."),
    ),
    problem(
        code="precondition_failed",
        status=412,
        title="The record has changed since you read it",
        advice="GET it again, check what changed, and repeat the request with the new ETag.",
        example=Example('If-Match is "2", but the current entity tag is "1".'),
    ),
    problem(
        code="body_too_large",
        status=413,
        title="The body is too large",
        advice="Send at most 1 MiB. Split the work over several requests.",
        example=Example("The body is longer than 1048576 bytes."),
    ),
    problem(
        code="unsupported_media_type",
        status=415,
        title="The body has a media type or an encoding that is not accepted",
        advice=(
            "Send the `Content-Type` that `detail` names (curl sends another one by itself), and no"
            " `Content-Encoding`."
        ),
        example=Example('The body is "text/plain", not application/json.'),
    ),
    problem(
        code="invalid_body",
        status=422,
        title="The body has invalid fields",
        advice="Correct every field in `errors`.",
        example=Example(
            "1 field is invalid.",
            violation=Violation(
                pointer="/email",
                code="invalid_value",
                detail="Expected text of at most 254 characters",
            ),
        ),
    ),
    problem(
        code="invalid_query",
        status=422,
        title="The URL has invalid query parameters",
        advice="Correct every parameter in `errors`. Lists take `limit` and `cursor`.",
        example=Example(
            "1 parameter is invalid.",
            violation=Violation(
                parameter="limit",
                code="invalid_value",
                detail="Expected a whole number from 1 to 1,000",
            ),
        ),
    ),
    problem(
        code="time_in_future",
        status=422,
        title="The time is in the future",
        advice="Send a time that is not later than now, or the date of today.",
        example=Example(
            "Expected a day or a time that is not in the future.",
            violation=Violation(
                parameter="as_of",
                code="time_in_future",
                detail="Expected a day or a time that is not in the future.",
                details={"now": "2026-10-01T09:00:00.000Z"},
            ),
        ),
    ),
    problem(
        code="idempotency_key_reused",
        status=422,
        title="The Idempotency-Key was sent with another request",
        advice=(
            "Send a retry exactly as the first request. Use another key for a different request."
        ),
        example=Example('"8c1f9d" was the key of another request.'),
    ),
)
