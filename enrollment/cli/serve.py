"""The command `enrollment serve`."""

import argparse
from contextlib import closing
from typing import Any

from enrollment import output
from enrollment.cli.console import add_verb, print_outcome, print_secret
from enrollment.config import SETTINGS, Config
from enrollment.data import session, token
from enrollment.data.record_change import acting
from enrollment.maintenance import migrations
from enrollment.model.records import Change, TokenInput
from enrollment.model.types import Timestamp
from enrollment.problems.errors import CommandError
from enrollment.server import server
from enrollment.server.tuning import raise_file_limit
from enrollment.storage.engine import lock_database, open_database
from enrollment.storage.lock import Purpose


def add(verbs: Any) -> None:
    text = "serve the database over HTTP until Ctrl-C or SIGTERM; create it if it does not exist"
    verb = add_verb(verbs, "serve", serve, text, *SETTINGS)
    verb.add_argument("--migrate", action="store_true", help="apply pending migrations first")


def serve(config: Config, options: argparse.Namespace) -> None:
    """Run `serve`, which returns when the service is stopped. Raises CommandError, OSError."""
    output.never_wait()
    raise_file_limit()
    with closing(server.listen(config)) as listener:
        if options.migrate and migrations.pending(config.database):
            _migrate(config)
        with migrations.lock_migratable(config.database, Purpose.SERVE):
            outcome = migrations.ensure_current(config.database)
            print_outcome("applied", outcome)
            _create_first_admin(config)
            server.serve(config, listener)


def _migrate(config: Config) -> None:
    """Apply pending migrations while no other service runs. Raises CommandError."""
    try:
        with lock_database(config.database, Purpose.CHANGE):
            print_outcome("applied", migrations.migrate(config.database))
    except CommandError:
        # Of several that start at once, one migrates, and the others find it done.
        if migrations.pending(config.database):
            raise


def _create_first_admin(config: Config) -> None:
    """Create and print an admin token if there is no valid one.

    Raises CommandError if other machines can reach the service: then an operator must create it.
    """
    with (
        closing(open_database(config.database, config.busy_timeout)) as database,
        database.write() as db,
    ):
        change = Change(at=Timestamp.now(), actor="serve")
        if token.has_admin(db, change.at):
            return
        if not server.is_loopback(config):
            raise CommandError(
                f"there is no admin token for {config.database}, and other machines can reach"
                f" {config.host}: create one with `enrollment token create --name NAME --role admin"
                f" --database {config.database}`"
            )
        with acting(db, change.actor, change.at):
            new = token.insert_token(db, TokenInput(name="first admin", role="admin"), change)
        code = session.insert_link(db, new.id, change.actor)
        print_secret(
            "Admin token, shown only once. It gives full access:",
            f"  {new.token}",
            f"  curl -H 'Authorization: Bearer {new.token}' {config.url}/v1/students",
            "Link to sign in with a browser. It works once, for 15 minutes:",
            f"  {config.url}/sign-in/{code}",
        )
