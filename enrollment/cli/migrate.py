"""The commands `enrollment migrate`, `migrate status` and `migrate rollback`."""

import argparse
import sys
from typing import Any

from enrollment.cli.console import add_json, add_verb, print_json, print_outcome
from enrollment.config import Config
from enrollment.maintenance import migrations
from enrollment.problems.errors import CommandError, UsageError
from enrollment.storage.engine import lock_database
from enrollment.storage.lock import Purpose

# In characters: how much of an answer is read.
ANSWER_LENGTH = 100


def add(verbs: Any) -> None:
    text = "apply pending migrations, after a backup"
    verb = add_verb(verbs, "migrate", apply, text, "database")
    verb.add_argument("--to", metavar="ID", help="stop after this migration")
    verb.add_argument(
        "--dry-run", action="store_true", help="run the migrations and roll them back"
    )
    subverbs = verb.add_subparsers(metavar="[status | rollback]")

    text = "list the migrations, applied and pending"
    subverb = add_verb(subverbs, "status", status, text, "database")
    add_json(subverb)

    text = "undo migrations, after a backup; the data that they added is lost"
    subverb = add_verb(subverbs, "rollback", rollback, text, "database")
    # The name `to` is taken by the --to of `migrate` itself, which `rollback` refuses.
    text = "the last migration to keep (0000: none)"
    subverb.add_argument("--to", dest="keep", metavar="ID", required=True, help=text)
    subverb.add_argument("--yes", action="store_true", help="do not ask for confirmation")


def apply(config: Config, options: argparse.Namespace) -> None:
    """Run `migrate`. Raises CommandError, UsageError."""
    with migrations.lock_migratable(config.database, Purpose.CHANGE, options.to):
        outcome = migrations.migrate(config.database, options.to, options.dry_run)
    print_outcome("would apply" if options.dry_run else "applied", outcome)
    if not outcome.ids:
        limit = f" up to {options.to}" if options.to else ""
        print(f"{config.database} has no pending migrations{limit}")


def status(config: Config, options: argparse.Namespace) -> None:
    """Run `migrate status`. Raises CommandError, UsageError."""
    _refuse_options_of_apply(options)
    states = migrations.status(config.database)
    if options.json:
        print_json([{"id": id, "applied": applied} for id, applied in states])
        return
    for id, applied in states:
        print(f"{'applied' if applied else 'pending'}  {id}")


def rollback(config: Config, options: argparse.Namespace) -> None:
    """Run `migrate rollback`. Raises CommandError, UsageError."""
    _refuse_options_of_apply(options)
    undone = migrations.list_rollbacks(config.database, options.keep)
    if not undone:
        print(f"{config.database} has no migrations after {options.keep}")
        return
    if not options.yes:
        print(f"This rolls back {', '.join(undone)} in {config.database}.")
        print("The data that they added is lost. Type yes to continue: ", end="", flush=True)
        # Standard input may be closed, or may never end.
        answer = sys.stdin.readline(ANSWER_LENGTH) if sys.stdin else ""
        if answer.strip() != "yes":
            raise CommandError("nothing was changed: type yes, or use --yes")
    with lock_database(config.database, Purpose.CHANGE):
        print_outcome("rolled back", migrations.rollback(config.database, options.keep))


def _refuse_options_of_apply(options: argparse.Namespace) -> None:
    if options.to or options.dry_run:
        raise UsageError(
            "--to and --dry-run of `migrate` cannot be used with `status` or `rollback`"
        )
