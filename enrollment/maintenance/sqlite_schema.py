"""Migrations of a file of SQLite, in one transaction."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from yoyo.backends.core.sqlite3 import SQLiteBackend
from yoyo.connections import DatabaseURI

from enrollment.maintenance.schema import LOCK_TIMEOUT, Backend, Run, Schema
from enrollment.maintenance.snapshot import publish, sync, temporary_file, timestamp
from enrollment.problems.errors import CommandError
from enrollment.storage.connection import Connection
from enrollment.storage.files import SUFFIXES
from enrollment.storage.lock import check_path, check_served_files
from enrollment.storage.offline import copy, missing_references, open_plainly
from enrollment.storage.queries import resource_dir
from enrollment.storage.sqlite import (
    StorageError,
    check_readable,
    check_writable,
    connect,
    describe,
    split_statements,
)


class SQLiteSchema(Schema):
    """The schema of a file."""

    table_names = "SELECT name FROM sqlite_master WHERE type = 'table'"

    def __init__(self, path: Path) -> None:
        self._path = path
        self.folder = resource_dir("migrations")

    def exists(self) -> bool:
        check_path(self._path)
        return self._path.exists()

    def applied(self) -> set[str]:
        if not self.exists():
            return set()
        check_readable(self._path)
        check_served_files(self._path)
        with self.errors(), open_plainly(self._path) as db:
            return self.read_applied(db)

    def open(self) -> Any:
        return _Backend(str(self._path))

    @contextmanager
    def run(self, dry_run: bool = False) -> Iterator[Run]:
        is_new = not self.exists()
        try:
            with super().run(dry_run) as run:
                yield run
                _check_references(run.backend.connection)
        except BaseException:
            if is_new:
                for suffix in SUFFIXES:
                    Path(f"{self._path.resolve()}{suffix}").unlink(missing_ok=True)
            raise

    def run_file(self, run: Run, name: str) -> None:
        # yoyo's own way to split a file takes nearly all of the time of a migration.
        for statement in split_statements((self.folder / name).read_text("utf-8")):
            run.backend.connection.execute(statement)

    def back_up(self, why: str) -> Path:
        """Write the backup beside the database."""
        path = self._path
        backup = path.with_name(f"{path.name}.{why}.{timestamp()}.backup")
        with temporary_file(backup) as partial:
            copy(path, partial)
            sync(partial)
            with open_plainly(partial) as db:
                (report,) = db.execute("PRAGMA integrity_check(1)").fetchone()
                if report != "ok":
                    raise CommandError(f"the backup is damaged: {report}")
                _check_references(db)
            shutil.copymode(path, partial)
            publish(partial, backup)
        return backup

    @contextmanager
    def errors(self) -> Iterator[None]:
        try:
            yield
        except (CommandError, OSError, StorageError) as error:
            reason = describe(error, self._path)
            raise CommandError(f"{self._path} is left as it was: {reason}") from error


class _Backend(Backend, SQLiteBackend):  # type: ignore[misc]
    """yoyo's backend on a connection of `storage`."""

    begin_write = "BEGIN IMMEDIATE"

    def connect(self, dburi: DatabaseURI) -> Connection:
        path = Path(dburi.database)
        check_writable(path)
        db = connect(path, LOCK_TIMEOUT, create=True)
        # A table can be rebuilt while others refer to it. The run checks the references at its end
        # (https://www.sqlite.org/lang_altertable.html#otheralter).
        db.execute("PRAGMA foreign_keys = OFF")
        return db


def _check_references(db: Connection) -> None:
    if missing := next(missing_references(db), None):
        raise CommandError(missing)
