"""The command line: each verb parses, calls and prints; no rules."""

import argparse
import os
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import fields
from importlib.metadata import version
from typing import get_args

import msgspec

from enrollment import demo, migrate, server
from enrollment.config import Config, flag, shown, variable
from enrollment.data import token
from enrollment.database import Database, claim
from enrollment.errors import CommandError, Problem
from enrollment.filters import Page
from enrollment.records import Change, TokenFields
from enrollment.values import Moment, Role, decode


def main(arguments: Sequence[str] | None = None) -> int:
    """0: done; 1: not done, and why; 2: the command was not understood; 130: interrupted."""
    options = _parser().parse_args(arguments)
    try:
        options.run(Config.read(vars(options), os.environ), options)
    except Problem as problem:
        reasons = [fault.detail for fault in problem.faults] or [problem.detail]
        print("enrollment:", *reasons, file=sys.stderr)
        return 1
    except (CommandError, OSError, sqlite3.Error) as error:
        print(f"enrollment: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def serve(config: Config, options: argparse.Namespace) -> None:
    server.check_address(config)
    with claim(config.database, alone=True):
        _report("applied", migrate.prepare(config.database, allowed=options.migrate))
        _let_someone_in(config)
        server.serve(config)


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
                " elsewhere: make one with `enrollment token create --name NAME --role admin`"
            )
        new = token.insert_token(db, TokenFields(name="first admin", role="admin"), change)
    print("This token of an admin is shown once; whoever has it may do everything:")
    print(f"  {new.token}")
    print(f"  curl -H 'Authorization: Bearer {new.token}' {server.address(config)}/v1/students")


def create_token(config: Config, options: argparse.Namespace) -> None:
    given = {
        name: value
        for name in ("name", "role", "student_id", "expires_at")
        if (value := getattr(options, name)) is not None
    }
    try:
        fields = msgspec.convert(given, TokenFields, dec_hook=decode)
    except msgspec.ValidationError as error:
        raise CommandError(str(error)) from None
    with _at_rest(config) as database, database.write() as db:
        new = token.insert_token(db, fields, Change(at=Moment.now(), actor="command"))
    print(f"token {new.id} of {new.name}, {new.role}; it is shown once:")
    print(new.token)


def list_tokens(config: Config, options: argparse.Namespace) -> None:
    with _at_rest(config) as database, database.read() as db:
        listing = token.list_tokens(db, Page(limit=1000))
    for found in listing.items:
        whose = f"student {found.student_id}" if found.student_id else found.role
        end = f"revoked {found.revoked_at}" if found.revoked_at else "valid"
        if found.expires_at and not found.revoked_at:
            end = f"valid until {found.expires_at}"
        print(
            f"{found.id:5}  {whose:12}  {found.name}, used {found.last_used_at or 'never'}, {end}"
        )


def revoke_token(config: Config, options: argparse.Namespace) -> None:
    with _at_rest(config) as database, database.write() as db:
        token.get_token(db, options.id)
        token.revoke_token(db, options.id, Change(at=Moment.now(), actor="command"))
    print(f"token {options.id} is revoked")


@contextmanager
def _at_rest(config: Config) -> Iterator[Database]:
    """The database while no service runs on it; over HTTP, an admin can do the same meanwhile."""
    with claim(config.database, alone=False):
        migrate.prepare(config.database, allowed=False)
        with closing(Database(config.database, config.busy_timeout)) as database:
            yield database


def apply(config: Config, options: argparse.Namespace) -> None:
    with claim(config.database, alone=False):
        outcome = migrate.migrate(config.database, options.to, options.dry_run)
    _report("would apply" if options.dry_run else "applied", outcome)
    if not outcome.ids:
        limit = f" up to {options.to}" if options.to else ""
        print(f"{config.database} has nothing pending{limit}")


def status(config: Config, options: argparse.Namespace) -> None:
    _refuse_options_of_apply(options)
    for id, applied in migrate.status(config.database):
        print(f"{'applied' if applied else 'pending'}  {id}")


def rollback(config: Config, options: argparse.Namespace) -> None:
    _refuse_options_of_apply(options)
    undone = migrate.to_undo(config.database, options.keep)
    if not undone:
        print(f"{config.database} has nothing after {options.keep}")
        return
    if not options.yes:
        print(f"This takes {', '.join(undone)} out of {config.database}, data and all.")
        print("Type yes to go on: ", end="", flush=True)
        if sys.stdin.readline().strip() != "yes":
            raise CommandError("nothing was changed")
    with claim(config.database, alone=False):
        _report("rolled back", migrate.rollback(config.database, options.keep))


def fill(config: Config, options: argparse.Namespace) -> None:
    with claim(config.database, alone=False):
        _report("applied", migrate.prepare(config.database, allowed=False))
        with closing(Database(config.database, config.busy_timeout)) as database:
            written = demo.fill(database, options.students, options.seed)
    print(f"{config.database} has now", ", ".join(f"{n} {what}" for what, n in written.items()))


def _refuse_options_of_apply(options: argparse.Namespace) -> None:
    if options.to or options.dry_run:
        raise CommandError("--to and --dry-run of `migrate` do not go with `status` or `rollback`")


def _report(done: str, outcome: migrate.Outcome) -> None:
    if outcome.backup:
        print(f"backup    {outcome.backup}")
    for id in outcome.ids:
        print(f"{done}  {id}")


def _count(text: str) -> int:
    count = int(text)
    if not 1 <= count <= 1_000_000:
        raise argparse.ArgumentTypeError("expected a number from 1 to 1000000")
    return count


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="enrollment",
        description="Students, courses, and who is in what: an HTTP service on one SQLite file.",
        epilog="`enrollment VERB --help` tells more of each verb.",
    )
    parser.add_argument(
        "--version", action="version", version=f"enrollment {version('enrollment')}"
    )
    verbs = parser.add_subparsers(metavar="VERB", required=True)

    text = "serve the database over HTTP until Ctrl-C or SIGTERM; a new one is made"
    verb = verbs.add_parser("serve", help=text, description=text)
    verb.set_defaults(run=serve)
    _add_settings(verb, *(setting.name for setting in fields(Config)))
    verb.add_argument("--migrate", action="store_true", help="first apply pending migrations")

    text = "apply pending migrations, after a backup"
    verb = verbs.add_parser("migrate", help=text, description=text)
    verb.set_defaults(run=apply)
    _add_settings(verb, "database")
    verb.add_argument("--to", metavar="ID", help="apply none after this one")
    verb.add_argument("--dry-run", action="store_true", help="try it, then undo it")
    subverbs = verb.add_subparsers(metavar="[status | rollback]")

    text = "list the migrations, applied and pending"
    subverb = subverbs.add_parser("status", help=text, description=text)
    subverb.set_defaults(run=status)
    _add_settings(subverb, "database")

    text = "undo migrations and lose the data that they brought, after a backup"
    subverb = subverbs.add_parser("rollback", help=text, description=text)
    subverb.set_defaults(run=rollback)
    _add_settings(subverb, "database")
    text = "the last to keep; 0000 keeps none"
    subverb.add_argument("--to", dest="keep", metavar="ID", required=True, help=text)
    subverb.add_argument("--yes", action="store_true", help="do not ask")

    text = "create, list and revoke access tokens"
    verb = verbs.add_parser("token", help=text, description=text)
    subverbs = verb.add_subparsers(metavar="create | list | revoke", required=True)

    text = "create a token and print it, this once"
    subverb = subverbs.add_parser("create", help=text, description=text)
    subverb.set_defaults(run=create_token)
    _add_settings(subverb, "database")
    subverb.add_argument("--name", required=True, help="who will have it")
    subverb.add_argument("--role", required=True, help=", ".join(get_args(Role)))
    subverb.add_argument(
        "--student", dest="student_id", metavar="ID", type=int, help="whose, for the role student"
    )
    text = "an RFC 3339 time from which it is not valid any more"
    subverb.add_argument("--expires", dest="expires_at", metavar="TIME", help=text)

    text = "list the tokens, without what proves them"
    subverb = subverbs.add_parser("list", help=text, description=text)
    subverb.set_defaults(run=list_tokens)
    _add_settings(subverb, "database")

    text = "revoke a token for good"
    subverb = subverbs.add_parser("revoke", help=text, description=text)
    subverb.set_defaults(run=revoke_token)
    _add_settings(subverb, "database")
    subverb.add_argument("id", metavar="ID", type=int)

    text = "fill an empty database with a small college to look at"
    verb = verbs.add_parser("demo", help=text, description=text)
    verb.set_defaults(run=fill)
    _add_settings(verb, "database")
    verb.add_argument("--students", metavar="N", type=_count, default=500, help="500 if not given")
    verb.add_argument(
        "--seed", metavar="N", type=int, default=1, help="another seed, another college"
    )
    return parser


def _add_settings(verb: argparse.ArgumentParser, *names: str) -> None:
    for setting in fields(Config):
        if setting.name in names:
            about = (
                f"{setting.metadata['help']} (${variable(setting.name)}, else "
                f"{shown(setting.default) or 'none'})"
            )
            # No default: Config knows whether the flag or the variable was given, and that of a
            # subverb would undo what was given to its verb.
            verb.add_argument(
                flag(setting.name),
                metavar=setting.name.upper(),
                help=about,
                default=argparse.SUPPRESS,
            )
