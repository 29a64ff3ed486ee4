"""The errors of the OneRoster interface: those of its description, and for tokens those of
RFC 6749, section 5.2."""

from http import HTTPStatus
from typing import Any

from enrollment.problems.errors import Problem
from enrollment.problems.registry import PROBLEM_TYPES

PREFIX = "/ims/oneroster/"
TOKEN_PATH = f"{PREFIX}token"
# The minor code of each status; others are "invaliddata" or "internal_server_error".
MINOR_CODES = {
    401: "unauthorisedrequest",
    403: "forbidden",
    404: "unknownobject",
    429: "server_busy",
    503: "server_busy",
}
# The minor codes of problems that have one of their own.
MINOR_CODES_OF_PROBLEMS = {
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
# The statuses that RFC 6749 does not have, each with the one that replaces it.
OAUTH_STATUSES = {411: 400, 415: 400, 422: 400}


def is_oneroster(path: str) -> bool:
    """Whether a path is one of the interface, whatever is there."""
    return path.startswith(PREFIX)


def error_of(path: str, problem: Problem) -> tuple[int, dict[str, str], Any]:
    """Return the status, the headers and the body of the response to a problem."""
    headers = {"Content-Type": "application/json", **problem.headers}
    reasons = [f"{reason.parameter}: {reason.detail}" for reason in problem.violations]
    detail = "; ".join(reasons) or problem.detail
    if path != TOKEN_PATH:
        status, body = _record_error(problem.code, detail)
        return status, headers, body
    status, body = _token_error(problem.code, detail)
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Basic realm="enrollment"'
    return status, headers, body


def _token_error(code: str, detail: str) -> tuple[int, Any]:
    """Return the status and the body of an error of RFC 6749."""
    status = PROBLEM_TYPES[code].status
    other = "invalid_request" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "server_error"
    error, status = OAUTH_ERRORS.get(code, (other, OAUTH_STATUSES.get(status, status)))
    return status, {"error": error, "error_description": detail}


def _record_error(code: str, detail: str) -> tuple[int, Any]:
    """Return the status and the body (`imsx_StatusInfo`) of an error of OneRoster."""
    status = PROBLEM_TYPES[code].status
    if status == HTTPStatus.UNPROCESSABLE_ENTITY:
        status = 400
    other = "invaliddata" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "internal_server_error"
    minor = MINOR_CODES_OF_PROBLEMS.get(code) or MINOR_CODES.get(status, other)
    field = {"imsx_codeMinorFieldName": "TargetEndSystem", "imsx_codeMinorFieldValue": minor}
    return status, {
        "imsx_codeMajor": "failure",
        "imsx_severity": "error",
        "imsx_description": detail,
        "imsx_CodeMinor": {"imsx_codeMinorField": [field]},
    }
