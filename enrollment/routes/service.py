"""/ and /problems: what a newcomer finds, and what every problem's `type` points to."""

from http import HTTPStatus
from importlib.metadata import version

from bottle import request
from prometheus_client import CONTENT_TYPE_LATEST

from enrollment import http, pages
from enrollment.access import ANYONE, READERS
from enrollment.answers import Health, Service
from enrollment.data.check import is_current, try_to_write
from enrollment.database import Connection, Database
from enrollment.errors import Problem
from enrollment.http import Operation
from enrollment.kinds import KINDS
from enrollment.rendering import Answer


def read_service(database: Database) -> Answer:
    """Where everything is."""
    return http.ok(Service(release=version("enrollment")))


def read_live(database: Database) -> Answer:
    """Whether the service answers."""
    return http.ok(Health(status="live"))


def read_ready(database: Database) -> Answer:
    """Whether the schema is current and a write can begin; a 503 or 507 otherwise."""
    with database.read() as db:
        if not is_current(db):
            detail = "The database has not the schema of this release."
            raise Problem("database_outdated", detail, headers={"Retry-After": "60"})
    database.require_disk()
    # A write that is under way has begun.
    if not database.is_written_to:
        with database.write() as db:
            try_to_write(db)
    database.require_room()
    return http.ok(Health(status="ready"))


def read_metrics(db: Connection) -> Answer:
    """What the service counts, for Prometheus."""
    numbers = request.app.metrics.page(db)
    return Answer(HTTPStatus.OK, numbers, {"Content-Type": CONTENT_TYPE_LATEST})


def list_problems(database: Database) -> Answer:
    """Every problem there is."""
    return Answer(HTTPStatus.OK, pages.problems(), pages.HEADERS)


def read_problem(database: Database, code: str) -> Answer:
    """What a problem means and what to do."""
    if code not in KINDS:
        raise Problem("not_found", f"There is no problem with the code {code}.")
    return Answer(HTTPStatus.OK, pages.problem(code), pages.HEADERS)


OPERATIONS = (
    Operation("GET", "/", ANYONE, read_service, answer=Service),
    Operation("GET", "/livez", ANYONE, read_live, answer=Health),
    Operation(
        "GET",
        "/readyz",
        ANYONE,
        read_ready,
        answer=Health,
        conflicts=("database_outdated", "database_moved", "disk_full"),
    ),
    Operation("GET", "/metrics", READERS, read_metrics, answer=str),
    Operation("GET", "/problems", ANYONE, list_problems, answer=bytes),
    Operation("GET", "/problems/<code:re:[a-z_]+>", ANYONE, read_problem, answer=bytes),
)
