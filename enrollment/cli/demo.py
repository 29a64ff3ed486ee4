"""enrollment demo"""

import argparse
from contextlib import closing
from typing import Any

from enrollment.cli.console import add_settings, count, format_counts, print_outcome
from enrollment.config import Config
from enrollment.maintenance import demo, migrations
from enrollment.storage.database import Database
from enrollment.storage.lock import lock_database


def add(verbs: Any) -> None:
    text = "fill an empty database with a small college to look at"
    verb = verbs.add_parser("demo", help=text, description=text)
    verb.set_defaults(run=fill)
    add_settings(verb, "database")
    verb.add_argument("--students", metavar="N", type=count, default=500, help="500 if not given")
    verb.add_argument(
        "--seed", metavar="N", type=int, default=1, help="another seed, another college"
    )


def fill(config: Config, options: argparse.Namespace) -> None:
    with lock_database(config.database, exclusive=False):
        print_outcome("applied", migrations.ensure_current(config.database, allowed=False))
        with closing(Database(config.database, config.busy_timeout)) as database:
            written = demo.fill(database, options.students, options.seed)
    print(f"{config.database} has now", format_counts(written))
