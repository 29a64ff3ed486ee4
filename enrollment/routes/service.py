"""/ and /problems: what a newcomer finds, and what every problem's `type` points to."""

from hashlib import blake2b
from http import HTTPStatus
from importlib.metadata import version

from enrollment import http, pages
from enrollment.access import ANYONE
from enrollment.database import Database
from enrollment.errors import Problem
from enrollment.http import Operation
from enrollment.kinds import KINDS
from enrollment.preconditions import not_modified
from enrollment.rendering import Answer


def read_service(database: Database) -> Answer:
    """Where everything is."""
    return http.ok(
        {
            "service": "enrollment",
            "release": version("enrollment"),
            "students": "/v1/students",
            "terms": "/v1/terms",
            "courses": "/v1/courses",
            "events": "/v1/events",
            "problems": "/problems",
            "docs": "/docs",
            "openapi": "/v1/openapi.json",
        }
    )


def read_live(database: Database) -> Answer:
    """Whether the service answers."""
    return http.ok({"status": "live"})


def read_ready(database: Database) -> Answer:
    """Whether a write can begin; a 503 otherwise."""
    with database.write():
        return http.ok({"status": "ready"})


def list_problems(database: Database) -> Answer:
    """Every problem there is."""
    return page(pages.problems())


def read_problem(database: Database, code: str) -> Answer:
    """What a problem means and what to do."""
    if code not in KINDS:
        raise Problem("not_found", f"There is no problem with the code {code}.")
    return page(pages.problem(code))


def page(content: bytes) -> Answer:
    """A page, unless the reader has it already. Raises precondition_failed."""
    tag = blake2b(content, digest_size=12).hexdigest()
    headers = {**pages.HEADERS, "ETag": f'"{tag}"'}
    if not_modified(tag):
        return Answer(HTTPStatus.NOT_MODIFIED, b"", headers)
    return Answer(HTTPStatus.OK, content, headers)


OPERATIONS = (
    Operation("GET", "/", ANYONE, read_service, answer=dict[str, str]),
    Operation("GET", "/livez", ANYONE, read_live, answer=dict[str, str]),
    Operation("GET", "/readyz", ANYONE, read_ready, answer=dict[str, str]),
    Operation("GET", "/problems", ANYONE, list_problems, answer=bytes),
    Operation("GET", "/problems/<code:re:[a-z_]+>", ANYONE, read_problem, answer=bytes),
)
