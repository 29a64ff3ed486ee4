"""/, /livez, /readyz, /metrics, /problems, /docs: the service itself."""

from http import HTTPStatus

from prometheus_client import CONTENT_TYPE_LATEST

from enrollment.data.integrity import is_current, probe_write
from enrollment.http.context import Context
from enrollment.http.operation import ANYONE, MONITORS, Operation
from enrollment.http.responses import Result, ok
from enrollment.model.release import RELEASE
from enrollment.model.results import Liveness, Readiness, Service
from enrollment.openapi import pages
from enrollment.problems.errors import Problem
from enrollment.problems.registry import PROBLEM_TYPES
from enrollment.storage.connection import Connection
from enrollment.storage.database import Database


def read_service(context: Context, database: Database) -> Result:
    """Show the release and the main paths."""
    return ok(Service(release=RELEASE))


def check_liveness(context: Context, database: Database) -> Result:
    """Check whether the process responds."""
    return ok(Liveness(status="live"))


def check_readiness(context: Context, database: Database) -> Result:
    """Check that the schema is current and a write can begin; otherwise 503 or 507."""
    with database.read() as db:
        if not is_current(db):
            detail = "The database schema does not match this release."
            raise Problem("database_outdated", detail, headers={"Retry-After": "60"})
    database.check_disk()
    # A write that is under way shows that a write can begin. To wait for it would delay the probe.
    if not database.is_writing:
        with database.write() as db:
            probe_write(db)
    return ok(Readiness(status="ready"))


def read_metrics(context: Context, db: Connection) -> Result:
    """Show the metrics for Prometheus."""
    text = context.expose_metrics(db, context.zone)
    return Result(HTTPStatus.OK, text, {"Content-Type": CONTENT_TYPE_LATEST})


def list_problems(context: Context, database: Database) -> Result:
    """List every problem."""
    return Result(HTTPStatus.OK, pages.problems(), pages.HEADERS)


def read_problem(context: Context, database: Database, code: str) -> Result:
    """Show what a problem means and what to do."""
    if code not in PROBLEM_TYPES:
        raise Problem("not_found", f"There is no problem with the code {code}.")
    return Result(HTTPStatus.OK, pages.problem(code), pages.HEADERS)


OPERATIONS = (
    Operation("GET", "/", ANYONE, read_service, answer=Service, page="/start"),
    Operation("GET", "/livez", ANYONE, check_liveness, answer=Liveness),
    Operation(
        "GET",
        "/readyz",
        ANYONE,
        check_readiness,
        answer=Readiness,
        slow=True,
        conflicts=("database_outdated", "disk_full"),
    ),
    Operation("GET", "/metrics", MONITORS, read_metrics, answer=str, slow=True),
    Operation("GET", "/problems", ANYONE, list_problems, answer=bytes),
    Operation("GET", "/problems/<code:re:[a-z_]+>", ANYONE, read_problem, answer=bytes),
)
