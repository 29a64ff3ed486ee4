"""enrollment serve"""

import argparse
from contextlib import closing
from dataclasses import fields
from typing import Any

from enrollment import migrate, output, server
from enrollment.claims import claim
from enrollment.commands import add_settings, report, show_once
from enrollment.config import Config
from enrollment.data import token
from enrollment.database import Database
from enrollment.errors import CommandError
from enrollment.records import Change, TokenFields
from enrollment.values import Moment


def add(verbs: Any) -> None:
    text = "serve the database over HTTP until Ctrl-C or SIGTERM; a new one is made"
    verb = verbs.add_parser("serve", help=text, description=text)
    verb.set_defaults(run=serve)
    add_settings(verb, *(setting.name for setting in fields(Config)))
    verb.add_argument("--migrate", action="store_true", help="first apply pending migrations")


def serve(config: Config, options: argparse.Namespace) -> None:
    output.never_wait()
    with closing(server.listen(config)) as listener, claim(config.database, alone=True):
        report("applied", migrate.prepare(config.database, allowed=options.migrate))
        _let_someone_in(config)
        server.serve(config, listener)


def _let_someone_in(config: Config) -> None:
    """Where no one can get in yet, make a token for the first admin, on this machine alone."""
    with (
        closing(Database(config.database, config.busy_timeout)) as database,
        database.write() as db,
    ):
        change = Change(at=Moment.now(), actor="serve")
        if token.has_admin(db, change.at):
            return
        if not server.is_loopback(config):
            raise CommandError(
                f"no one has a token for {config.database}, and {config.host} can be reached from"
                " elsewhere: make one with `enrollment token create --name NAME --role admin"
                f" --database {config.database}`"
            )
        new = token.insert_token(db, TokenFields(name="first admin", role="admin"), change)
        show_once(
            "This token of an admin is shown once; whoever has it may do everything:",
            f"  {new.token}",
            f"  curl -H 'Authorization: Bearer {new.token}' {server.address(config)}/v1/students",
        )
