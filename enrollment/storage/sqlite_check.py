"""What `enrollment doctor` checks of a file of SQLite: the file, its disk and the library."""

import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

from enrollment.storage.connection import Connection, Finding
from enrollment.storage.lock import lock_of
from enrollment.storage.offline import list_corruptions
from enrollment.storage.sqlite import unwritable

MEGABYTE = 1_000_000
# Free space on the disk: below LITTLE_SPACE is a warning, below NO_SPACE is wrong.
LITTLE_SPACE, NO_SPACE = 500 * MEGABYTE, 20 * MEGABYTE
# The service writes the log back into the database at 16 MB. A log that is much larger means that
# a reader which does not end prevents this.
LARGE_LOG = 100 * MEGABYTE
# On these, SQLite's shared memory and locks do not work between machines
# (https://www.sqlite.org/wal.html).
NETWORK_FILESYSTEMS = set(
    "9p afs ceph cifs fuse.sshfs glusterfs lustre nfs nfs4 smb3 smbfs".split()
)
EPHEMERAL_FILESYSTEMS = {"overlay", "ramfs", "tmpfs"}


def check_file(database: Path) -> Iterator[Finding]:
    """Return what was found: everything but the content is checked."""
    yield from _check_sqlite()
    yield from _check_disk(database)
    yield from _check_rights(database)
    yield from _check_log(database)


def check_content(db: Connection) -> Iterator[Finding]:
    """Return what was found in an open file: its journal mode, and whether it is intact."""
    (mode,) = db.execute("PRAGMA journal_mode").fetchone()
    # A restored file has the journal mode of the backup until the service opens it.
    if mode == "wal":
        effect = "the service syncs each commit (synchronous = FULL)"
    else:
        effect = "`enrollment serve` changes it to wal"
    yield "ok", f"the journal mode is {mode}; {effect}"
    corruptions = list_corruptions(db)
    yield from (("wrong", text) for text in corruptions)
    if not corruptions:
        yield "ok", "the file is intact"


def _check_sqlite() -> Iterator[Finding]:
    version = sqlite3.sqlite_version_info
    # https://www.sqlite.org/wal.html#walresetbug
    if version < (3, 51, 3) and version not in ((3, 50, 7), (3, 44, 6)):
        yield (
            "warn",
            f"SQLite {sqlite3.sqlite_version} can lose a commit when several connections write and"
            " checkpoint at once: let nothing but the service write to the file",
        )
    else:
        yield "ok", f"SQLite {sqlite3.sqlite_version}"


def _check_disk(database: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(database.absolute().parent).free
    level = "wrong" if free < NO_SPACE else "warn" if free < LITTLE_SPACE else "ok"
    yield level, f"{free // MEGABYTE} MB are free on the disk"
    kind = _filesystem(database)
    if kind in NETWORK_FILESYSTEMS:
        yield "wrong", f"the filesystem is {kind}: over a network the file can be damaged"
    elif kind in EPHEMERAL_FILESYSTEMS:
        yield (
            "warn",
            f"the filesystem is {kind}: the file is gone with the machine or the container",
        )
    elif kind:
        yield "ok", f"the filesystem is {kind}"


def _filesystem(database: Path) -> str | None:
    """Return the type of the filesystem that the database is on, such as "ext4"; None if the system
    does not show it. Source: proc_pid_mountinfo(5)."""
    mounts = Path("/proc/self/mountinfo")
    if not mounts.exists():
        return None
    kinds: dict[Path, str] = {}
    for line in os.fsdecode(mounts.read_bytes()).splitlines():
        place, _, rest = line.partition(" - ")
        # The kernel writes a space in a path as \040.
        kinds[Path(place.split()[4].replace("\\040", " "))] = rest.split()[0]
    return next((kinds[place] for place in database.resolve().parents if place in kinds), None)


def _check_rights(database: Path) -> Iterator[Finding]:
    folder, lock = database.resolve().parent, lock_of(database)
    at_fault = next(unwritable(database), None)
    if not os.access(database, os.R_OK | os.W_OK):
        yield "wrong", f"this user may not read and write {database}"
    elif not os.access(folder, os.W_OK | os.X_OK):
        yield "wrong", f"this user may not write in {folder}, where SQLite keeps its log"
    elif at_fault:
        yield "wrong", f"this user may not write to {at_fault}, which SQLite needs"
    elif lock.exists() and not os.access(lock, os.R_OK):
        yield "wrong", f"this user may not read {lock}, which a service locks: chmod a+r {lock}"
    else:
        yield "ok", "this user may write to the file and to its folder"
    mode = database.stat().st_mode
    if mode & (stat.S_IROTH | stat.S_IWOTH):
        yield "warn", f"other users may read the file ({stat.filemode(mode)}): chmod go= {database}"
    else:
        yield "ok", f"other users may not read the file ({stat.filemode(mode)})"


def _check_log(database: Path) -> Iterator[Finding]:
    log = Path(f"{database.resolve()}-wal")
    size = log.stat().st_size if log.exists() else 0
    level = "warn" if size >= LARGE_LOG else "ok"
    yield level, f"the write-ahead log has {size // MEGABYTE} MB"
