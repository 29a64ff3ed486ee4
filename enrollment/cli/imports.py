"""The commands `enrollment import` and `enrollment imports`."""

import argparse
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
from msgspec.json import format as indent
from msgspec.structs import asdict, fields

from enrollment.cli.console import add_json, add_settings, print_json
from enrollment.cli.opening import open_database
from enrollment.config import Config
from enrollment.data import imports, undo
from enrollment.data.record_change import acting
from enrollment.exchange.fault_list import write_faults
from enrollment.exchange.faults import Fault
from enrollment.exchange.importing import bring_in
from enrollment.exchange.marking import can_be_marked, write_marked
from enrollment.exchange.upload import Upload, reading_options
from enrollment.model.decoding import decoder
from enrollment.model.import_options import ImportOptions, UndoOptions
from enrollment.model.imports import ImportFault, ImportReport
from enrollment.model.queries import Pagination
from enrollment.model.records import Change
from enrollment.model.types import Timestamp
from enrollment.problems.errors import CommandError, Problem, UsageError
from enrollment.problems.registry import PROBLEM_TYPES
from enrollment.storage.queries import to_json
from enrollment.storage.sqlite import Connection

# Who makes the changes of these commands, in the history.
ACTOR = "command line"
MOST_LISTED = 1000
# The faults that are printed.
MOST_SHOWN = 100


class _RolledBack(Exception):
    """Ends the transaction of what is not to be done."""


def add(verbs: Any) -> None:
    text = "bring in rosters: a package of another system, or a list of students as CSV or XLSX"
    verb = verbs.add_parser("import", help=text, description=text)
    verb.set_defaults(run=import_)
    add_settings(verb, "database", "time_zone")
    text = "a folder or zip of a package, or a list of students as CSV or XLSX"
    verb.add_argument("files", metavar="FILE", type=Path, help=text)
    _add_options(verb, ImportOptions, "file_name")
    text = "a new file for the report: the faults alone if its name ends with .csv, else JSON"
    verb.add_argument("--report", metavar="REPORT", type=Path, help=text)
    text = "a new file for the list itself with its faults behind each row: NAME.csv or NAME.xlsx"
    verb.add_argument("--marked", metavar="MARKED", type=Path, help=text)
    add_json(verb)

    text = "list imports, show the report of one, or undo one"
    verb = verbs.add_parser("imports", help=text, description=text)
    verb.set_defaults(run=list_)
    add_settings(verb, "database", "time_zone")
    add_json(verb)
    actions = verb.add_subparsers(metavar="ACTION")
    show = actions.add_parser("show", help="show the report of an import")
    show.set_defaults(run=show_)
    undo = actions.add_parser("undo", help="undo an import; what was changed since is kept")
    undo.set_defaults(run=undo_)
    _add_options(undo, UndoOptions)
    for action in (show, undo):
        action.add_argument("id", metavar="ID", type=int, help="the id of the import")
        add_settings(action, "database", "time_zone")
        action.add_argument("--json", action="store_true", default=argparse.SUPPRESS)


def _add_options(verb: argparse.ArgumentParser, kind: type[msgspec.Struct], *without: str) -> None:
    """Add a flag for each option. The help is that of the query parameter."""
    schema = msgspec.json.schema(kind)["$defs"][kind.__name__]["properties"]
    for field in fields(kind):
        name = field.name
        if name in without:
            continue
        about = schema[name].get("description", "")
        flag = f"--{name.replace('_', '-')}"
        if field.type is bool or schema[name].get("type") == "boolean":
            verb.add_argument(flag, action="store_true", help=about)
        else:
            verb.add_argument(flag, metavar=name.upper(), help=about)


def _options(kind: Any, options: argparse.Namespace) -> Any:
    """Return the options that were given. Raises UsageError."""
    given = {
        field.name: value
        for field in fields(kind)
        if (value := getattr(options, field.name, None)) is not None
    }
    try:
        return msgspec.convert(given, kind, strict=False, dec_hook=decoder(options.zone))
    except msgspec.ValidationError as error:
        raise UsageError(str(error)) from None


def import_(config: Config, options: argparse.Namespace) -> None:
    """Run `import`. Raises CommandError, UsageError, Problem, OSError."""
    options.zone = config.time_zone
    wanted: ImportOptions = _options(ImportOptions, options)
    for path in filter(None, (options.report, options.marked)):
        if path.exists():
            raise CommandError(f"{path} exists already")
    if options.marked and options.marked.suffix not in (".csv", ".xlsx"):
        raise UsageError("--marked: expected a name that ends with .csv or .xlsx")
    # What would be refused gets a report, too.
    asked = msgspec.structs.replace(wanted, dry_run=True)
    with closing(Upload.of_path(options.files, reading_options(wanted))) as upload:
        try:
            with suppress(_RolledBack), _writing(config) as (db, change):
                report, _ = bring_in(db, upload, asked, change, check_tag=lambda tag: False)
                if wanted.dry_run or report.refused_by:
                    raise _RolledBack
        except Problem as problem:
            if options.marked and can_be_marked(upload):
                _write_marked(upload, upload.faults, options.marked)
            for violation in problem.violations:
                _print_fault(**violation.details)
            raise CommandError(f"{options.files}: {problem.detail}") from None
        if options.marked:
            _write_marked(upload, report.faults, options.marked)
    if options.report:
        _write_report(report, options.report)
    if options.json:
        print_json(report)
    else:
        _print_report(report, is_made=not (wanted.dry_run or report.refused_by))
    if report.refused_by:
        kind = PROBLEM_TYPES[report.refused_by]
        raise CommandError(f"{options.files}: {kind.title}. {kind.advice}")


def _write_report(report: ImportReport, path: Path) -> None:
    """Write a report: it may have names, so only its owner can read it."""
    path.touch(0o600, exist_ok=False)
    if path.suffix == ".csv":
        with path.open("wb") as target:
            write_faults(report.faults, target)
    else:
        path.write_bytes(indent(to_json(report)).encode() + b"\n")


def _write_marked(upload: Upload, faults: Iterable[Fault | ImportFault], path: Path) -> None:
    """Write a list with its faults. Raises CommandError if it is none."""
    if not can_be_marked(upload):
        raise CommandError("only a list is marked, not a package")
    path.touch(0o600, exist_ok=False)
    with path.open("wb") as target:
        write_marked(upload, faults, "xlsx" if path.suffix == ".xlsx" else "csv", target)


def _print_report(report: ImportReport, *, is_made: bool) -> None:
    for file in report.files:
        print(f"read      {file.file}: {file.rows} {'row' if file.rows == 1 else 'rows'}")
    for fault in report.faults[:MOST_SHOWN]:
        _print_fault(**asdict(fault))
    if len(report.faults) > MOST_SHOWN:
        print(f"more      {len(report.faults) - MOST_SHOWN} faults; --report writes them to a file")
    for name, counts in msgspec.to_builtins(report.counts).items():
        done = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
        if done:
            print(f"{name:9} {done}" if len(name) < 9 else f"{name} {done}")
    for code, count in report.set_aside.items():
        print(f"set aside {code}: {count}")
    if is_made:
        print(f"imported  {report.source}, import {report.id}")
    else:
        print("dry run   nothing was changed")


def _print_fault(
    file: str, severity: str, detail: str, row: int | None, column: str | None, **_: Any
) -> None:
    place = ", ".join(filter(None, (file, f"row {row}" if row else None, column)))
    print(f"{severity:9} {place}: {detail}")


def list_(config: Config, options: argparse.Namespace) -> None:
    """Run `imports`. Raises CommandError."""
    with open_database(config) as database, database.read() as db:
        found = imports.list_imports(db, Pagination(limit=MOST_LISTED)).items
    if options.json:
        print_json(found)
        return
    for item in found:
        undone = f", undone {item.undone_at}" if item.undone_at else ""
        print(f"{item.id:<9} {item.made_at}  {item.source}  {item.file_name or '-'}{undone}")


def show_(config: Config, options: argparse.Namespace) -> None:
    """Run `imports show`. Raises CommandError, Problem."""
    with open_database(config) as database, database.read() as db:
        report = imports.get_import(db, options.id)
    if options.json:
        print_json(report)
    else:
        _print_report(report, is_made=True)


def undo_(config: Config, options: argparse.Namespace) -> None:
    """Run `imports undo`. Raises CommandError, UsageError, Problem."""
    options.zone = config.time_zone
    wanted: UndoOptions = _options(UndoOptions, options)
    keeps = wanted.conflicts == "keep" or wanted.dry_run
    with suppress(_RolledBack), _writing(config) as (db, change):
        reason = wanted.reason or f"undo import {options.id}"
        own = msgspec.structs.replace(change, reason=reason)
        undone = undo.undo_import(db, options.id, own, keeps_conflicts=keeps)
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


@contextmanager
def _writing(config: Config) -> Iterator[tuple[Connection, Change]]:
    """Begin a write that names the command line as the actor of its changes."""
    change = Change(at=Timestamp.now(), actor=ACTOR, zone=config.time_zone)
    with (
        open_database(config) as database,
        database.write() as db,
        acting(db, ACTOR, change.at),
    ):
        yield db, change
