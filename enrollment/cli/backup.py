"""The commands `enrollment backup`, `backup verify` and `restore`."""

import argparse
from pathlib import Path
from typing import Any

from enrollment.cli.console import add_verb, complete_file, count, format_counts
from enrollment.config import Config
from enrollment.maintenance import backup
from enrollment.problems.errors import CommandError, UsageError
from enrollment.storage.engine import lock_database
from enrollment.storage.lock import Purpose


def add(verbs: Any) -> None:
    text = "back up the database, even while it is served, to a file or folder; or verify a backup"
    verb = add_verb(verbs, "backup", back_up_or_verify, text, "database")
    verb.usage = "%(prog)s [-h] [--database DATABASE] [--keep N] FILE\n       %(prog)s verify FILE"
    # `verify` is no subverb, because argparse would then take every FILE for the name of one.
    text = "the file or folder to write; after the word verify, the backup to verify"
    complete_file(verb.add_argument("words", metavar="FILE", nargs="+", help=text))
    text = "keep only the newest N backups in the folder"
    verb.add_argument("--keep", metavar="N", type=count, help=text)

    text = "verify a backup and replace the database with it; the old database is kept"
    verb = add_verb(verbs, "restore", restore, text, "database")
    text = "the backup to restore"
    complete_file(verb.add_argument("backup", metavar="FILE", type=Path, help=text))


def back_up_or_verify(config: Config, options: argparse.Namespace) -> None:
    """Run `backup FILE` or `backup verify FILE`. Raises CommandError, UsageError."""
    match options.words:
        case ["verify", file] if file and not options.keep:
            print(_verify(Path(file)))
        case [file] if file not in ("", "verify"):
            create(config, Path(file), options.keep)
        case _:
            raise UsageError("expected a FILE, or the word verify and a FILE")


def create(config: Config, target: Path, keep: int | None) -> None:
    """Back up the database, verify the backup, and remove all but the newest `keep` in its folder.

    A backup that cannot be verified is kept. Raises CommandError.
    """
    if keep and not target.is_dir():
        raise CommandError(f"--keep needs a folder, and {target} is not one")
    made = backup.back_up(config.database, target)
    try:
        verified = _verify(made)
    except BaseException:
        print(f"backup    {made} is not verified: `enrollment backup verify {made}`")
        raise
    print(f"backup    {made}", verified, sep="\n")
    if keep:
        for old in backup.prune(config.database, made, keep):
            print(f"removed   {old}")


def _verify(file: Path) -> str:
    """Verify a backup and return the line to print. Raises CommandError."""
    schema, counts = backup.verify(file)
    return f"verified  {schema}: {format_counts(counts)}"


def restore(config: Config, options: argparse.Namespace) -> None:
    """Run `restore FILE`. Raises CommandError."""
    # A backup that is refused leaves nothing, not even the file of the lock.
    backup.verify(options.backup)
    with lock_database(config.database, Purpose.REPLACE):
        kept = backup.restore(config.database, options.backup)
    print(f"restored  {config.database}")
    if kept:
        print(f"kept      {kept}")
