"""Imports for tests: at a time that is always the same, in a database of the test."""

import io
import zipfile
from contextlib import closing
from datetime import UTC
from pathlib import Path
from typing import Any, Literal

from msgspec.structs import replace

from enrollment.data.export import Scope
from enrollment.data.record_change import acting
from enrollment.data.undo import undo_import
from enrollment.exchange.importing import Made, bring_in
from enrollment.exchange.package_writer import write_archive
from enrollment.exchange.upload import Upload, reading_options
from enrollment.model.import_options import ImportOptions, UndoOptions
from enrollment.model.imports import Undo
from enrollment.model.records import Change
from enrollment.model.types import Timestamp
from enrollment.storage.database import Database
from tests.exchange.packages import FIXTURES

# A day of the school year of the cases: a test does not depend on the clock.
NOON = Timestamp("2026-11-25T12:00:00.000Z")
CHANGE = Change(at=NOON, actor="a test")


def import_path(database: Database, path: Path, **options: Any) -> Made:
    """Bring in a file or a folder. Faulty rows are left out, unless it is said."""
    wanted = ImportOptions(**{"errors": "skip"} | options)
    return _import(database, Upload.of_path(path, reading_options(wanted, UTC)), wanted)


def import_content(
    database: Database, content: bytes, *, at: Timestamp = NOON, **options: Any
) -> Made:
    """Bring in a file that was sent."""
    wanted = ImportOptions(**{"errors": "skip"} | options)
    upload = Upload.of_content("a", content, reading_options(wanted, UTC))
    return _import(database, upload, wanted, at)


def _import(
    database: Database, upload: Upload, wanted: ImportOptions, at: Timestamp = NOON
) -> Made:
    change = replace(CHANGE, at=at)
    with closing(upload), database.write() as db, acting(db, change.actor, at):
        return bring_in(db, upload, wanted, change, check_tag=lambda tag: False)


def undo(
    database: Database, import_id: int, *, at: Timestamp = NOON, keeps_conflicts: bool = False
) -> Undo:
    with database.write() as db, acting(db, CHANGE.actor, at):
        conflicts: Literal["keep", "refuse"] = "keep" if keeps_conflicts else "refuse"
        options = UndoOptions(conflicts=conflicts)
        return undo_import(db, import_id, options, replace(CHANGE, at=at))


def export(
    database: Database,
    *,
    history: bool = False,
    term: str | None = None,
    since: str | None = None,
    source: str | None = None,
) -> bytes:
    target = io.BytesIO()
    with database.read() as db:
        write_archive(db, Scope(term, since, history, source), UTC, target)
    return target.getvalue()


def files(archive: bytes) -> dict[str, bytes]:
    """The files of a package by name, without the manifest: it names the system that wrote it."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        names = [name for name in opened.namelist() if name != "manifest.csv"]
        return {name: opened.read(name) for name in names}


def archive(name: str, *replaced: tuple[bytes, bytes]) -> bytes:
    """A case as one file, with some texts in place of others."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as opened:
        for path in sorted((FIXTURES / name).glob("*.csv")):
            content = path.read_bytes()
            for old, new in replaced:
                content = content.replace(old, new)
            opened.writestr(path.name, content)
    return target.getvalue()


def lasting_archive(name: str, *replaced: tuple[bytes, bytes]) -> bytes:
    """The same, with terms that are not over, whatever the clock says."""
    return archive(name, (b"2027-", b"2427-"), *replaced)


def one(database: Database, sql: str, **parameters: Any) -> Any:
    """The first value that a query returns."""
    with database.read() as db:
        return db.execute(sql, parameters).fetchone()[0]


def rows(database: Database, sql: str) -> list[tuple[Any, ...]]:
    with database.read() as db:
        return [tuple(row) for row in db.execute(sql, {})]
