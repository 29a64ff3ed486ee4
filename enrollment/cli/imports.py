"""The commands `enrollment import` and `enrollment imports`."""

import argparse
from contextlib import closing, suppress
from datetime import tzinfo
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import fields
from tqdm import tqdm

from enrollment.cli.console import (
    add_json,
    add_verb,
    print_json,
    read_flags,
    reader,
    wrong_flags,
)
from enrollment.cli.import_report import print_faults, print_report, write_marked_list, write_report
from enrollment.cli.opening import open_to_read, open_to_write
from enrollment.config import Config, flag
from enrollment.data import imports
from enrollment.data.keyset import NO_LIMIT
from enrollment.data.undo import undo_import
from enrollment.exchange.importing import bring_in, unreadable
from enrollment.exchange.marking import can_be_marked
from enrollment.exchange.upload import Upload, reading_options
from enrollment.model.import_options import ImportOptions, UndoOptions
from enrollment.model.imports import ImportReport, UnreadableImport
from enrollment.model.queries import Pagination
from enrollment.model.types import Id
from enrollment.openapi.interface import description
from enrollment.problems.errors import CommandError, Problem, UsageError
from enrollment.problems.registry import PROBLEM_TYPES

# What to do about a refusal, in flags.
ADVICE = {
    "import_has_errors": "Correct the rows, or leave them out with --errors skip.",
    "too_many_removals": (
        "Check that the file is whole. If it is, confirm the number with --removals."
    ),
}


class _RolledBack(Exception):
    """Ends the transaction of what is not to be done."""


def add(verbs: Any) -> None:
    text = "bring in rosters: a package of another system, or a list of students as CSV or XLSX"
    verb = add_verb(verbs, "import", import_, text, "database", "time_zone")
    text = "a folder or zip of a package, or a list of students as CSV or XLSX"
    verb.add_argument("files", metavar="FILE", type=Path, help=text)
    _add_options(verb, ImportOptions, "file_name")
    text = "a new file for the report: the faults alone if its name ends with .csv, else JSON"
    verb.add_argument("--report", metavar="REPORT", type=Path, help=text)
    text = "a new file for the list itself with its faults behind each row: NAME.csv or NAME.xlsx"
    verb.add_argument("--marked", metavar="MARKED", type=Path, help=text)
    add_json(verb)

    text = "list imports, show the report of one, or undo one"
    verb = add_verb(verbs, "imports", list_, text, "database", "time_zone")
    add_json(verb)
    actions = verb.add_subparsers(metavar="ACTION")
    settings = ("database", "time_zone")
    show = add_verb(actions, "show", show_, "show the report of an import", *settings)
    text = "undo an import; what was changed since is kept"
    undo = add_verb(actions, "undo", undo_, text, *settings)
    _add_options(undo, UndoOptions)
    for action in (show, undo):
        read = reader(Id, "the number of an import")
        action.add_argument("id", metavar="ID", type=read, help="the id of the import")
        add_json(action, default=argparse.SUPPRESS)


def _add_options(verb: argparse.ArgumentParser, kind: type[msgspec.Struct], *without: str) -> None:
    """Add a flag for each option. The help is that of the query parameter."""
    schema = msgspec.json.schema(kind)["$defs"][kind.__name__]["properties"]
    for field in fields(kind):
        name = field.name
        if name in without:
            continue
        about = description(schema[name])
        if field.type is bool or schema[name].get("type") == "boolean":
            verb.add_argument(flag(name), action="store_true", help=about)
        else:
            verb.add_argument(flag(name), metavar=name.upper(), help=about)


def import_(config: Config, options: argparse.Namespace) -> None:
    """Run `import`. Raises CommandError, UsageError, Problem, OSError."""
    wanted = read_flags(ImportOptions, options, config.time_zone)
    for path in filter(None, (options.report, options.marked)):
        if path.exists():
            raise CommandError(f"{path} exists already")
    if options.marked and options.marked.suffix not in (".csv", ".xlsx"):
        raise UsageError("--marked: expected a name that ends with .csv or .xlsx")
    with closing(_read(options.files, wanted, config.time_zone)) as upload:
        try:
            report = _bring_in(config, upload, wanted, options)
        except Problem as problem:
            if problem.code == "option_does_not_fit":
                raise wrong_flags(problem) from None
            if options.marked and can_be_marked(upload):
                write_marked_list(upload, upload.faults, options.marked)
            if problem.code == "unreadable_import":
                _report_unreadable(unreadable(upload), options)
            raise CommandError(f"{options.files}: {problem.detail}") from None
    if options.json:
        print_json(report)
    else:
        print_report(report, is_made=not (wanted.dry_run or report.refused_by))
    if report.refused_by:
        kind = PROBLEM_TYPES[report.refused_by]
        advice = ADVICE.get(report.refused_by, kind.advice)
        raise CommandError(f"{options.files}: {kind.title}. {advice}")


def _report_unreadable(report: UnreadableImport, options: argparse.Namespace) -> None:
    """Write and print what is wrong with files that cannot be brought in."""
    if options.report:
        write_report(report, options.report)
    if options.json:
        print_json(report)
    else:
        print_faults(fault for fault in report.faults if fault.severity != "warning")


def _bring_in(
    config: Config, upload: Upload, wanted: ImportOptions, options: argparse.Namespace
) -> ImportReport:
    """Import what was read, unless that is a dry run or refused, and write the files that the
    options name. Raises CommandError, Problem, OSError."""
    # What would be refused gets a report, too.
    asked = msgspec.structs.replace(wanted, dry_run=True)
    with suppress(_RolledBack), open_to_write(config) as (db, change), _bar("enrolling") as bar:

        def progress(count: int, total: int) -> None:
            bar.total = total
            bar.update(count)
            # A batch is large: each is shown.
            bar.refresh()

        report, _ = bring_in(
            db, upload, asked, change, check_tag=lambda tag: False, progress=progress
        )
        # A file that cannot be written undoes the import.
        if options.marked:
            write_marked_list(upload, report.faults, options.marked)
        if options.report:
            write_report(report, options.report)
        if wanted.dry_run or report.refused_by:
            raise _RolledBack
    return report


def _read(path: Path, wanted: ImportOptions, zone: tzinfo) -> Upload:
    """Read files, and show on a terminal how far that is. Raises CommandError, OSError."""
    how = reading_options(wanted, zone)
    with _bar("reading") as bar:
        try:
            return Upload.of_path(path, how, bar.update)
        except Problem as problem:
            raise CommandError(f"{path}: {problem.detail}") from problem


def _bar(what: str) -> Any:
    """Return a progress bar, which shows nothing unless standard error is a terminal."""
    return tqdm(desc=what, unit=" rows", disable=None, leave=False)


def list_(config: Config, options: argparse.Namespace) -> None:
    """Run `imports`. Raises CommandError."""
    with open_to_read(config) as db:
        found = imports.list_imports(db, Pagination(limit=NO_LIMIT)).items
    if options.json:
        print_json(found)
        return
    for item in found:
        undone = f", undone {item.undone_at}" if item.undone_at else ""
        print(f"{item.id:<9} {item.made_at}  {item.source}  {item.file_name or '-'}{undone}")


def show_(config: Config, options: argparse.Namespace) -> None:
    """Run `imports show`. Raises CommandError, Problem."""
    with open_to_read(config) as db:
        report = imports.get_import(db, options.id)
    if options.json:
        print_json(report)
    else:
        print_report(report, is_made=True)


def undo_(config: Config, options: argparse.Namespace) -> None:
    """Run `imports undo`. Raises CommandError, UsageError, Problem."""
    wanted = read_flags(UndoOptions, options, config.time_zone)
    with suppress(_RolledBack), open_to_write(config) as (db, change):
        undone = undo_import(db, options.id, wanted, change)
        if wanted.dry_run:
            raise _RolledBack
    if options.json:
        print_json(undone)
        return
    for item in undone.items:
        if item.outcome != "reversed":
            course = f" in course {item.course_id}" if item.course_id else ""
            print(f"{item.outcome:9} {item.kind} {item.record_id}{course}: {item.detail}")
    print(f"reversed  {undone.reversed}")
    print(f"kept      {undone.kept}")
    print(f"conflicts {undone.conflicts}")
    if wanted.dry_run:
        print("dry run   nothing was changed")
