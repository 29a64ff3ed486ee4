"""The command `enrollment demo`."""

import argparse
from contextlib import closing
from typing import Any

from enrollment.cli.console import add_verb, count, format_counts, print_outcome
from enrollment.config import Config
from enrollment.maintenance import demo, migrations
from enrollment.storage.engine import open_database
from enrollment.storage.lock import Purpose


def add(verbs: Any) -> None:
    text = "fill an empty database with a demo college"
    verb = add_verb(verbs, "demo", fill, text, "database")
    text = "the number of students (500)"
    verb.add_argument("--students", metavar="N", type=count, default=500, help=text)
    text = "the same seed makes the same college (1)"
    verb.add_argument("--seed", metavar="N", type=int, default=1, help=text)


def fill(config: Config, options: argparse.Namespace) -> None:
    """Run `demo`. Raises CommandError if the database has students."""
    with migrations.lock_migratable(config.database, Purpose.CHANGE):
        print_outcome("applied", migrations.ensure_current(config.database))
        with closing(open_database(config.database, config.busy_timeout)) as database:
            written = demo.fill(database, options.students, options.seed)
    print(f"{config.database} now has", format_counts(written))
