"""The command `enrollment doctor`."""

import argparse
from collections.abc import Iterator
from itertools import chain
from typing import Any

from enrollment.cli.console import add_json, add_verb, print_json
from enrollment.config import Config
from enrollment.data.integrity import (
    describe_clock,
    list_history_mismatches,
    list_search_mismatches,
    list_unexplained_removals,
)
from enrollment.maintenance import migrations
from enrollment.model.location import Location
from enrollment.problems.errors import CommandError
from enrollment.storage.connection import Finding
from enrollment.storage.engine import check_pages, check_place, open_to_read


def add(verbs: Any) -> None:
    text = "check the database, where it is and its data; exits with 1 if data is at risk"
    verb = add_verb(verbs, "doctor", examine, text, "database")
    add_json(verb)


def examine(config: Config, options: argparse.Namespace) -> None:
    """Run `doctor`. Raises CommandError if there is no database, or if a finding is wrong."""
    migrations.require_database(config.database)
    findings = []
    # Each finding is printed at once, because the next check can fail on a damaged file.
    for level, text in chain(check_place(config.database), _check_data(config.database)):
        if not options.json:
            print(f"{level:5} {text}")
        findings.append({"level": level, "text": text})
    if options.json:
        print_json(findings)
    wrong = sum(finding["level"] == "wrong" for finding in findings)
    if wrong:
        raise CommandError(f"{wrong} of {len(findings)} checks failed")


def _check_data(database: Location) -> Iterator[Finding]:
    try:
        if pending := migrations.pending(database):
            yield "wrong", f"migrations are pending: {', '.join(pending)}"
            return
        yield "ok", "the schema is the newest"
        with open_to_read(database) as db:
            yield from check_pages(database, db)
            yield from _findings(list_history_mismatches(db), "state and history agree")
            yield from _findings(list_search_mismatches(db), "a search finds what is there")
            behind = describe_clock(db)
            yield (
                "warn" if behind else "ok",
                behind or "the clock is later than all that is on record",
            )
            # Only a warning: what is gone can't be brought back.
            yield from (("warn", text) for text in list_unexplained_removals(db))
    except CommandError as error:
        yield "wrong", str(error)


def _findings(wrong: list[str], otherwise: str) -> list[Finding]:
    return [("wrong", text) for text in wrong] or [("ok", otherwise)]
