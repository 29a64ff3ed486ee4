"""The errors of the OneRoster interface: those of its description, and for tokens those of
RFC 6749, section 5.2."""

from http import HTTPStatus
from typing import Any

from enrollment.problems.errors import Problem
from enrollment.problems.registry import PROBLEM_TYPES

PREFIX = "/ims/oneroster/"
TOKEN_PATH = f"{PREFIX}token"
# The minor code of each status, and those of some problems.
MINOR_CODES = {
    400: "invaliddata",
    401: "unauthorisedrequest",
    403: "forbidden",
    404: "unknownobject",
    429: "server_busy",
    503: "server_busy",
}
OF_PROBLEMS = {
    "invalid_filter": "invalid_filter_field",
    "invalid_selection": "invalid_selection_field",
}
# What RFC 6749 calls these problems, and with which status.
OAUTH_ERRORS = {
    "token_invalid": ("invalid_client", 401),
    "forbidden": ("unauthorized_client", 400),
    "unsupported_grant_type": ("unsupported_grant_type", 400),
    "invalid_scope": ("invalid_scope", 400),
}

# Statuses that RFC 6749 has not, and 400 instead.
NOT_OAUTH = {411: 400, 415: 400, 422: 400}


def is_oneroster(path: str) -> bool:
    """Whether a path is one of the interface, whatever is there."""
    return path.startswith(PREFIX)


def error_of(path: str, problem: Problem) -> tuple[int, dict[str, str], Any]:
    """Return the status, the headers and the body of the response to a problem."""
    headers = {"Content-Type": "application/json", **problem.headers}
    status = PROBLEM_TYPES[problem.code].status
    reasons = [f"{reason.parameter}: {reason.detail}" for reason in problem.violations]
    detail = "; ".join(reasons) or problem.detail
    if path == TOKEN_PATH:
        other = "invalid_request" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "server_error"
        error, status = OAUTH_ERRORS.get(problem.code, (other, NOT_OAUTH.get(status, status)))
        if status == HTTPStatus.UNAUTHORIZED:
            headers["WWW-Authenticate"] = 'Basic realm="enrollment"'
        return status, headers, {"error": error, "error_description": detail}
    if status == HTTPStatus.UNPROCESSABLE_ENTITY:
        status = HTTPStatus.BAD_REQUEST
    other = "invaliddata" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "internal_server_error"
    minor = OF_PROBLEMS.get(problem.code) or MINOR_CODES.get(status, other)
    return (
        int(status),
        headers,
        {
            "imsx_codeMajor": "failure",
            "imsx_severity": "error",
            "imsx_description": detail,
            "imsx_CodeMinor": {
                "imsx_codeMinorField": [
                    {
                        "imsx_codeMinorFieldName": "TargetEndSystem",
                        "imsx_codeMinorFieldValue": minor,
                    }
                ]
            },
        },
    )
