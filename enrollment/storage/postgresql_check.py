"""What `enrollment doctor` checks of a PostgreSQL server: whether it keeps what is acknowledged."""

from collections.abc import Iterator

from enrollment.model.location import ServerUrl
from enrollment.problems.errors import CommandError
from enrollment.storage.connection import Finding
from enrollment.storage.postgresql import ServerConnection, open_server_to_read
from enrollment.storage.postgresql_requirements import check_rights, check_server
from enrollment.storage.postgresql_values import ServerRow

# In minutes: a transaction that is open for longer keeps old rows from being removed.
LONG = 10
# What the values of synchronous_commit mean that acknowledge too early.
WEAK_COMMITS = {
    "off": "a crash of the server loses what was acknowledged just before it",
    "local": "what is acknowledged may not be on a standby yet",
    "remote_write": "what is acknowledged may not be on the disk of a standby yet",
}
STATE = """
    SELECT current_setting('server_version') AS version,
           current_setting('synchronous_commit') AS commits,
           current_setting('fsync') AS fsync,
           current_setting('synchronous_standby_names') AS standbys,
           (SELECT count(*) FROM pg_stat_replication
             WHERE sync_state IN ('sync', 'quorum')) AS in_step,
           (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS is_superuser
"""
LONG_TRANSACTIONS = f"""
    SELECT application_name, floor(extract(epoch FROM now() - xact_start) / 60) AS minutes
      FROM pg_stat_activity
     WHERE datname = current_database() AND pid != pg_backend_pid()
       AND xact_start < now() - interval '{LONG} minutes'
"""


def check_server_settings(url: ServerUrl) -> Iterator[Finding]:
    """Return what was found. Raises CommandError if the server can't be reached."""
    with open_server_to_read(url) as db:
        state = db.execute(STATE).fetchone()
        for check, fine in (
            (check_server, f"PostgreSQL {state['version']}, with the locale C"),
            (check_rights, "the role may read and write all tables"),
        ):
            try:
                check(db, url)
                yield "ok", fine
            except CommandError as error:
                yield "wrong", str(error)
        yield from _check_commits(state)
        if state["is_superuser"]:
            yield (
                "warn",
                "the role is a superuser, who can switch triggers off: use a role that only owns"
                " the database",
            )
        else:
            yield "ok", "the role is not a superuser"
        yield from _check_transactions(db)


def _check_commits(state: ServerRow) -> Iterator[Finding]:
    if state["fsync"] != "on":
        yield "wrong", "fsync is off: a crash of the machine can damage the database"
    if effect := WEAK_COMMITS.get(state["commits"]):
        yield "warn", f"synchronous_commit is {state['commits']}: {effect}"
    if not state["standbys"]:
        yield (
            "warn",
            "there is no synchronous standby: what is acknowledged is on one machine only"
            " (synchronous_standby_names)",
        )
    elif not state["in_step"]:
        yield "wrong", f"no standby of {state['standbys']!r} is connected: every write waits"
    else:
        yield "ok", f"synchronous standbys that have what is acknowledged: {state['in_step']}"


def _check_transactions(db: ServerConnection) -> Iterator[Finding]:
    found = db.execute(LONG_TRANSACTIONS).fetchall()
    for name, minutes in found:
        yield "warn", f"{name or 'a program'} has had a transaction open for {minutes} minutes"
    if not found:
        yield "ok", f"no transaction has been open for {LONG} minutes"
