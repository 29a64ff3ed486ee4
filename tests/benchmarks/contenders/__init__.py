"""Who is measured: each does the same work on the same tables, as a careful user of it would."""

import os
import shutil
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
BUILT = HERE / "node_modules/better-sqlite3/build/Release/better_sqlite3.node"
READS = frozenset({"read", "roster", "deep", "conditional"})
WRITES = frozenset({"enroll", "enroll-ten", "mixed", "set", "slow-fsync"})
SERVES = READS | WRITES | {"start", "memory", "stalled"}


class Contender(NamedTuple):
    """`command` starts it on a database and a port; where it is None, nothing is served. `needs`
    are the distributions that it is made of, the first ones first."""

    name: str
    words: str
    workloads: frozenset[str]
    command: Callable[[Path, int], list[str]] | None = None
    needs: tuple[str, ...] = ()

    @property
    def missing(self) -> str | None:
        """What keeps it from running here."""
        if self.name == "fastify" and not (shutil.which("node") and BUILT.exists()):
            return "node, and `npm ci` in tests/benchmarks/contenders"
        for distribution in self.needs:
            try:
                version(distribution)
            except PackageNotFoundError:
                return f"{distribution}, of the extra `benchmarks`"
        return "wrk" if self.command and not shutil.which("wrk") else None

    @property
    def versions(self) -> str:
        return ", ".join(f"{name} {version(name)}" for name in self.needs)


def _ours(database: Path, port: int) -> list[str]:
    serve = [sys.executable, "-m", "enrollment", "serve"]
    return [*serve, "--database", str(database), "--port", str(port)]


def _uvicorn(database: Path, port: int) -> list[str]:
    app = "tests.benchmarks.contenders.fastapi_app:app"
    return [sys.executable, "-m", "uvicorn", app, "--workers", "2", "--port", str(port)]


def _gunicorn(database: Path, port: int) -> list[str]:
    app = "tests.benchmarks.contenders.django_app:application"
    start = [sys.executable, "-m", "gunicorn", app, "--workers", "2", "--access-logfile", "-"]
    return [*start, "--bind", f"127.0.0.1:{port}"]


def _node(database: Path, port: int) -> list[str]:
    return ["node", str(HERE / "fastify_app.js"), str(database), str(port)]


CONTENDERS = {
    contender.name: contender
    for contender in (
        Contender(
            "ours",
            "enrollment serve",
            SERVES
            | {"browse", "bulk", "read-large", "enroll-large", "enroll-ruled", "page", "import"},
            _ours,
            ("granian", "uvloop", "bottle", "msgspec", "aiosql"),
        ),
        Contender(
            "fastify",
            "Fastify and better-sqlite3, one process",
            SERVES,
            _node,
        ),
        Contender(
            "fastapi",
            "FastAPI and SQLAlchemy, two uvicorn workers",
            SERVES,
            _uvicorn,
            ("fastapi", "sqlalchemy", "pydantic", "uvicorn", "uvloop", "httptools"),
        ),
        Contender(
            "drf",
            "Django REST framework, two gunicorn workers",
            SERVES,
            _gunicorn,
            ("djangorestframework", "django", "gunicorn"),
        ),
        Contender(
            "floor",
            "the same SQL in one loop, without HTTP",
            frozenset({"read", "roster", "enroll", "enroll-ten", "mixed", "slow-fsync"}),
        ),
    )
}


def environment(database: Path) -> dict[str, str]:
    """What every contender is started with; it finds this package."""
    return os.environ | {"DATABASE": str(database), "PYTHONPATH": str(ROOT)}
