"""enrollment doctor"""

import argparse
import os
import shutil
import stat
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from enrollment.cli.console import add_json, add_settings, print_json
from enrollment.config import Config
from enrollment.data.integrity import list_corruptions, list_history_mismatches
from enrollment.maintenance import migrations
from enrollment.problems.errors import CommandError
from enrollment.storage.lock import check_served_files
from enrollment.storage.offline import open_to_read
from enrollment.storage.sqlite import may_lose_commits, sqlite_version

MEGABYTE = 1_000_000
LITTLE_ROOM, NO_ROOM = 500 * MEGABYTE, 20 * MEGABYTE
# The service brings it into the database at 16 MB, unless a reader that does not end prevents that.
LARGE_LOG = 100 * MEGABYTE
# Here processes can't share SQLite's memory, nor trust its locks (https://www.sqlite.org/wal.html).
NETWORK = set("9p afs ceph cifs fuse.sshfs glusterfs lustre nfs nfs4 smb3 smbfs".split())
EPHEMERAL = {"overlay", "ramfs", "tmpfs"}

Finding = tuple[str, str]


def add(verbs: Any) -> None:
    text = "check the database file, its disk and its data; exits with 1 if data is at risk"
    verb = verbs.add_parser("doctor", help=text, description=text)
    verb.set_defaults(run=examine)
    add_settings(verb, "database")
    add_json(verb)


def examine(config: Config, options: argparse.Namespace) -> None:
    if not config.database.exists():
        raise CommandError(f"{config.database} does not exist")
    findings = []
    # Each is printed before the next is looked for: reading on in a damaged file may fail.
    for level, text in chain(
        _look_at_sqlite(),
        _look_at_disk(config.database),
        _look_at_file(config.database),
        _look_at_data(config.database),
    ):
        if not options.json:
            print(f"{level:5} {text}")
        findings.append({"level": level, "text": text})
    if options.json:
        print_json(findings)
    wrong = sum(finding["level"] == "wrong" for finding in findings)
    if wrong:
        raise CommandError(f"{wrong} of {len(findings)} findings are wrong")


def _look_at_sqlite() -> Iterator[Finding]:
    if may_lose_commits():
        yield (
            "warn",
            f"SQLite {sqlite_version()} can lose a commit when several connections write and"
            " checkpoint at once: let nothing but the service write to the file",
        )
    else:
        yield "ok", f"SQLite {sqlite_version()}"


def _look_at_disk(database: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(database.absolute().parent).free
    level = "wrong" if free < NO_ROOM else "warn" if free < LITTLE_ROOM else "ok"
    yield level, f"{free // MEGABYTE} MB are free on the disk"
    kind = _filesystem(database)
    if kind in NETWORK:
        yield "wrong", f"the filesystem is {kind}: over a network the file can be damaged"
    elif kind in EPHEMERAL:
        yield (
            "warn",
            f"the filesystem is {kind}: the file is gone with the machine or the container",
        )
    elif kind:
        yield "ok", f"the filesystem is {kind}"


def _filesystem(database: Path) -> str | None:
    """Of what kind it is, where the kernel tells: proc_pid_mountinfo(5)."""
    mounts = Path("/proc/self/mountinfo")
    if not mounts.exists():
        return None
    kinds = {}
    for line in mounts.read_text().splitlines():
        place, _, rest = line.partition(" - ")
        # A space in a path is told as \\040.
        kinds[Path(place.split()[4].replace("\\040", " "))] = rest.split()[0]
    return next((kinds[place] for place in database.resolve().parents if place in kinds), None)


def _look_at_file(database: Path) -> Iterator[Finding]:
    folder = database.resolve().parent
    if not os.access(database, os.R_OK | os.W_OK):
        yield "wrong", f"this user may not read and write {database}"
    elif not os.access(folder, os.W_OK | os.X_OK):
        yield "wrong", f"this user may not write in {folder}, where SQLite's log belongs"
    else:
        yield "ok", "this user may write to the file, and beside it"
    mode = database.stat().st_mode
    if mode & (stat.S_IROTH | stat.S_IWOTH):
        yield "warn", f"other users may read the file ({stat.filemode(mode)}): chmod go= {database}"
    else:
        yield "ok", f"other users may not read the file ({stat.filemode(mode)})"
    try:
        check_served_files(database)
    except CommandError as error:
        yield "wrong", str(error)
    real = database.resolve()
    log = real.with_name(f"{real.name}-wal")
    size = log.stat().st_size if log.exists() else 0
    level = "warn" if size >= LARGE_LOG else "ok"
    yield level, f"the write-ahead log has {size // MEGABYTE} MB"


def _look_at_data(database: Path) -> Iterator[Finding]:
    try:
        yield from _read_data(database)
    except CommandError as error:
        yield "wrong", str(error)


def _read_data(database: Path) -> Iterator[Finding]:
    pending = migrations.pending(database)
    if pending:
        yield "wrong", f"migrations are pending: {', '.join(pending)}"
        return
    yield "ok", "the schema is the newest"
    with open_to_read(database) as db:
        (mode,) = db.execute("PRAGMA journal_mode").fetchone()
        # After a restore it is that of the backup, until the service opens the file.
        synced = "the service syncs each commit (synchronous = FULL)"
        then = synced if mode == "wal" else "`enrollment serve` makes it wal"
        yield "ok", f"the journal mode is {mode}; {then}"
        damages = list_corruptions(db)
        yield from [("wrong", damage) for damage in damages] or [("ok", "the file is sound")]
        differences = list_history_mismatches(db)
        yield from [("wrong", text) for text in differences] or [("ok", "state and history agree")]
