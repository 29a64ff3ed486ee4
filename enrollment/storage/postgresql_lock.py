"""The lock of a database on a server: which processes serve it."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from enrollment.model.location import ServerUrl
from enrollment.problems.errors import CommandError
from enrollment.storage.lock import Purpose
from enrollment.storage.postgresql import SERVICE_LOCK, ServerConnection, command_errors, connect

SHARED = (Purpose.SERVE, Purpose.USE)
# In seconds: services that start at once wait for the one that migrates.
TIMEOUT = 5.0
HOLDERS = f"""
    SELECT DISTINCT application_name
      FROM pg_locks JOIN pg_stat_activity USING (pid)
     WHERE locktype = 'advisory' AND objid = {SERVICE_LOCK} AND granted AND pid != pg_backend_pid()
       AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@contextmanager
def lock_server_database(url: ServerUrl, purpose: Purpose) -> Iterator[None]:
    """Lock a database during the `with`. Any number of services share the lock.

    Raises CommandError if another process has a lock that excludes this one, or if the server
    can't be reached.
    """
    function = "pg_advisory_lock_shared" if purpose in SHARED else "pg_advisory_lock"
    with command_errors(url):
        db = connect(url, TIMEOUT)
    with db:
        try:
            db.execute(f"SELECT {function}({SERVICE_LOCK})")
        except psycopg.errors.LockNotAvailable as error:
            raise CommandError(f"{url} is in use by {_holders(db)}. Stop it first.") from error
        yield


def _holders(db: ServerConnection) -> str:
    return ", ".join(name for (name,) in db.execute(HOLDERS)) or "another process"
