"""enrollment backup, backup verify, and restore"""

import argparse
from pathlib import Path
from typing import Any

from enrollment.cli.console import add_settings, count, format_counts
from enrollment.config import Config
from enrollment.maintenance import backup
from enrollment.problems.errors import CommandError, UsageError
from enrollment.storage.lock import lock_database


def add(verbs: Any) -> None:
    text = "back up the database, even while it is served, to a file or folder; or verify a backup"
    usage = "%(prog)s [-h] [--database DATABASE] [--keep N] FILE\n       %(prog)s verify FILE"
    verb = verbs.add_parser("backup", help=text, description=text, usage=usage)
    verb.set_defaults(run=run)
    add_settings(verb, "database")
    # argparse itself would take the one word `verify` for a FILE.
    text = "the file or folder to write; after the word verify, the backup to verify"
    verb.add_argument("what", metavar="FILE", nargs="+", help=text)
    text = "keep only the newest N backups in the folder"
    verb.add_argument("--keep", metavar="N", type=count, help=text)

    text = "verify a backup and replace the database with it; the old database is kept"
    verb = verbs.add_parser("restore", help=text, description=text)
    verb.set_defaults(run=restore)
    add_settings(verb, "database")
    verb.add_argument("backup", metavar="FILE", type=Path)


def run(config: Config, options: argparse.Namespace) -> None:
    match options.what:
        case ["verify", file] if file and not options.keep:
            print(_verified(Path(file)))
        case [file] if file not in ("", "verify"):
            create(config, Path(file), options.keep)
        case _:
            raise UsageError("expected a FILE, or the word verify and a FILE")


def create(config: Config, target: Path, keep: int | None) -> None:
    if keep and not target.is_dir():
        raise CommandError(f"--keep needs a folder, and {target} is not one")
    made = backup.back_up(config.database, target)
    try:
        verified = _verified(made)
    except BaseException:
        print(f"backup    {made} is not verified: `enrollment backup verify {made}`")
        raise
    print(f"backup    {made}", verified, sep="\n")
    for old in backup.prune(config.database, made, keep) if keep else ():
        print(f"removed   {old}")


def _verified(file: Path) -> str:
    schema, counts = backup.verify(file)
    return f"verified  {schema}: {format_counts(counts)}"


def restore(config: Config, options: argparse.Namespace) -> None:
    with lock_database(config.database, exclusive=True):
        kept = backup.restore(config.database, options.backup)
    print(f"restored  {config.database}")
    if kept:
        print(f"kept      {kept}")
